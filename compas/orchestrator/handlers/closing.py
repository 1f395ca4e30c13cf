"""Handler of `close`: at once where the work is in its target, or together with the merge that brings it there."""

import msgspec

from actors.remote.errors import CallError
from compas.api.threads import CloseRequest, CloseResponse
from compas.domain import events as e
from compas.domain.approval.judgement import Judgement
from compas.domain.decision import Refusal
from compas.domain.lifecycle import Close
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import Desk, answered
from compas.orchestrator.handlers.merging import (
    MergeWish,
    asking_execution,
    check_strategy,
    operators_word,
    queue_merge,
)
from compas.orchestrator.handlers.unmerged import why_unmerged
from compas.orchestrator.merges.publications import once_published
from compas.orchestrator.merges.targets import refuse_pending
from compas.orchestrator.messages.thread import Answered, CloseThread
from compas.store.projections.worktrees import worktrees_of_thread


async def close(desk: Desk, call: ResolvedCall) -> CloseResponse:
    """End a thread; completing it asks the repository whether its work is in the target."""
    request = call.decode(CloseRequest)
    if request.merge is not None:
        # Refused before anything else is looked at (b-mcp-cli-merge 64).
        check_strategy(request.merge.strategy or desk.services.config.default_merge_strategy)
        trees = await desk.services.store.query(lambda reader: worktrees_of_thread(reader, request.thread_id))
        if any(tree.path is not None for tree in trees):
            return await _close_with_merge(desk, call, request)
    pending = await desk.services.store.query(lambda reader: refuse_pending(reader, request.thread_id))
    if pending is not None:
        raise CallError(pending.code, pending.message)

    async def end() -> Answered | Refusal:
        # Judged anew each time: what was being published may be in its target now.
        return await _close_now(desk, call, request)

    return answered(await once_published(desk.registry, request.thread_id, end), CloseResponse)


async def _close_now(desk: Desk, call: ResolvedCall, request: CloseRequest) -> Answered | Refusal:
    found = await why_unmerged(desk, request.thread_id) if request.status == "completed" else None
    ended = "Completed" if request.status == "completed" else "Failed"
    response = CloseResponse(thread_id=request.thread_id, status=ended, note=found.note if found is not None else None)
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
    return await desk.ask_thread(request.thread_id, message)


async def _close_with_merge(desk: Desk, call: ResolvedCall, request: CloseRequest) -> CloseResponse:
    """Queue the merge with the wish to close in it: one append, carried out in order whoever dies (b row 63)."""
    pending = await desk.services.store.query(lambda reader: refuse_pending(reader, request.thread_id))
    if pending is not None:  # into whatever target: the end of the thread would withdraw it
        raise CallError(pending.code, pending.message)
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

    return answered(await queue_merge(desk, wish, call.request_id, respond), CloseResponse)


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
        next_step=f"compas wait-merge --op-id {queued.op} --timeout 120",
    )
