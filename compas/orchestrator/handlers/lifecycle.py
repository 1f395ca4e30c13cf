"""Handlers of `close`, `cancel`, `abandon` and `reopen`."""

import msgspec

from compas.api.lifecycle import (
    AbandonRequest,
    AbandonResponse,
    CancelRequest,
    CancelResponse,
    CloseRequest,
    CloseResponse,
    ReopenRequest,
    ReopenResponse,
)
from compas.domain import events as e
from compas.domain.advice import AGENT, TEXT, advise, say
from compas.domain.approval.judgement import Judgement
from compas.domain.decision import Refusal
from compas.domain.lifecycle import Close
from compas.domain.merge import ABANDONED
from compas.domain.requests import RequestId
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import HandlerContext, answered
from compas.orchestrator.merges.publications import once_published
from compas.orchestrator.merges.queueing import (
    MergeWish,
    asking_execution,
    check_strategy,
    operators_word,
    queue_merge,
)
from compas.orchestrator.merges.targets import refuse_pending
from compas.orchestrator.merges.unmerged import why_unmerged
from compas.orchestrator.messages.merge import WithdrawMerges
from compas.orchestrator.messages.thread import AbandonThread, Answered, CancelWork, CloseThread, ReopenThread
from compas.orchestrator.refused import unless_refused
from compas.orchestrator.services import ASK_TIMEOUT_SECS, MERGES
from compas.store.projections.execution_queries import executions_of_thread
from compas.store.projections.threads import thread_by_id
from compas.store.projections.worktrees import worktrees_of_thread


async def close(context: HandlerContext, call: ResolvedCall) -> CloseResponse:
    """End a thread; completing it asks the repository whether its work is in the target."""
    request = call.decode(CloseRequest)
    if request.merge is not None:
        # Refused before anything else is looked at (b-mcp-cli-merge 64).
        check_strategy(request.merge.strategy or context.services.config.default_merge_strategy)
        trees = await context.services.store.query(lambda reader: worktrees_of_thread(reader, request.thread_id))
        if any(tree.path is not None for tree in trees):
            return await _close_with_merge(context, call, request)
    unless_refused(await context.services.store.query(lambda reader: refuse_pending(reader, request.thread_id)))

    async def end() -> Answered | Refusal:
        # Judged anew each time: what was being published may be in its target now.
        return await _close_now(context, call, request)

    return answered(await once_published(context.registry, request.thread_id, end), CloseResponse)


async def _close_now(context: HandlerContext, call: ResolvedCall, request: CloseRequest) -> Answered | Refusal:
    found = await why_unmerged(context, request.thread_id) if request.status == "completed" else None
    ended = "Completed" if request.status == "completed" else "Failed"
    row = await context.services.store.query(lambda reader: thread_by_id(reader, request.thread_id))
    notes: list[str | None] = [
        _nothing_merged(request),
        f"it was abandoned before, and is {ended} now" if row is not None and row.status == "Abandoned" else None,
        found.note if found is not None else None,
    ]
    note = "; ".join(one for one in notes if one) or None
    response = CloseResponse(thread_id=request.thread_id, status=ended, note=note)
    message = CloseThread(
        command=Close(
            by=request.sender,
            status=request.status,
            note=request.note,
            unmerged=found.refusal if found is not None else None,
        ),
        request_id=call.request_id,
        respond=lambda recorded: msgspec.json.encode(response),
    )
    return await context.ask_thread(request.thread_id, message)


def _nothing_merged(request: CloseRequest) -> str | None:
    if request.merge is None:
        return None
    return f"nothing was merged: thread {request.thread_id} has no worktree, and so no branch to merge"


async def _close_with_merge(context: HandlerContext, call: ResolvedCall, request: CloseRequest) -> CloseResponse:
    """Queue the merge with the wish to close in it: one append, carried out in order whoever dies (b row 63)."""
    # Into whatever target: the end of the thread would withdraw it.
    unless_refused(await context.services.store.query(lambda reader: refuse_pending(reader, request.thread_id)))
    force = request.merge is not None and request.merge.force
    wish = MergeWish(
        thread=request.thread_id,
        target=request.merge.target_branch if request.merge is not None else None,
        strategy=request.merge.strategy if request.merge is not None else None,
        by=request.sender,
        accept_target=operators_word(call, request.merge.accept_target if request.merge else None),
        closes=e.CloseAfter(status=request.status, by=request.sender, note=request.note),
        force=force,
        caller=asking_execution(call, "close", force=force),
    )

    def respond(queued: e.MergeQueued, judged: Judgement, status: e.ThreadStatus, depth: int) -> bytes:
        return msgspec.json.encode(_response(queued, judged, request, status))

    return answered(await queue_merge(context, wish, call.request_id, respond), CloseResponse)


