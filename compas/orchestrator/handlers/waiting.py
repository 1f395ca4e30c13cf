"""Handlers of `wait` and `wait_merge`: subscribe first, look once, and look again only when something happened."""

from collections.abc import Callable

import msgspec
import trio

from actors.bus import Lagged, Published, Subscription
from compas.api import waiting as api
from compas.domain import events as e
from compas.domain.advice import Said, advise, say
from compas.domain.callers import Caller
from compas.domain.decision import no_such_thread
from compas.domain.ids import reference
from compas.domain.waiting import Found, NothingWillCome, Picture, WaitFor, judge
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import HandlerContext
from compas.orchestrator.handlers.messages import number_of
from compas.orchestrator.known_names import no_such_merge
from compas.orchestrator.merges.states import conflicts_of, duration_of, next_step, task_of
from compas.orchestrator.refused import call_error, refused
from compas.orchestrator.threads.waiting_agents import counted_as_waiting, is_blocked, without_the_caller
from compas.store.connection import Reader
from compas.store.projections.execution_queries import ExecutionRow, executions_of_lineage
from compas.store.projections.merges import MergeRow, merge_by_op
from compas.store.projections.messages import MessageRow, message_by_number
from compas.store.projections.pictures import picture


class _View(msgspec.Struct, frozen=True, kw_only=True):
    """One consistent reading: the picture to judge, and what an answer needs beside it."""

    picture: Picture
    message: MessageRow | None = None
    chain: tuple[ExecutionRow, ...] = ()


async def wait(context: HandlerContext, call: ResolvedCall) -> api.WaitResponse:
    """Answer as soon as the thread has an answer, or none will come any more (design §7)."""
    request = call.decode(api.WaitRequest)
    wanted = await _wanted(context, request)
    caller = call.caller
    await call.push(api.WaitBegan(after=wanted.after))
    progress = _Progress(call, wanted.after) if request.progress else None
    with counted_as_waiting(context, caller):
        return await _wait(context, request, wanted, caller, progress)


async def _wait(
    context: HandlerContext,
    request: api.WaitRequest,
    wanted: WaitFor,
    caller: Caller | None,
    progress: "_Progress | None",
) -> api.WaitResponse:
    saw_work = False
    view: _View | None = None
    deadline = trio.current_time() + request.timeout_secs
    concern = _Concern(wanted.thread)
    async with context.bus.subscribe(concern) as subscription:
        while True:
            view = await context.services.store.query(lambda reader: _look(reader, wanted, caller))
            if view is None:
                raise refused(no_such_thread(wanted.thread))
            concern.lineages = view.picture.lineages
            if progress is not None:
                await progress.tell(view.picture)
            judgement = judge(wanted, view.picture, saw_work=saw_work)
            if isinstance(judgement, Found) and view.message is not None:
                return _found(request, view, view.message, saw_work=saw_work)
            if isinstance(judgement, NothingWillCome):
                return _nothing(request, view, judgement)
            saw_work = saw_work or view.picture.is_under_way
            if caller is not None and await is_blocked(context, caller, view.picture):
                return _blocked(request, view)
            with trio.move_on_at(deadline) as patience:
                await _something_happened(subscription)
            if patience.cancelled_caught:
                return _timeout(request, view)


class _Progress:
    """Tells whoever waits what has moved since the last look."""

    def __init__(self, call: ResolvedCall, after: int) -> None:
        self._call = call
        self._after = after
        self._told: dict[str, e.ExecutionStatus] | None = None

    async def tell(self, seen: Picture) -> None:
        """Push the executions whose status is another one; of those that had ended before the first look, none."""
        known = self._told
        if known is None:
            known = {run.execution: run.status for run in seen.executions if not run.in_flight}
        steps = tuple(
            api.WaitStep(execution_id=run.execution, thread_id=run.thread, agent=run.agent, status=run.status)
            for run in seen.executions
            if known.get(run.execution) != run.status
        )
        self._told = {run.execution: run.status for run in seen.executions}
        if steps:
            await self._call.push(api.WaitBegan(after=self._after, steps=steps))


async def _wanted(context: HandlerContext, request: api.WaitRequest) -> WaitFor:
    since = request.since_reference
    starts = [0 if since is None else number_of(since), request.after or 0]
    is_given = since is not None or request.after is not None
    if request.strict_new and not is_given:
        starts.append(await context.services.store.head())
    return WaitFor(
        thread=request.thread_id,
        lineage=None if request.dispatch is None else await _lineage(context, request.dispatch),
        after=max(starts),
        has_cursor=since is not None,
        intent=request.intent,
        chain=request.await_chain,
        trigger_intents=frozenset(context.services.config.trigger_intents),
    )


async def _lineage(context: HandlerContext, text: str) -> str:
    number = number_of(text)
    message = await context.services.store.query(lambda reader: message_by_number(reader, number))
    if message is None:
        sentence = say(f"there is no message {reference(number)}; `", advise("transcript"), "` lists them")
        raise call_error("unknown_message", sentence)
    return message.lineage


def _look(reader: Reader, wanted: WaitFor, caller: Caller | None) -> _View | None:
    seen = picture(reader, wanted.thread, after=wanted.after, lineage=wanted.lineage)
    if seen is None:
        return None
    if caller is not None:
        seen = without_the_caller(reader, seen, wanted.thread, caller)
    judgement = judge(wanted, seen, saw_work=False)
    if not isinstance(judgement, Found):
        return _View(picture=seen)
    message = message_by_number(reader, judgement.number)
    chain = executions_of_lineage(reader, message.lineage) if message is not None else ()
    return _View(picture=seen, message=message, chain=chain)


