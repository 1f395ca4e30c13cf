"""Handler of `dispatch`."""

from collections.abc import Awaitable, Callable

import msgspec

from compas.api.dispatch import DispatchRequest, DispatchResponse
from compas.domain import events as e
from compas.domain.admission import queue_is_full
from compas.domain.advice import TEXT, Argument, Said, advise, say
from compas.domain.decision import Refusal
from compas.domain.dispatch import NAME_TAKEN, Dispatch, Rules
from compas.domain.ids import reference
from compas.domain.start_time import in_utc, read_start_time
from compas.domain.thread import OPERATOR
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import HandlerContext, answered
from compas.orchestrator.messages.thread import Answered, DispatchTo, GiveRuling
from compas.orchestrator.refused import unless_refused
from compas.orchestrator.threads.dispatch_place import place_of_dispatch
from compas.orchestrator.threads.naming import Names, free_names
from compas.store.projections.counters import loads


async def dispatch(context: HandlerContext, call: ResolvedCall) -> DispatchResponse:
    """Post the message into its thread; the thread does the rest."""
    request = call.decode(DispatchRequest)
    rules = context.services.rules()
    start = unless_refused(read_start_time(request.scheduled_for)) if request.scheduled_for is not None else None
    place = unless_refused(await place_of_dispatch(context.services, call, request))
    caller = call.caller
    command = Dispatch(
        sender=request.sender if caller is None else caller.agent,
        recipient=request.to,
        intent=request.intent,
        body=request.body,
        batch=request.batch,
        summary=request.summary,
        skip_handoff=request.skip_handoff,
        not_before=start,
        caller=caller,
        opens=request.thread_id is None,
        repository=place.repository,
        keeps_repository=place.is_kept,
        origin=call.origin,
    )
    starts_work = rules.triggers(recipient=command.recipient, intent=command.intent)

    async def post(thread: str) -> Answered | Refusal:
        message = DispatchTo(
            command=command,
            request_id=call.request_id,
            respond=lambda recorded: msgspec.json.encode(
                msgspec.structs.replace(
                    posted_response(thread, command, rules, recorded),
                    scheduled_for=request.scheduled_for,
                    repository=place.shown,
                    note=place.note,
                )
            ),
        )
        return await post_work(context, thread, message, starts_work=starts_work)

    if request.thread_id is not None:
        return answered(await post(request.thread_id), DispatchResponse)
    named_after = (request.summary or "").strip() or request.body
    found = await free_names(context.services, named_after, place.repository)
    return answered(await _open_thread(found, post), DispatchResponse)


async def _open_thread(found: Names, post: Callable[[str], Awaitable[Answered | Refusal]]) -> Answered | Refusal:
    """Post into a new thread, under the first name that nobody else takes meanwhile."""
    while True:
        answer = await post(await found.next())
        if not isinstance(answer, Refusal) or answer.code != NAME_TAKEN:
            return answer


async def post_work(
    context: HandlerContext, thread: str, message: DispatchTo | GiveRuling, *, starts_work: bool
) -> Answered | Refusal:
    """Post the message, if the queue has room for the work it makes. With a limit, dispatches take turns: each sees
    what those before it have queued."""
    limit = context.services.config.limits.queued
    if limit is None or not starts_work:
        return await context.ask_thread(thread, message)
    async with context.services.dispatching:
        found = await context.services.store.query(lambda reader: loads(reader, context.services.clock()))
        in_flight = sum(load.running + load.queued + load.scheduled for load in found)
        refusal = queue_is_full(in_flight, limit)
        return await context.ask_thread(thread, message) if refusal is None else refusal


def posted_response(thread: str, command: Dispatch, rules: Rules, recorded: tuple[e.Recorded, ...]) -> DispatchResponse:
    """Return what a dispatch is answered, from what was recorded of it."""
    posted = next(one for one in recorded if isinstance(one.event, e.MessagePosted))
    queued = next((one.event for one in recorded if isinstance(one.event, e.ExecutionQueued)), None)
    reopened = next((one.event for one in recorded if isinstance(one.event, e.ThreadReopened)), None)
    chain = _downstream(command, rules)
    idle = rules.why_idle(recipient=command.recipient, intent=command.intent)
    following = (
        _next_step(thread, posted.position, chain, queued) if idle is None else _to_begin(thread, command, rules)
    )
    return DispatchResponse(
        thread_id=thread,
        message_id=posted.position,
        reference=reference(posted.position),
        next_step=following,
        execution_id=queued.execution if queued is not None else None,
        reopened=reopened is not None,
        previous_status=reopened.previous if reopened is not None else None,
        await_chain=bool(chain) and idle is None,
        eligible_at=queued.not_before if queued is not None else None,
        warning=idle,
    )


def _downstream(command: Dispatch, rules: Rules) -> tuple[str, ...]:
    """Return the agents that the reply will go to by itself (b-mcp-cli-merge 16)."""
    handoff = rules.agents[command.recipient].handoff
    if handoff is None or command.skip_handoff:
        return ()
    return tuple(target for target in handoff.targets if target != OPERATOR)


def _to_begin(thread: str, command: Dispatch, rules: Rules) -> Said:
    """Say what to do after a message that has started nothing: there is no answer to wait for."""
    if not any(rules.triggers(recipient=command.recipient, intent=intent) for intent in rules.trigger_intents):
        return say(advise("transcript", thread_id=thread), "   (there is no answer to wait for)")
    task = advise("dispatch", to=command.recipient, body=TEXT, thread_id=thread)
    return say(task, "   (starts work; there is no answer to wait for)")


def _next_step(thread: str, number: int, chain: tuple[str, ...], queued: e.ExecutionQueued | None) -> Said:
    wait: dict[str, Argument] = {"thread_id": thread, "since_reference": reference(number)}
    remarks = []
    if queued is not None and queued.not_before is not None:
        remarks.append(f"it starts by itself at {in_utc(queued.not_before)}")
    if chain:
        wait["await_chain"] = True
        remarks.append(f"the reply goes on to {', '.join(chain)} by itself")
    return say(advise("wait", **wait), f"   ({'; '.join(remarks)})" if remarks else "")
