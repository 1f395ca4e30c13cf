"""Decides where each thread and merge stands in the list, and in which words. Pure."""

from collections.abc import Iterable

import msgspec

from compas.api.threads import StatusRow
from compas.dashboard.board import Board, Merge
from compas.dashboard.lines import one_line

RECENTLY_FINISHED = 12
MERGED_SECS = 600.0
MERGE_FAILED_SECS = 1800.0
"""How long a merge that is over stays in the list, when it went well and when it did not (c-config-dashboard 105)."""

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


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the list. `key` names it wherever it stands; `word` is its status, `about` what it is about.

    Its time is counted from `since`, or to `due` (UTC seconds). `what_now` says what its operator may do.
    """

    key: str
    thread: str
    word: str
    who: str
    about: str
    since: float | None = None
    due: float | None = None
    batch: str = ""
    detail: str = ""
    what_now: str = ""
    is_stale: bool = False

    def matches(self, text: str) -> bool:
        """Tell whether a person who types this text may mean the row."""
        said = f"{self.thread} {self.who} {self.word} {self.about} {self.batch}".casefold()
        return all(part in said for part in text.casefold().split())


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """Rows under a heading; `empty` stands where there are none, and a section without it is left out then."""

    title: str
    rows: tuple[Row, ...]
    empty: str = ""


def sections_of(board: Board, now: float, text: str = "") -> tuple[Section, ...]:
    """Return the list, narrowed to rows that match a text."""
    groups: dict[str, list[Row]] = {"running": [], "queued": [], "scheduled": [], "yours": [], "finished": []}
    for row in board.threads.values():
        group, shown = _placed(board, row, now)
        if shown.matches(text):
            groups[group].append(shown)
    merges = [row for row in _merges(board, now) if row.matches(text)]
    return (
        Section(title="Running", rows=_by(groups["running"]), empty="" if text else "nothing is running"),
        Section(title="Queued", rows=_by(groups["queued"])),
        Section(title="Scheduled", rows=tuple(sorted(groups["scheduled"], key=lambda row: (row.due or 0, row.key)))),
        Section(title="Needs you", rows=_newest_first(groups["yours"]), empty="" if text else "nothing waits for you"),
        Section(title="Merges", rows=tuple(merges)),
        Section(title="Recently finished", rows=_newest_first(groups["finished"])[:RECENTLY_FINISHED]),
    )


def rows_of(sections: Iterable[Section]) -> tuple[Row, ...]:
    """Return all rows in the order of the screen."""
    return tuple(row for section in sections for row in section.rows)


def _by(rows: list[Row]) -> tuple[Row, ...]:
    """Order by begin, the oldest first: rows stay where they are while others come and go below."""
    return tuple(sorted(rows, key=lambda row: (row.since or float("inf"), row.key)))


def _newest_first(rows: list[Row]) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=lambda row: (-(row.since or 0.0), row.key)))


def _placed(board: Board, row: StatusRow, now: float) -> tuple[str, Row]:
    """Return the section a thread belongs to, and its row there."""
    title = one_line(row.summary or board.titles.get(row.thread_id, ""))
    attempt = f"attempt {row.attempt + 1}" if row.attempt else ""
    shown = Row(
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


def _yours(board: Board, row: StatusRow, shown: Row, now: float) -> Row:
    """Return the row of a thread in which nothing goes on by itself any more."""
    name = row.thread_id
    merge = _last_merge(board, name)
    detail = ""
    if row.thread_status == "Failed" or row.execution_status in _FAILED:
        word = _FAILED.get(row.execution_status or "", "failed")
        detail = one_line(row.error or "")
        what_now = f"compas dispatch AGENT TEXT --thread {name}, or abandon it"
    elif merge is not None and merge.status == "merge failed" and _is_newer(merge, row):
        word, detail, what_now = "merge failed", one_line(merge.reason), f"compas merge {name}, once it is mended"
    elif merge is not None and merge.is_open:
        word, what_now = "merging", "the merge goes on by itself"
    elif merge is not None and merge.status == "merged" and _is_newer(merge, row):
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
        detail=detail,
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


def _is_newer(merge: Merge, row: StatusRow) -> bool:
    """Tell whether a merge ended after the last word in its thread: otherwise there may be new work to merge."""
    return merge.ended_at is not None and merge.ended_at >= row.updated_at


def _last_merge(board: Board, thread: str) -> Merge | None:
    found = [merge for merge in board.merges.values() if merge.thread == thread]
    return max(found, key=lambda merge: (merge.queued_at, merge.op), default=None)


def _merges(board: Board, now: float) -> list[Row]:
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


def _merge_row(board: Board, merge: Merge) -> Row:
    reason = one_line(merge.reason) if merge.status == "merge failed" else ""
    row = board.threads.get(merge.thread)
    # A thread's branch has the thread's name, which says less than what the thread is about.
    title = (row.summary if row is not None else None) or board.titles.get(merge.thread) or merge.source
    branches = one_line(f"{title} → {merge.target}")
    return Row(
        key=f"merge:{merge.op}",
        thread=merge.thread,
        word=merge.status,
        who="merge",
        about=f"{branches}: {reason}" if reason else branches,
        since=merge.ended_at or merge.started_at or merge.queued_at,
        detail=reason,
        what_now=f"compas wait-merge --op-id {merge.op}" if merge.is_open else "",
    )
