"""Handlers of `status`, `transcript` and `abandon`."""

import msgspec
import trio

from compas.api import threads as api
from compas.domain import events as e
from compas.domain.approval.judgement import Review
from compas.domain.decision import Refusal
from compas.domain.ids import reference
from compas.domain.merge import ABANDONED
from compas.domain.requests import RequestId
from compas.domain.thread import RUNNING
from compas.git.errors import GitError
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import Desk, answered
from compas.orchestrator.handlers.remarks import head_remark
from compas.orchestrator.merges.approval import PATIENCE_SECS, reviews_now
from compas.orchestrator.merges.publications import once_published
from compas.orchestrator.messages.merge import WithdrawMerges
from compas.orchestrator.messages.thread import AbandonThread, Answered
from compas.orchestrator.services import ASK_TIMEOUT_SECS, MERGES
from compas.store.connection import Reader
from compas.store.projections import threads as rows
from compas.store.projections.execution_queries import ExecutionRow, executions_of_thread, scheduled_executions
from compas.store.projections.messages import MessageRow, messages_of_thread
from compas.store.projections.worktrees import worktrees_of_thread


async def status(desk: Desk, call: ResolvedCall) -> api.StatusResponse:
    """Read the newest threads."""
    request = call.decode(api.StatusRequest)
    now = desk.services.clock()
    wanted = rows.StatusFilter(thread=request.thread_id, agent=request.agent, batch=request.batch_id)

    def read(reader: Reader) -> api.StatusResponse:
        page = rows.status_page(reader, wanted, request.limit)
        return api.StatusResponse(
            threads=tuple(_status_row(row) for row in page.rows),
            total=page.total,
            scheduled_count=len(scheduled_executions(reader, now)),
            config_notices=desk.services.configuration.notices,
        )

    found = await desk.services.store.query(read)
    reviews = await reviews_now(desk.services, [row.thread_id for row in found.threads])
    is_single = request.thread_id is not None
    shown = [_with_review(row, reviews.get(row.thread_id), says_why=is_single) for row in found.threads]
    if is_single:
        shown = [msgspec.structs.replace(row, remark=await _remark(desk, row)) for row in shown]
    return msgspec.structs.replace(found, threads=tuple(shown))


async def _remark(desk: Desk, row: api.StatusRow) -> str | None:
    """Return what is to be said of a thread's worktrees; nothing while an agent is at work in them, or git is slow."""
    if row.execution_status in RUNNING:
        return None
    trees = await desk.services.store.query(lambda reader: worktrees_of_thread(reader, row.thread_id))
    with trio.move_on_after(PATIENCE_SECS):
        try:
            remarks = [await head_remark(desk, row.thread_id, tree) for tree in trees]
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


def _status_row(row: rows.StatusRow) -> api.StatusRow:
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
    )


async def transcript(desk: Desk, call: ResolvedCall) -> api.TranscriptResponse:
    """Read a conversation with the executions in it."""
    thread = call.decode(api.TranscriptRequest).thread_id

    def read(reader: Reader) -> api.TranscriptResponse:
        found = rows.thread_by_id(reader, thread)
        if found is None:
            return api.TranscriptResponse(thread_id=thread)
        return api.TranscriptResponse(
            thread_id=thread,
            thread_status=found.status,
            summary=found.summary,
            batch_id=found.batch,
            messages=tuple(_message(row) for row in messages_of_thread(reader, thread)),
            executions=tuple(_execution(row) for row in executions_of_thread(reader, thread)),
        )

    return await desk.services.store.query(read)


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


async def abandon(desk: Desk, call: ResolvedCall) -> api.AbandonResponse:
    """Give a thread up; what runs is being ended when this is answered."""
    request = call.decode(api.AbandonRequest)
    outcome = await give_up(desk, request.thread_id, request.sender, call.request_id)
    return answered(outcome, api.AbandonResponse)


async def give_up(
    desk: Desk, thread: str, by: str, request: RequestId, *, unless_ended: bool = False
) -> Answered | Refusal:
    """Abandon a thread under the name of a request, which holds once.

    While its work is being published it waits for the end of that, and judges then; what is being merged otherwise is
    withdrawn, and nothing of it runs when this returns (decision 0022).
    """
    runs = await desk.services.store.query(lambda reader: executions_of_thread(reader, thread))
    branch = f"compas/{thread}" if any(row.worktree for row in runs) else None

    def respond(recorded: tuple[e.Recorded, ...]) -> bytes:
        cancelled = [one for one in recorded if isinstance(one.event, e.ExecutionCancelled)]
        killed = sum(1 for row in runs if row.status in ("picked_up", "executing"))
        return msgspec.json.encode(
            api.AbandonResponse(
                thread_id=thread,
                status="Abandoned",
                executions_cancelled=len(cancelled),
                processes_killed=min(killed, len(cancelled)),
                worktree_branch=branch,
            )
        )

    message = AbandonThread(by=by, request_id=request, respond=respond, unless_ended=unless_ended)
    outcome: Answered | Refusal = await once_published(desk.registry, thread, lambda: desk.ask_thread(thread, message))
    directory = desk.registry.find(MERGES)  # one that is being restarted finds the thread given up by itself
    if isinstance(outcome, Answered) and directory is not None:
        await directory.ask(WithdrawMerges(thread=thread, reason=ABANDONED), timeout=ASK_TIMEOUT_SECS)
    return outcome
