"""Decides in which section a thread stands, and in which words. Pure."""

import time
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from compas.api.threads import StatusRow
from compas.dashboard.board import Board, Merge
from compas.dashboard.lines import one_line
from compas.dashboard.reasons import reason_of
from compas.dashboard.tabs.ops import told
from compas.dashboard.tabs.ops.merges import is_newer, last_merges
from compas.dashboard.tabs.ops.row import OpsRow
from compas.dashboard.times import hour
from compas.domain.advice import AGENT, TEXT, Advice, Said, advise, say
from compas.domain.operators_turn import turn_in

_FAILED = {"failed": "failed", "crashed": "crashed", "timed_out": "timed out"}
_URGENCY = (
    *("asks you", "failed", "crashed", "timed out", "merge failed", "unrecorded"),
    *("changes due", "changed", "approved", "answered", "merged", "merging", "cancelled", "not started"),
)
"""What needs its operator, the most urgent first."""


class _Known(NamedTuple):
    """The board, and what concerns many of its threads: how many are running, and of each who reviews and merges."""

    board: Board
    running: int
    reviewers: Mapping[str, tuple[str, ...]]
    merges: Mapping[str, Merge]
    today: tuple[int, ...]


class Placed(NamedTuple):
    """The section that a thread belongs to, its row there, and all that both were made from."""

    group: str
    row: OpsRow
    made_from: tuple[object, ...]


def placed_threads(board: Board, now: float, before: Mapping[str, Placed]) -> dict[str, Placed]:
    """Return all threads with their places; what they are made from is compared with what they were made from `before`.

    Much happens, and little of it changes more than one row.
    """
    known = _Known(board, board.running, told.reviewers_at_work(board), last_merges(board), time.localtime(now)[:3])
    found: dict[str, Placed] = {}
    for thread, row in board.threads.items():
        made_from = _makings(known, row, now)
        there = before.get(thread)
        if there is not None and there.made_from == made_from:
            found[thread] = there
        else:
            found[thread] = Placed(*_placed(known, row, now), made_from)
    return found


def _makings(known: _Known, row: StatusRow, now: float) -> tuple[object, ...]:
    """Return everything that a row is made from: whatever `_placed` looks at has to be among it."""
    board, name = known.board, row.thread_id
    is_held = (board.health, known.running >= board.places) if row.execution_status == "queued" else None
    is_due = row.eligible_at is not None and row.eligible_at <= now
    of_others = (known.reviewers.get(name), known.merges.get(name), board.titles.get(name), board.sizes.get(name))
    return (row, board.is_running(row), is_held, is_due, _is_stale(board, row, now), known.today, *of_others)


def _is_stale(board: Board, row: StatusRow, now: float) -> bool:
    health = board.health
    return health is not None and row.thread_status == "Active" and now - row.updated_at >= health.stale_active_secs


def _placed(known: _Known, row: StatusRow, now: float) -> tuple[str, OpsRow]:
    """Return the section a thread belongs to, and its row there."""
    board = known.board
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
        why = told.waits_for(board, row, known.running, now)
        what_now = f"starts when it can: {why}" if why else "starts when there is a place"
        return "waiting", replace(shown, word="queued", reason=why, since=row.updated_at, what_now=what_now)
    if row.thread_status in ("Completed", "Abandoned"):
        return "finished", replace(shown, word=row.thread_status.lower(), since=row.updated_at)
    if turn_in(row) is None:
        word = "approved" if row.verdict == "approve" else "answered"
        return "finished", replace(shown, word=word, since=row.updated_at, what_now=f"{row.answers_to} gets the answer")
    others = known.reviewers.get(row.thread_id, ())
    if others and row.execution_status == "completed":
        said = f"waits for {', '.join(others)}"
        return "waiting", replace(shown, word="waiting", reason=said, since=row.updated_at, what_now=said)
    merge = known.merges.get(row.thread_id)
    if merge is not None and merge.is_open:
        return "waiting", replace(
            shown,
            word=merge.status if merge.status == "merging" else "waiting",
            reason="its merge goes on by itself",
            since=merge.started_at or merge.queued_at,
            what_now=say(advise("wait_merge", op_id=merge.op)),
        )
    return "yours", _yours(known, row, shown, now)


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
        repository=told.repository_of(row),
        change=told.change_of(board, row),
        cost=told.cost_of(row),
        tokens=told.tokens_of(row),
        facts=told.facts_of(board, row),
    )


def _yours(known: _Known, row: StatusRow, shown: OpsRow, now: float) -> OpsRow:
    """Return the row of a thread in which nothing goes on by itself any more."""
    name = row.thread_id
    merge = known.merges.get(name)
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
    return msgspec.structs.replace(
        shown,
        word=word,
        reason=reason,
        is_bad=is_bad,
        since=row.updated_at,
        what_now=what_now,
        is_stale=_is_stale(known.board, row, now),
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
