"""Handlers of `status` and `transcript`."""

import msgspec
import trio

from compas.api import threads as api
from compas.config.config import Config
from compas.domain.approval.judgement import Review
from compas.domain.decision import no_such_thread
from compas.domain.ids import reference
from compas.domain.in_short import in_short
from compas.domain.thread import RUNNING
from compas.git.errors import GitError
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import HandlerContext
from compas.orchestrator.handlers.messages import number_of
from compas.orchestrator.looked_for import words_to_find
from compas.orchestrator.merges.approval import PATIENCE_SECS, reviews_now
from compas.orchestrator.refused import refused
from compas.orchestrator.schedules.outlook import next_of_all
from compas.orchestrator.services import Services
from compas.orchestrator.threads.staleness import stale_threads
from compas.orchestrator.worktrees.remarks import head_remark
from compas.orchestrator.worktrees.survey import lists_several
from compas.orchestrator.worktrees.work_shown import Size, sizes_of
from compas.store.connection import Reader
from compas.store.projections import threads as rows
from compas.store.projections.execution_queries import ExecutionRow, executions_of_thread, scheduled_executions
from compas.store.projections.messages import MessageRow, newest_of_messages
from compas.store.projections.thread_details import (
    DetailRow,
    VerdictRow,
    details_of,
    openings_of,
    totals_of,
    verdicts_of,
)
from compas.store.projections.worktrees import worktrees_of_thread


async def status(context: HandlerContext, call: ResolvedCall) -> api.StatusResponse:
    """Read the newest threads."""
    request = call.decode(api.StatusRequest)
    now = context.services.clock()
    wanted = rows.StatusFilter(
        thread=request.thread_id,
        agent=request.agent,
        batch=request.batch_id,
        words=words_to_find(request.text),
        after=request.after,
    )

    page = await context.services.store.query(
        lambda reader: rows.status_page(reader, wanted, request.limit, open_first=request.open_first)
    )
    stale = await stale_threads(context.services, context.registry, page.rows)

    has_several = lists_several(context.services.config)

    def read(reader: Reader) -> api.StatusResponse:
        openings = openings_of(reader, [row.thread for row in page.rows if not row.summary])
        shown = tuple(
            _status_row(row, stale.get(row.thread), openings.get(row.thread), is_placed=has_several)
            for row in page.rows
        )
        return api.StatusResponse(
            threads=_with_details(reader, shown) if request.details else shown,
            batches=_batches(reader, shown) if request.details else (),
            total=page.total,
            next_after=page.rows[-1].thread if page.more and page.rows else None,
            scheduled_count=len(scheduled_executions(reader, now)),
            config_notices=context.services.configuration.notices,
            next_schedule=_next_schedule(reader, context.services.config, now),
        )

    found = await context.services.store.query(read)
    reviews = await reviews_now(context.services, [row.thread_id for row in found.threads])
    is_single = request.thread_id is not None
    shown = [_with_review(row, reviews.get(row.thread_id), says_why=is_single) for row in found.threads]
    if is_single:
        shown = [msgspec.structs.replace(row, remark=await _remark(context, row)) for row in shown]
    if request.diffs:
        shown = await _with_diffs(context.services, shown)
    return msgspec.structs.replace(found, threads=tuple(shown))


async def _with_diffs(services: Services, shown: list[api.StatusRow]) -> list[api.StatusRow]:
    """Return the rows with the sizes of what is in work; what has ended was merged, or is of no interest any more."""
    sizes = await sizes_of(services, [row.thread_id for row in shown if row.thread_status in ("Active", "Failed")])
    return [msgspec.structs.replace(row, diff=as_diff_size(sizes.get(row.thread_id))) for row in shown]


def as_diff_size(size: Size | None) -> api.DiffSize | None:
    """Return how much a thread's work changes, as clients see it."""
    return None if size is None else api.DiffSize(files=size.files, added=size.added, deleted=size.deleted)


def _next_schedule(reader: Reader, config: Config, now: float) -> api.NextSchedule | None:
    found = next_of_all(reader, config, now)
    return None if found is None else api.NextSchedule(name=found[0], at=found[1].at, local=found[1].local)


def _with_details(reader: Reader, shown: tuple[api.StatusRow, ...]) -> tuple[api.StatusRow, ...]:
    threads = [row.thread_id for row in shown]
    told, verdicts = details_of(reader, threads), verdicts_of(reader, threads)
    return tuple(
        msgspec.structs.replace(row, details=_details(row, told[row.thread_id], verdicts.get(row.thread_id, ())))
        for row in shown
    )


