"""Decides where each thread and merge stands in the list, and in which words. Pure."""

from collections.abc import Iterable

import msgspec

from compas.api.threads import StatusRow
from compas.dashboard.board import Board
from compas.dashboard.lines import one_line
from compas.dashboard.tabs.ops.merges import is_newer, last_merge, merge_rows
from compas.dashboard.tabs.ops.row import OpsRow

RECENTLY_FINISHED = 12

_REVIEWS = {
    "approved": ("approved", "", "compas merge {name}"),
    "changes_requested": ("changes due", "changes requested", "compas dispatch AGENT TEXT --thread {name}"),
    "changed_since_the_approval": (
        "changed",
        "changed since the approval",
        "compas diff {name}, then have it reviewed",
    ),
    "changed_since_the_review": ("changed", "changed since the review", "compas diff {name}, then compas merge {name}"),
    "no_snapshot": ("unrecorded", "its work could not be recorded", "compas status {name} says why"),
    "not_reviewed": ("answered", "", "compas merge {name} (not reviewed), or dispatch again"),
}
"""The word, the detail and what to do, by how a thread's branch stands to its newest review."""
_FAILED = {"failed": "failed", "crashed": "crashed", "timed_out": "timed out"}


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """Rows under a heading; `empty` stands where there are none, and a section without it is left out then."""

    title: str
    rows: tuple[OpsRow, ...]
    empty: str = ""


def sections_of(board: Board, now: float, text: str = "") -> tuple[Section, ...]:
    """Return the list, narrowed to rows that match a text."""
    groups: dict[str, list[OpsRow]] = {"running": [], "queued": [], "scheduled": [], "yours": [], "finished": []}
    for row in board.threads.values():
        group, shown = _placed(board, row, now)
        if shown.matches(text):
            groups[group].append(shown)
    merges = [row for row in merge_rows(board, now) if row.matches(text)]
    return (
        Section(title="Running", rows=_by(groups["running"]), empty="" if text else "nothing is running"),
        Section(title="Queued", rows=_by(groups["queued"])),
        Section(title="Scheduled", rows=tuple(sorted(groups["scheduled"], key=lambda row: (row.due or 0, row.key)))),
        Section(title="Needs you", rows=_newest_first(groups["yours"]), empty="" if text else "nothing waits for you"),
        Section(title="Merges", rows=tuple(merges)),
        Section(title="Recently finished", rows=_newest_first(groups["finished"])[:RECENTLY_FINISHED]),
    )


def rows_of(sections: Iterable[Section]) -> tuple[OpsRow, ...]:
    """Return all rows in the order of the screen."""
    return tuple(row for section in sections for row in section.rows)


def _by(rows: list[OpsRow]) -> tuple[OpsRow, ...]:
    """Order by begin, the oldest first: rows stay where they are while others come and go below."""
    return tuple(sorted(rows, key=lambda row: (row.since or float("inf"), row.key)))


def _newest_first(rows: list[OpsRow]) -> tuple[OpsRow, ...]:
    return tuple(sorted(rows, key=lambda row: (-(row.since or 0.0), row.key)))


def _placed(board: Board, row: StatusRow, now: float) -> tuple[str, OpsRow]:
    """Return the section a thread belongs to, and its row there."""
    title = one_line(row.summary or board.titles.get(row.thread_id, ""))
    attempt = f"attempt {row.attempt + 1}" if row.attempt else ""
    shown = OpsRow(
        key=f"thread:{row.thread_id}",
        thread=row.thread_id,
        word="",
        who=one_line(row.agent or ""),
        about=" · ".join(part for part in (attempt, title) if part) or "(no summary)",
        batch=one_line(row.batch_id or ""),
    )
    replace = msgspec.structs.replace
    if board.is_running(row):
        words = {"executing": "running", "picked_up": "starting"}
        word = words.get(row.execution_status or "", "ending")
        return "running", replace(shown, word=word, since=row.started_at, what_now="l shows its output")
    if row.execution_status == "queued":
        if row.eligible_at is not None and row.eligible_at > now:
            return "scheduled", replace(shown, word="scheduled", due=row.eligible_at, what_now="starts by itself")
        return "queued", replace(shown, word="queued", since=row.updated_at, what_now="starts when there is a place")
    if row.thread_status in ("Completed", "Abandoned"):
        return "finished", replace(shown, word=row.thread_status.lower(), since=row.updated_at)
    if row.answers_to is not None and row.execution_status == "completed" and row.last_intent != "review-request":
        word = "approved" if row.verdict == "approve" else "answered"
        return "finished", replace(shown, word=word, since=row.updated_at, what_now=f"{row.answers_to} gets the answer")
    return "yours", _yours(board, row, shown, now)


def _yours(board: Board, row: StatusRow, shown: OpsRow, now: float) -> OpsRow:
    """Return the row of a thread in which nothing goes on by itself any more."""
    name = row.thread_id
    merge = last_merge(board, name)
    detail = ""
    if row.thread_status == "Failed" or row.execution_status in _FAILED:
        word = _FAILED.get(row.execution_status or "", "failed")
        detail = one_line(row.error or "")
        what_now = f"compas dispatch AGENT TEXT --thread {name}, or abandon it"
    elif merge is not None and merge.status == "merge failed" and is_newer(merge, row):
        word, detail, what_now = "merge failed", one_line(merge.reason), f"compas merge {name}, once it is mended"
    elif merge is not None and merge.is_open:
        word, what_now = "merging", "the merge goes on by itself"
    elif merge is not None and merge.status == "merged" and is_newer(merge, row):
        word, what_now = "merged", f"compas close {name}"
    elif row.last_intent == "review-request":
        word, what_now = "asks you", "Enter shows what it asks"
    elif row.execution_status == "cancelled":
        word, what_now = "cancelled", f"compas dispatch AGENT TEXT --thread {name}, or compas abandon {name}"
    elif row.execution_id is None:
        word, what_now = "not started", f"compas dispatch AGENT TEXT --thread {name}"
    else:
        word, detail, what_now = _reviewed(row)
    stale_after = board.health.stale_active_secs if board.health is not None else float("inf")
    return msgspec.structs.replace(
        shown,
        word=word,
        about=f"{detail} · {shown.about}" if detail else shown.about,
        since=row.updated_at,
        what_now=what_now,
        is_stale=row.thread_status == "Active" and now - row.updated_at >= stale_after,
    )


def _reviewed(row: StatusRow) -> tuple[str, str, str]:
    """Return word, detail and what to do of a thread that has answered."""
    if row.review in _REVIEWS:
        word, detail, what_now = _REVIEWS[row.review]
        return word, detail, what_now.format(name=row.thread_id)
    if row.verdict == "approve":
        return "approved", "", f"compas merge {row.thread_id}"
    return "answered", "", f"compas close {row.thread_id}, or dispatch again"
