"""Decides which merges stand in the list, and how a thread's work stands to its newest merge. Pure."""

from collections.abc import Mapping

from compas.api.threads import StatusRow
from compas.dashboard.board import Board, Merge
from compas.dashboard.lines import one_line
from compas.dashboard.tabs.ops.row import OpsRow
from compas.domain.advice import advise, say

MERGED_SECS = 600.0
MERGE_FAILED_SECS = 1800.0
"""How long a merge that is over stays in the list, when it went well and when it did not (c-config-dashboard 105)."""


def merge_rows(board: Board, now: float) -> list[OpsRow]:
    """Return the open merges, first those in line first, then those that are over and still news, the newest first."""
    merges = list(board.merges.values())
    waiting = sorted((one for one in merges if one.is_open), key=lambda one: (one.queued_at, one.op))
    over = sorted((one for one in merges if _is_news(one, merges, now)), key=lambda one: (-(one.ended_at or 0), one.op))
    return [_merge_row(board, one) for one in (*waiting, *over)]


def _is_news(merge: Merge, merges: list[Merge], now: float) -> bool:
    if merge.ended_at is None:
        return False
    age = now - merge.ended_at
    if merge.status != "merge failed":
        return age < MERGED_SECS
    return age < MERGE_FAILED_SECS and not any(_supersedes(other, merge) for other in merges)


def _supersedes(other: Merge, failed: Merge) -> bool:
    """Tell whether the same merge has succeeded since, also within the same second (c-config-dashboard 104)."""
    return (
        other.status == "merged"
        and (other.thread, other.target) == (failed.thread, failed.target)
        and (other.ended_at or 0.0) >= (failed.ended_at or 0.0)
    )


def _merge_row(board: Board, merge: Merge) -> OpsRow:
    reason = one_line(merge.reason) if merge.status == "merge failed" else ""
    back = f"{one_line(merge.handed_back_to)} has it again" if merge.handed_back_to else ""
    row = board.threads.get(merge.thread)
    return OpsRow(
        key=f"merge:{merge.op}",
        thread=merge.thread,
        word=merge.status,
        who="merge",
        # A thread's branch has the thread's name, which says less than what the thread is about.
        title=one_line(f"{board.title_of(merge.thread)} → {merge.target}"),
        reason=" · ".join(part for part in (reason, back) if part),
        is_bad=bool(reason),
        since=merge.ended_at or merge.started_at or merge.queued_at,
        batch=one_line(row.batch_id or "") if row is not None else "",
        branch=one_line(merge.source),
        facts=one_line(f"{merge.source} → {merge.target} · {merge.strategy}"),
        what_now=say(advise("wait_merge", op_id=merge.op)) if merge.is_open else "",
    )


def last_merges(board: Board) -> Mapping[str, Merge]:
    """Return the newest merge of each thread's work."""
    return {merge.thread: merge for merge in sorted(board.merges.values(), key=lambda one: (one.queued_at, one.op))}


def is_newer(merge: Merge, row: StatusRow) -> bool:
    """Tell whether a merge ended after the last word in its thread: otherwise there may be new work to merge."""
    return merge.ended_at is not None and merge.ended_at >= row.updated_at