class _Concern:
    """Tells which events may change the answer: those of the thread, and of the lineages that touch it."""

    def __init__(self, thread: str) -> None:
        self._stream = e.thread_stream(thread)
        self.lineages: frozenset[str] | None = None

    def __call__(self, event: object) -> bool:
        if not isinstance(event, e.Recorded):
            return False
        return event.stream == self._stream or self.lineages is None or event.lineage in self.lineages


async def _something_happened(subscription: Subscription) -> Published | Lagged:
    """Wait for the next event. What else is queued is looked at together with it: one look sees it all."""
    first = await subscription.receive()
    while subscription.statistics().queued:
        await subscription.receive()
    return first


def _found(request: api.WaitRequest, view: _View, message: MessageRow, *, saw_work: bool) -> api.WaitResponse:
    settled = max((run.ended_at or 0.0 for run in view.chain), default=0.0)
    awaited = request.await_chain and saw_work
    return api.WaitResponse(
        found=True,
        thread_id=request.thread_id,
        message_id=message.number,
        reference=reference(message.number),
        sender=message.sender,
        to=message.recipient,
        intent=message.intent,
        body=message.body,
        batch=message.batch,
        created_at=int(message.at),
        settled_at=int(settled) if awaited else None,
        fanout_children_awaited=len(_children(request, view)) if awaited else None,
        fanout_threads=_children(request, view) if awaited else (),
        chain=_steps(view) if request.await_chain else (),
        thread_status=view.picture.status,
    )


def _children(request: api.WaitRequest, view: _View) -> tuple[str, ...]:
    return tuple(dict.fromkeys(run.thread for run in view.chain if run.thread != request.thread_id))


def _steps(view: _View) -> tuple[api.ChainStep, ...]:
    return tuple(
        api.ChainStep(
            agent=run.agent,
            status=run.status,
            execution_id=run.execution,
            verdict=run.verdict,
            thread_id=run.thread,
        )
        for run in view.chain
    )


def _nothing(request: api.WaitRequest, view: _View, judgement: NothingWillCome) -> api.WaitResponse:
    return api.WaitResponse(
        found=False,
        thread_id=request.thread_id,
        reason=judgement.reason,
        intent_filter=request.intent,
        thread_status=view.picture.status,
        error=judgement.error or None,
        next_step=say(advise("why", thread_id=request.thread_id)),
    )


def _blocked(request: api.WaitRequest, view: _View) -> api.WaitResponse:
    answer = _timeout(request, view)
    following = "end your turn: what you wait for can only begin then, and its answer goes where the config says"
    return msgspec.structs.replace(answer, reason="blocked", timeout_secs=None, next_step=following)


def _timeout(request: api.WaitRequest, view: _View) -> api.WaitResponse:
    pending = tuple(
        api.PendingExecution(
            execution_id=run.execution,
            thread_id=run.thread,
            agent=run.agent,
            status=run.status,
            eligible_at=run.not_before,
        )
        for run in view.picture.pending
    )
    following: Said = "dispatch something"
    if pending:
        log = advise("log", execution_id=pending[0].execution_id, follow=True)
        following = say("repeat the wait, or `", log, "`")
    return api.WaitResponse(
        found=False,
        thread_id=request.thread_id,
        reason="timeout",
        timeout_secs=request.timeout_secs,
        intent_filter=request.intent,
        chain_pending=view.picture.is_under_way and request.await_chain,
        thread_status=view.picture.status,
        pending=pending,
        next_step=following,
    )


async def wait_merge(context: HandlerContext, call: ResolvedCall) -> api.WaitMergeResponse:
    """Answer once the operation is over, well or badly, and its agent has been told of its conflict if it is to be:
    whoever waits for the agent's answer then waits for the right one."""
    request = call.decode(api.WaitMergeRequest)
    deadline = trio.current_time() + request.timeout_secs
    async with context.bus.subscribe(_concerns_merge(request.op_id)) as subscription:
        while True:
            seen = await context.services.store.query(lambda reader: _read_merge(reader, request.op_id))
            if seen is None:
                raise refused(no_such_merge(request.op_id))
            row, following = seen
            if not row.open:
                return _merge_response(request, row, following, found=True)
            with trio.move_on_at(deadline) as patience:
                await _something_happened(subscription)
            if patience.cancelled_caught:
                return _merge_response(request, row, following, found=row.ended_at is not None)


def _read_merge(reader: Reader, op: str) -> tuple[MergeRow, Said | None] | None:
    row = merge_by_op(reader, op)
    return None if row is None else (row, next_step(reader, row))


def _concerns_merge(op: str) -> Callable[[object], bool]:
    return lambda event: isinstance(event, e.Recorded) and getattr(event.event, "op", None) == op


def _merge_response(
    request: api.WaitMergeRequest, row: MergeRow, following: Said | None, *, found: bool
) -> api.WaitMergeResponse:
    conflicts = conflicts_of(row)
    return api.WaitMergeResponse(
        found=found,
        op_id=row.op,
        thread_id=row.thread,
        status=row.status,
        source_branch=row.source,
        target_branch=row.target,
        commit=row.new_commit if row.status == "completed" else None,
        duration_ms=duration_of(row),
        result_summary=row.summary or None,
        error_code=row.code or None,
        error_detail=row.error or None,
        conflict_files=tuple(conflict.path for conflict in conflicts),
        conflicts=conflicts,
        conflict_task=task_of(row),
        handed_back_to=row.handed_back_to or None,
        timeout_secs=None if found else request.timeout_secs,
        last_status=None if found else row.status,
        next_step=following,
    )
