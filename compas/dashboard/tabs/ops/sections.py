"""Decides where each thread and merge stands in the list, and in which words. Pure."""

from collections.abc import Callable, Iterable

import msgspec

from compas.api.threads import StatusRow
from compas.dashboard.board import Board
from compas.dashboard.lines import one_line
from compas.dashboard.reasons import reason_of
from compas.dashboard.tabs.ops import told
from compas.dashboard.tabs.ops.merges import is_newer, last_merge, merge_rows
from compas.dashboard.tabs.ops.row import OpsRow
from compas.dashboard.times import hour
from compas.domain.advice import AGENT, TEXT, Advice, Said, advise, say
from compas.domain.operators_turn import operators_turn

RECENTLY_FINISHED = 12
ORDERS = ("the most urgent first", "the newest first", "the oldest first", "by agent")

_FAILED = {"failed": "failed", "crashed": "crashed", "timed_out": "timed out"}
_URGENCY = (
    *("asks you", "failed", "crashed", "timed out", "merge failed", "unrecorded"),
    *("changes due", "changed", "approved", "answered", "merged", "merging", "cancelled", "not started"),
)
"""What needs its operator, the most urgent first."""


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """Rows under a heading; `empty` stands where there are none, and a section without it is left out then.

    `total` is how many there are where they are more than the rows; 0 where that is not known.
    """

    title: str
    rows: tuple[OpsRow, ...]
    empty: str = ""
    total: int = 0


def sections_of(board: Board, now: float, text: str = "", order: int = 0, *, reach: int = 0) -> tuple[Section, ...]:
    """Return the list, narrowed to rows that match a text; `order` is that of what needs its operator.

    What has finished is cut short, but not before the list has `reach` rows.
    """
    found_there = board.searched.threads if board.searched is not None and board.searched.text == text else frozenset()
    groups: dict[str, list[OpsRow]] = {name: [] for name in ("yours", "running", "waiting", "scheduled", "finished")}
    for row in board.threads.values():
        group, shown = _placed(board, row, now)
        if shown.matches(text) or row.thread_id in found_there:
            groups[group].append(shown)
    others = sum(len(rows) for name, rows in groups.items() if name != "finished")
    finished = _newest_first(groups["finished"])
    merges = [row for row in merge_rows(board, now) if row.matches(text)]
    return (
        Section(title="Needs you", rows=_SORTED[order](groups["yours"]), empty="" if text else "nothing waits for you"),
        Section(title="Running", rows=_by(groups["running"]), empty="" if text else "nothing is running"),
        Section(title="Waiting", rows=_by(groups["waiting"])),
        Section(title="Scheduled", rows=tuple(sorted(groups["scheduled"], key=lambda row: (row.due or 0, row.key)))),
        Section(title="Merges", rows=tuple(merges)),
        Section(
            title="Recently finished",
            rows=finished[: max(RECENTLY_FINISHED, reach - others - len(merges))],
            total=len(finished) if text else board.total - others,
        ),
    )


def rows_of(sections: Iterable[Section]) -> tuple[OpsRow, ...]:
    """Return all rows in the order of the screen."""
    return tuple(row for section in sections for row in section.rows)


def _by(rows: list[OpsRow]) -> tuple[OpsRow, ...]:
    """Order by begin, the oldest first: rows stay where they are while others come and go below."""
    return tuple(sorted(rows, key=lambda row: (row.since or float("inf"), row.key)))


def _newest_first(rows: list[OpsRow]) -> tuple[OpsRow, ...]:
    return tuple(sorted(rows, key=lambda row: (-(row.since or 0.0), row.key)))


def _most_urgent(rows: list[OpsRow]) -> tuple[OpsRow, ...]:
    return tuple(sorted(rows, key=lambda row: (row.rank, -(row.since or 0.0), row.key)))


def _by_worker(rows: list[OpsRow]) -> tuple[OpsRow, ...]:
    return tuple(sorted(rows, key=lambda row: (row.who.casefold(), row.rank, -(row.since or 0.0), row.key)))


_SORTED: tuple[Callable[[list[OpsRow]], tuple[OpsRow, ...]], ...] = (_most_urgent, _newest_first, _by, _by_worker)