def _response(queued: e.MergeQueued, judged: Judgement, request: CloseRequest, status: e.ThreadStatus) -> CloseResponse:
    note = (
        f"{queued.source} is being merged into {queued.target}; the thread is closed as {request.status} once that has "
        "completed, and stays as it is if it fails"
    )
    return CloseResponse(
        thread_id=queued.thread,
        status=status,
        note=note,
        merge_op_id=queued.op,
        review=judged.review.standing,
        warning=judged.message or None,
        next_step=say(advise("wait_merge", op_id=queued.op, timeout_secs=120)),
    )


async def abandon(context: HandlerContext, call: ResolvedCall) -> AbandonResponse:
    """Give a thread up; what runs is being ended when this is answered."""
    request = call.decode(AbandonRequest)
    outcome = await give_up(context, request.thread_id, request.sender, call.request_id)
    return answered(outcome, AbandonResponse)


async def give_up(
    context: HandlerContext, thread: str, by: str, request: RequestId, *, unless_ended: bool = False
) -> Answered | Refusal:
    """Abandon a thread under the name of a request, which holds once.

    While its work is being published it waits for the end of that, and judges then; what is being merged otherwise is
    withdrawn, and nothing of it runs when this returns (decision 0022).
    """
    runs = await context.services.store.query(lambda reader: executions_of_thread(reader, thread))
    branch = f"compas/{thread}" if any(row.worktree for row in runs) else None

    def respond(recorded: tuple[e.Recorded, ...]) -> bytes:
        cancelled = [one for one in recorded if isinstance(one.event, e.ExecutionCancelled)]
        killed = sum(1 for row in runs if row.status in ("picked_up", "executing"))
        return msgspec.json.encode(
            AbandonResponse(
                thread_id=thread,
                status="Abandoned",
                executions_cancelled=len(cancelled),
                processes_killed=min(killed, len(cancelled)),
                worktree_branch=branch,
            )
        )

    message = AbandonThread(by=by, request_id=request, respond=respond, unless_ended=unless_ended)
    outcome: Answered | Refusal = await once_published(
        context.registry, thread, lambda: context.ask_thread(thread, message)
    )
    directory = context.registry.find(MERGES)  # one that is being restarted finds the thread given up by itself
    if isinstance(outcome, Answered) and directory is not None:
        await directory.ask(WithdrawMerges(thread=thread, reason=ABANDONED), timeout=ASK_TIMEOUT_SECS)
    return outcome


async def cancel(context: HandlerContext, call: ResolvedCall) -> CancelResponse:
    """End what is queued or running in a thread; its processes are being ended when this is answered."""
    request = call.decode(CancelRequest)
    thread = request.thread_id
    row = await context.services.store.query(lambda reader: thread_by_id(reader, thread))

    def respond(recorded: tuple[e.Recorded, ...]) -> bytes:
        ended = (one.event for one in recorded)
        response = CancelResponse(
            thread_id=thread,
            status=row.status if row is not None else "Active",
            cancelled=tuple(event.execution for event in ended if isinstance(event, e.ExecutionCancelled)),
            next_step=say(advise("dispatch", to=AGENT, body=TEXT, thread_id=thread)),
        )
        return msgspec.json.encode(response)

    message = CancelWork(by=request.sender, request_id=call.request_id, respond=respond)
    return answered(await context.ask_thread(thread, message), CancelResponse)


async def reopen(context: HandlerContext, call: ResolvedCall) -> ReopenResponse:
    """Make a thread that has ended active again."""
    request = call.decode(ReopenRequest)
    thread = request.thread_id

    def respond(recorded: tuple[e.Recorded, ...]) -> bytes:
        reopened = next(one.event for one in recorded if isinstance(one.event, e.ThreadReopened))
        response = ReopenResponse(
            thread_id=thread,
            previous_status=reopened.previous,
            new_status="Active",
            next_step=say(advise("dispatch", to=AGENT, body=TEXT, thread_id=thread)),
        )
        return msgspec.json.encode(response)

    message = ReopenThread(by=request.sender, request_id=call.request_id, respond=respond)
    outcome = await once_published(context.registry, thread, lambda: context.ask_thread(thread, message))
    return answered(outcome, ReopenResponse)
