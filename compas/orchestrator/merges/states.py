"""A merge as clients see it, and what to do about how it ended."""

import msgspec

from compas.api import merges as api
from compas.domain.advice import AGENT, TEXT, Advice, Argument, Said, advise, say
from compas.domain.at_rest import merge_of
from compas.domain.conflict_report import resolve_task
from compas.domain.thread import TERMINAL
from compas.store.connection import Reader
from compas.store.projections.merges import MergeRow
from compas.store.projections.threads import thread_by_id
from compas.store.projections.worktrees import worktrees_of_thread


def state_of(reader: Reader, row: MergeRow) -> api.MergeState:
    """Return a merge as clients see it."""
    conflicts = conflicts_of(row)
    return api.MergeState(
        op_id=row.op,
        thread_id=row.thread,
        repository=row.repository,
        source_branch=row.source,
        target_branch=row.target,
        strategy=row.strategy,
        requested_by=row.requested_by,
        status=row.status,
        queued_at=row.queued_at,
        source_commit=row.source_tip,
        commit_message=row.message,
        review=row.review,
        forced=row.force,
        started_at=row.started_at,
        finished_at=row.ended_at,
        duration_ms=duration_of(row),
        commit=row.new_commit if row.status == "completed" else None,
        result_summary=row.summary or None,
        error_code=row.code or None,
        error_detail=row.error or None,
        conflict_files=tuple(conflict.path for conflict in conflicts),
        conflicts=conflicts,
        conflict_task=task_of(row),
        handed_back_to=row.handed_back_to or None,
        suggested_actions=tuple(action for action in [next_step(reader, row)] if action and row.status == "failed"),
    )


def conflicts_of(row: MergeRow) -> tuple[api.MergeConflict, ...]:
    """Return the paths that stood in a merge's way."""
    return msgspec.json.decode(row.conflicts or "[]", type=tuple[api.MergeConflict, ...])


def duration_of(row: MergeRow) -> int | None:
    """Return the milliseconds from its start to its end."""
    began = row.started_at or row.queued_at
    return int((row.ended_at - began) * 1000) if row.ended_at is not None else None


def task_of(row: MergeRow) -> str | None:
    """Return what to dispatch to the agent of a merge that conflicts, unless it has been told that already."""
    if row.code != "conflict" or row.handed_back_to or row.open:
        return None
    return resolve_task(row.source, row.target, row.strategy, [conflict.path for conflict in conflicts_of(row)])


def next_step(reader: Reader, row: MergeRow) -> Said | None:
    """Say what to do about how a merge ended (b-mcp-cli-merge 107); nothing where its thread has ended with it."""
    thread = row.thread
    known = thread_by_id(reader, thread)
    if known is None or known.status == "Abandoned":
        return None
    if row.status == "completed":
        return say(advise("close", thread_id=thread)) if known.status not in TERMINAL else None
    own = [tree for tree in worktrees_of_thread(reader, thread) if tree.path is not None and not tree.reading]
    if row.status == "failed" and row.repository not in {tree.repository for tree in own}:
        return say(_task(thread, TEXT), " brings its worktree back")
    again = say("then `", merge_of(thread, row.repository, several=len(own) > 1), "`")
    answer = advise("wait", thread_id=thread, await_chain=True)
    match row.status, row.code:
        case "failed", "conflict" if row.handed_back_to or row.open:
            return say(f"{row.handed_back_to or 'its agent'} has it again: `", answer, "`, ", again)
        case "failed", "conflict":
            task = f"Merge {row.target} into your branch and resolve the conflicts."
            if row.strategy == "rebase":
                task = f"Rebase your branch onto {row.target} and resolve the conflicts."
            return say(_task(thread, task), ", or resolve them there yourself; ", again)
        case "failed", "source_dirty":
            return say(f"commit or discard what is uncommitted in the worktree of {thread}, ", again)
        case "failed", "laid_committed":
            return say(_task(thread, "Take what the refused merge names off your branch, as it says."), "; ", again)
        case "failed", "verify_failed" | "verify_timed_out":
            return say(_task(thread, f"The check of your branch merged into {row.target} fails; mend it."), "; ", again)
        case "failed", "target_moved":
            return say(f"the operator decides what becomes of {row.target}, as the error says; ", again)
        case "failed", "changes_requested":
            return say(_task(thread, TEXT), " with what is to be changed; ", again)
        case "failed", "changed_since_the_approval" | "not_approved":
            return say("look at it again (", advise("diff", thread_id=thread), "), or have it reviewed; ", again)
        case "failed", "still_running":
            return say(answer, "; ", again)
        case "failed", "no_commits" | "no_snapshot":
            return say(advise("why", thread_id=thread))
        case "failed", _:
            return say("mend what the error says, ", again)
        case _:
            return None


def _task(thread: str, text: Argument) -> Advice:
    return advise("dispatch", to=AGENT, body=text, thread_id=thread)
