"""Decides where each thread and merge stands in the list, and in which words. Pure."""

from collections.abc import Iterable

import msgspec

from compas.api.threads import StatusRow
from compas.dashboard.board import Board
from compas.dashboard.lines import one_line
from compas.dashboard.tabs.ops.merges import is_newer, last_merge, merge_rows
from compas.dashboard.tabs.ops.row import OpsRow
from compas.domain.advice import AGENT, TEXT, Advice, Said, advise, say

RECENTLY_FINISHED = 12

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
    what_now: Said
    if row.thread_status == "Failed" or row.execution_status in _FAILED:
        word = _FAILED.get(row.execution_status or "", "failed")
        detail = one_line(row.error or "")
        what_now = say(_task(name), ", or abandon it")
    elif merge is not None and merge.status == "merge failed" and is_newer(merge, row):
        word, detail = "merge failed", one_line(merge.reason)
        what_now = say(advise("merge", thread_id=name), ", once it is mended")
    elif merge is not None and merge.is_open:
        word, what_now = "merging", "the merge goes on by itself"
    elif merge is not None and merge.status == "merged" and is_newer(merge, row):
        word, what_now = "merged", say(advise("close", thread_id=name))
    elif row.last_intent == "review-request":
        word, what_now = "asks you", "Enter shows what it asks"
    elif row.execution_status == "cancelled":
        word, what_now = "cancelled", say(_task(name), ", or ", advise("abandon", thread_id=name))
    elif row.execution_id is None:
        word, what_now = "not started", say(_task(name))
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


def _reviewed(row: StatusRow) -> tuple[str, str, Said]:
    """Return word, detail and what to do of a thread that has answered, by how its branch stands to its review."""
    name = row.thread_id
    diff, merge = advise("diff", thread_id=name), advise("merge", thread_id=name)
    match row.review:
        case "approved":
            return "approved", "", say(merge)
        case "changes_requested":
            return "changes due", "changes requested", say(_task(name))
        case "changed_since_the_approval":
            return "changed", "changed since the approval", say(diff, ", then have it reviewed")
        case "changed_since_the_review":
            return "changed", "changed since the review", say(diff, ", then ", merge)
        case "no_snapshot":
            return "unrecorded", "its work could not be recorded", say(advise("status", thread_id=name), " says why")
        case "not_reviewed":
            return "answered", "", say(merge, " (not reviewed), or dispatch again")
    word = "approved" if row.verdict == "approve" else "answered"
    return word, "", say(advise("close", thread_id=name), ", or dispatch again")


def _task(thread: str) -> Advice:
    return advise("dispatch", to=AGENT, body=TEXT, thread_id=thread)
