"""Handlers of `merge`, `merge_status` and `merge_cancel`."""

import msgspec

from compas.api import merges as api
from compas.api.merges import MergeRequest, MergeResponse
from compas.domain import events as e
from compas.domain.advice import advise, say
from compas.domain.approval.judgement import Judgement
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import HandlerContext, answered
from compas.orchestrator.known_names import no_such_merge
from compas.orchestrator.merges.queueing import MergeWish, asking_execution, operators_word, queue_merge
from compas.orchestrator.merges.states import state_of
from compas.orchestrator.messages.merge import CancelMerge, LocateMerges
from compas.orchestrator.refused import refused
from compas.orchestrator.services import ASK_TIMEOUT_SECS, MERGES
from compas.store.connection import Reader
from compas.store.projections.merges import MergeFilter, merge_by_op, merges_by_status, recent_merges
from compas.store.projections.targets import held_targets, target_of


async def merge_status(context: HandlerContext, call: ResolvedCall) -> api.MergeStatusResponse:
    """Read one merge, or the newest that match."""
    request = call.decode(api.MergeStatusRequest)
    op = request.op_id
    if op is not None:
        one = await context.services.store.query(lambda reader: _read_one(reader, op))
        if one is None:
            raise refused(no_such_merge(op))
        return one
    wanted = MergeFilter(thread=request.thread_id, target=request.target_branch)

    def read(reader: Reader) -> api.MergeStatusResponse:
        rows = recent_merges(reader, wanted, request.limit)
        counts = merges_by_status(reader, wanted)
        held = tuple(one.in_words() for one in held_targets(reader) if request.target_branch in (None, one.target))
        return api.MergeStatusResponse(merges=tuple(state_of(reader, row) for row in rows), counts=counts, held=held)

    return await context.services.store.query(read)


def _read_one(reader: Reader, op: str) -> api.MergeStatusResponse | None:
    row = merge_by_op(reader, op)
    if row is None:
        return None
    held = target_of(reader, row.repository, row.target)
    why = (held.in_words(),) if held is not None and held.held is not None else ()
    return api.MergeStatusResponse(merges=(state_of(reader, row),), counts={row.status: 1}, held=why)


async def merge_cancel(context: HandlerContext, call: ResolvedCall) -> api.MergeCancelResponse:
    """Withdraw a merge that is not published; what computes or checks it is ended (b-mcp-cli-merge 105)."""
    request = call.decode(api.MergeCancelRequest)
    row = await context.services.store.query(lambda reader: merge_by_op(reader, request.op_id))
    if row is None:
        raise refused(no_such_merge(request.op_id))
    response = api.MergeCancelResponse(op_id=row.op, thread_id=row.thread, cancelled=True, status="cancelled")

    def respond(recorded: tuple[e.Recorded, ...]) -> bytes:
        return msgspec.json.encode(response)

    message = CancelMerge(op=row.op, by=request.sender, request_id=call.request_id, respond=respond)
    directory = await context.actor(MERGES)
    where = LocateMerges(repository=row.repository, target=row.target)
    ref = await directory.ask(where, timeout=ASK_TIMEOUT_SECS)
    return answered(await ref.ask(message, timeout=ASK_TIMEOUT_SECS), api.MergeCancelResponse)


async def merge(context: HandlerContext, call: ResolvedCall) -> MergeResponse:
    """Queue a merge of the thread's branch."""
    request = call.decode(MergeRequest)
    wish = MergeWish(
        thread=request.thread_id,
        target=request.target_branch,
        strategy=request.strategy,
        by=request.sender,
        repository=request.repository,
        force=request.force,
        caller=asking_execution(call, "merge", force=request.force),
        accept_target=operators_word(call, request.accept_target),
    )

    def respond(queued: e.MergeQueued, judged: Judgement, status: e.ThreadStatus, depth: int) -> bytes:
        return msgspec.json.encode(_response(queued, judged, depth))

    return answered(await queue_merge(context, wish, call.request_id, respond), MergeResponse)


def _response(queued: e.MergeQueued, judged: Judgement, depth: int) -> MergeResponse:
    return MergeResponse(
        op_id=queued.op,
        thread_id=queued.thread,
        source_branch=queued.source,
        target_branch=queued.target,
        strategy=queued.strategy,
        status="queued",
        queue_depth=depth,
        next_step=say(advise("wait_merge", op_id=queued.op, timeout_secs=120)),
        review=judged.review.standing,
        warning=judged.message or None,
    )