def _placed(board: Board, row: StatusRow, now: float) -> tuple[str, OpsRow]:
    """Return the section a thread belongs to, and its row there."""
    shown = _shown(board, row)
    replace = msgspec.structs.replace
    if board.is_running(row):
        words = {"executing": "running", "picked_up": "starting"}
        word = words.get(row.execution_status or "", "ending")
        return "running", replace(shown, word=word, since=row.started_at, what_now="l shows its output")
    if row.execution_status == "queued":
        if row.eligible_at is not None and row.eligible_at > now:
            return "scheduled", replace(
                shown, word="scheduled", due=row.eligible_at, what_now=f"starts by itself, {hour(row.eligible_at, now)}"
            )
        why = told.waits_for(board, row, now)
        what_now = f"starts when it can: {why}" if why else "starts when there is a place"
        return "waiting", replace(shown, word="queued", reason=why, since=row.updated_at, what_now=what_now)
    if row.thread_status in ("Completed", "Abandoned"):
        return "finished", replace(shown, word=row.thread_status.lower(), since=row.updated_at)
    if _turn(row) is None:
        word = "approved" if row.verdict == "approve" else "answered"
        return "finished", replace(shown, word=word, since=row.updated_at, what_now=f"{row.answers_to} gets the answer")
    others = told.reviewers_at_work(board, row.thread_id)
    if others and row.execution_status == "completed":
        said = f"waits for {', '.join(others)}"
        return "waiting", replace(shown, word="waiting", reason=said, since=row.updated_at, what_now=said)
    merge = last_merge(board, row.thread_id)
    if merge is not None and merge.is_open:
        return "waiting", replace(
            shown,
            word=merge.status if merge.status == "merging" else "waiting",
            reason="its merge goes on by itself",
            since=merge.started_at or merge.queued_at,
            what_now=say(advise("wait_merge", op_id=merge.op)),
        )
    return "yours", _yours(board, row, shown, now)


def _turn(row: StatusRow) -> str | None:
    """Return what a thread waits for its operator with, by the rule that `compas pending` goes by."""
    return operators_turn(
        thread_status=row.thread_status,
        execution_id=row.execution_id,
        execution_status=row.execution_status,
        last_intent=row.last_intent,
        answers_to=row.answers_to,
        review=row.review,
    )


def _shown(board: Board, row: StatusRow) -> OpsRow:
    attempt = f" (attempt {row.attempt + 1})" if row.attempt else ""
    return OpsRow(
        key=f"thread:{row.thread_id}",
        thread=row.thread_id,
        word="",
        who=told.who(row),
        title=one_line(board.title_of(row.thread_id)) + attempt,
        batch=one_line(row.batch_id or ""),
        branch=told.branch_of(row),
        change=told.change_of(board, row),
        cost=told.cost_of(row),
        tokens=told.tokens_of(row),
        facts=told.facts_of(board, row),
    )


def _yours(board: Board, row: StatusRow, shown: OpsRow, now: float) -> OpsRow:
    """Return the row of a thread in which nothing goes on by itself any more."""
    name = row.thread_id
    merge = last_merge(board, name)
    reason, is_bad = "", False
    what_now: Said
    if row.thread_status == "Failed" or row.execution_status in _FAILED:
        word = _FAILED.get(row.execution_status or "", "failed")
        reason, is_bad = reason_of(word, row.error), True
        what_now = say(_task(name), ", or abandon it")
    elif merge is not None and merge.status == "merge failed" and is_newer(merge, row):
        word, reason, is_bad = "merge failed", one_line(merge.reason), True
        what_now = say(advise("merge", thread_id=name), ", once it is mended")
    elif merge is not None and merge.status == "merged" and is_newer(merge, row):
        word, what_now = "merged", say(advise("close", thread_id=name))
    elif row.last_intent == "review-request":
        word, what_now = "asks you", "Enter shows what it asks"
    elif row.execution_status == "cancelled":
        word, what_now = "cancelled", say(_task(name), ", or ", advise("abandon", thread_id=name))
    elif row.execution_id is None:
        word, what_now = "not started", say(_task(name))
    else:
        word, reason, what_now = _reviewed(row)
    stale_after = board.health.stale_active_secs if board.health is not None else float("inf")
    return msgspec.structs.replace(
        shown,
        word=word,
        reason=reason,
        is_bad=is_bad,
        since=row.updated_at,
        what_now=what_now,
        is_stale=row.thread_status == "Active" and now - row.updated_at >= stale_after,
        rank=_URGENCY.index(word),
    )


def _reviewed(row: StatusRow) -> tuple[str, str, Said]:
    """Return word, detail and what to do of a thread that has answered, by how its branch stands to its review."""
    name = row.thread_id
    diff, merge = advise("diff", thread_id=name), advise("merge", thread_id=name)
    match row.review:
        case "approved":
            return "approved", "", say(merge)
        case "changes_requested":
            return "changes due", "", say("changes were requested: ", _task(name))
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
