"""A merge as clients see it, and what to do about how it ended."""

import msgspec

from actors.remote.errors import CallError
from compas.api import merges as api
from compas.domain.conflict_report import resolve_task
from compas.store.projections.merges import MergeRow


def unknown_merge(op: str) -> CallError:
    """Return what somebody hears who asks for a merge that does not exist."""
    return CallError("unknown_merge", f"there is no merge operation {op!r}; `compas merge-status` lists them")


def state_of(row: MergeRow) -> api.MergeState:
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
        suggested_actions=tuple(action for action in [next_step(row)] if action and row.status != "completed"),
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


def next_step(row: MergeRow) -> str | None:
    """Say what to do about how a merge ended (b-mcp-cli-merge 107)."""
    again = f"then `compas merge {row.thread}`"
    match row.status, row.code:
        case "completed", _:
            return f"compas close {row.thread}"
        case "failed", "conflict" if row.handed_back_to or row.open:
            agent = row.handed_back_to or "its agent"
            return f"{agent} has it again: `compas wait --thread-id {row.thread} --await-chain`, {again}"
        case "failed", "conflict":
            task = f"Merge {row.target} into your branch and resolve the conflicts."
            if row.strategy == "rebase":
                task = f"Rebase your branch onto {row.target} and resolve the conflicts."
            return f"compas dispatch AGENT '{task}' --thread {row.thread}, or resolve them there yourself; {again}"
        case "failed", "source_dirty":
            return f"commit or discard what is uncommitted in the worktree of {row.thread}, {again}"
        case "failed", "verify_failed" | "verify_timed_out":
            task = f"The check of your branch merged into {row.target} fails; mend it."
            return f"compas dispatch AGENT '{task}' --thread {row.thread}; {again}"
        case "failed", "target_moved":
            return f"the operator decides what becomes of {row.target}, as the error says; {again}"
        case "failed", "changes_requested":
            return f"compas dispatch AGENT TEXT --thread {row.thread} with what is to be changed; {again}"
        case "failed", "changed_since_the_approval" | "not_approved":
            return f"look at it again (compas diff {row.thread}), or have it reviewed; {again}"
        case "failed", "still_running":
            return f"compas wait --thread-id {row.thread} --await-chain; {again}"
        case "failed", "no_commits" | "no_snapshot":
            return f"compas why {row.thread}"
        case "failed", _:
            return f"mend what the error says, {again}"
        case _:
            return None