def _details(row: api.StatusRow, told: DetailRow, verdicts: tuple[VerdictRow, ...]) -> api.ThreadDetails:
    return api.ThreadDetails(
        title=row.summary or in_short(told.opening or ""),
        worker=told.worker,
        verdicts=tuple(api.GivenVerdict(by=one.by, verdict=one.verdict) for one in verdicts),
        executions=told.executions,
        priced=told.priced,
        cost_usd=told.cost_usd,
        tokens_in=told.tokens_in,
        tokens_out=told.tokens_out,
        repository=told.repository,
        branch=told.branch,
    )


def _batches(reader: Reader, shown: tuple[api.StatusRow, ...]) -> tuple[api.BatchTotal, ...]:
    names = {row.batch_id for row in shown if row.batch_id is not None}
    return tuple(
        api.BatchTotal(batch_id=one.batch, threads=one.threads, working=one.working, done=one.done, failed=one.failed)
        for one in totals_of(reader, names)
    )


async def _remark(context: HandlerContext, row: api.StatusRow) -> str | None:
    """Return what is to be said of a thread's worktrees; nothing while an agent is at work in them, or git is slow."""
    if row.execution_status in RUNNING:
        return None
    trees = await context.services.store.query(lambda reader: worktrees_of_thread(reader, row.thread_id))
    with trio.move_on_after(PATIENCE_SECS):
        try:
            remarks = [await head_remark(context, row.thread_id, tree) for tree in trees]
        except GitError as err:
            return f"its worktree could not be looked at: {err}"
        return " ".join(remark for remark in remarks if remark) or None
    return None


def _with_review(row: api.StatusRow, review: Review | None, *, says_why: bool) -> api.StatusRow:
    """Return the row with how its thread stands to its newest review, and a sentence about it if wanted."""
    if review is None:
        return row
    note = review.sentence if says_why else None
    return msgspec.structs.replace(row, review=review.standing, review_note=note)


def _status_row(
    row: rows.StatusRow, stale_since: float | None, opening: str | None, *, is_placed: bool
) -> api.StatusRow:
    return api.StatusRow(
        thread_id=row.thread,
        thread_status=row.status,
        updated_at=row.updated_at,
        batch_id=row.batch,
        summary=row.summary,
        agent=row.agent,
        execution_id=row.execution,
        execution_status=row.execution_status,
        attempt=row.attempt,
        started_at=row.started_at,
        duration_ms=_milliseconds(row.duration_secs),
        error=row.error or None,
        prompt_hash=row.prompt_hash,
        eligible_at=row.not_before,
        verdict=row.verdict or None,
        last_intent=row.message_intent,
        answers_to=row.answers_to,
        stale_since=stale_since,
        source_thread=row.source_thread,
        repository=(row.repository or row.worked_in) if is_placed else None,
        title=None if opening is None else in_short(opening) or None,
    )


async def transcript(context: HandlerContext, call: ResolvedCall) -> api.TranscriptResponse:
    """Read a conversation, or a part of it, with the executions in it."""
    request = call.decode(api.TranscriptRequest)
    thread = request.thread_id
    before = None if request.before is None else number_of(request.before)

    def read(reader: Reader) -> api.TranscriptResponse | None:
        found = rows.thread_by_id(reader, thread)
        if found is None:
            return None
        shown, earlier = newest_of_messages(reader, thread, before=before, limit=request.limit)
        return api.TranscriptResponse(
            thread_id=thread,
            thread_status=found.status,
            summary=found.summary,
            batch_id=found.batch,
            messages=tuple(_message(row) for row in shown),
            executions=tuple(_execution(row) for row in executions_of_thread(reader, thread)),
            children=rows.children_of(reader, thread),
            earlier=earlier,
            earlier_before=reference(shown[0].number) if earlier and shown else None,
        )

    response = await context.services.store.query(read)
    if response is None:
        raise refused(no_such_thread(thread))
    return response


def _message(row: MessageRow) -> api.TranscriptMessage:
    return api.TranscriptMessage(
        id=row.number,
        reference=reference(row.number),
        sender=row.sender,
        to=row.recipient,
        intent=row.intent,
        body=row.body,
        created_at=row.at,
        execution_id=row.execution,
        skip_handoff=row.skip_handoff,
        depth=row.depth,
    )


def _execution(row: ExecutionRow) -> api.TranscriptExecution:
    return api.TranscriptExecution(
        id=row.execution,
        agent=row.agent,
        backend=row.backend,
        status=row.status,
        attempt=row.attempt,
        dispatch_message_id=row.message_number,
        queued_at=row.queued_at,
        started_at=row.started_at,
        finished_at=row.ended_at,
        duration_ms=_milliseconds(row.duration_secs),
        exit_code=row.exit_code,
        signal=row.exit_signal,
        error=row.error or None,
        category=row.category or None,
        session_id=row.session,
        snapshot=row.snapshot_commit,
        prompt_hash=row.prompt_hash,
    )


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1000)
