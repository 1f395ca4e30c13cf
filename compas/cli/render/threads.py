"""Writes threads: their list, one of them, their conversation."""

from __future__ import annotations

from collections.abc import Iterator
from os.path import basename
from typing import TYPE_CHECKING, NamedTuple

from compas.cli.render.configuration import with_notices
from compas.cli.render.reviews import review_cell, review_words, verdict_cell
from compas.cli.render.table import Cell, Column, fitted, pairs, table
from compas.cli.render.text import Colour, Style, counted, duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compas.api.threads import (
        DiffSize,
        NextSchedule,
        StatusResponse,
        StatusRow,
        ThreadDetails,
        TranscriptExecution,
        TranscriptMessage,
        TranscriptResponse,
    )
    from compas.client.answer import Answer

_COLOURS: dict[str, Colour] = {
    "active": "cyan",
    "completed": "green",
    "failed": "red",
    "crashed": "red",
    "timed_out": "red",
    "abandoned": "dim",
    "cancelled": "dim",
    "queued": "yellow",
    "executing": "cyan",
}


def status_colour(status: str) -> Colour | None:
    """Return the colour a status is shown in, of threads, executions and merges alike."""
    return _COLOURS.get(status.lower())


def status_text(response: StatusResponse, style: Style) -> str:
    """Write the newest threads first, and how many more there are."""
    if not response.threads:
        there = "there are no more threads" if response.total else "no threads match"
        text = there + _next_schedule(response.next_schedule, style)
        return with_notices(text, response.config_notices, style)
    is_placed = any(row.repository for row in response.threads)
    if style.is_screen:
        columns = COLUMNS if is_placed else COLUMNS_WITHOUT_PLACE
        text = fitted(columns, [_screen_row(row, style, is_placed=is_placed) for row in response.threads], style)
    else:
        place = (_PLACE,) if is_placed else ()
        heads = ("THREAD", *place, "STATUS", "AGENT", "WORK", "REVIEW", "CHANGED", "SUMMARY")
        text = table(heads, [_row(row, style, is_placed=is_placed) for row in response.threads], style)
    if response.next_after is not None:
        text += f"\n{counted(response.total, 'thread')} in all; --after {response.next_after} shows the next ones"
    if response.scheduled_count:
        text += f"\n{counted(response.scheduled_count, 'execution')} waiting for a later time"
    text += _next_schedule(response.next_schedule, style)
    return with_notices(text, response.config_notices, style)


def _next_schedule(following: NextSchedule | None, style: Style) -> str:
    if following is None:
        return ""
    return f"\nschedule {style.line(following.name)} fires next, {style.time(following.at)} ({following.local})"


_PLACE = "REPOSITORY"
COLUMNS = (
    Column("THREAD", least=16),
    Column("STATUS"),
    Column("WORK", spare=1),
    Column("VERDICT", spare=2),
    Column("AGE"),
    Column("DIFF", spare=3),
    Column("AGENT", spare=4),
    Column(_PLACE, spare=6),
    Column("TITLE", least=20, spare=5),
)
"""Of a list of threads on a screen. Reading takes the beginning of a name, so one that is cut is still of use."""
COLUMNS_WITHOUT_PLACE = tuple(one for one in COLUMNS if one.head != _PLACE)
"""Of a list whose rows do not say which repository they are of."""


def _screen_row(row: StatusRow, style: Style, *, is_placed: bool) -> list[Cell]:
    given = row.details.verdicts if row.details is not None else ()
    judged = given[-1].verdict.replace("_", " ") if given else "-"
    return [
        Cell(row.thread_id),
        _status(row),
        _work(row),
        verdict_cell(row.review) if row.review else Cell(judged),
        Cell(style.age(row.updated_at)),
        diff_cell(row.diff),
        Cell(row.agent or "-"),
        *([_place(row)] if is_placed else []),
        Cell(row.error or row.summary or row.title or "", "red" if row.error else None),
    ]


def _place(row: StatusRow) -> Cell:
    return Cell(basename(row.repository) if row.repository else "-")


def diff_cell(size: DiffSize | None) -> Cell:
    """Return how much a thread's work changes, where that is known."""
    return Cell("-" if size is None else f"+{size.added} -{size.deleted}")


def _work(row: StatusRow) -> Cell:
    work = row.execution_status or "-"
    if row.attempt and row.attempt > 1:
        work += f" (attempt {row.attempt})"
    return Cell(work, status_colour(row.execution_status or ""))


def _row(row: StatusRow, style: Style, *, is_placed: bool) -> list[Cell]:
    return [
        Cell(row.thread_id),
        *([_place(row)] if is_placed else []),
        _status(row),
        Cell(row.agent or "-"),
        _work(row),
        review_cell(row.review),
        Cell(style.time(row.updated_at)),
        Cell(row.error or row.summary or "", "red" if row.error else None),
    ]


def _status(row: StatusRow) -> Cell:
    if row.stale_since is not None:
        return Cell(f"{row.thread_status} (stale)", "yellow")
    return Cell(row.thread_status, status_colour(row.thread_status))


def thread_text(row: StatusRow, style: Style) -> str:
    """Write one thread with its newest execution."""
    return pairs(
        [
            ("thread", row.thread_id),
            ("status", row.thread_status),
            ("summary", row.summary),
            ("batch", row.batch_id),
            ("changed", style.time(row.updated_at)),
            ("stale", f"nothing has moved since {style.time(row.stale_since)}" if row.stale_since else None),
            ("repository", row.repository),
            ("agent", row.agent),
            ("execution", row.execution_id),
            ("work", row.execution_status),
            ("review", row.review_note or review_words(row.review)),
            ("worktree", row.remark),
            ("attempt", str(row.attempt) if row.attempt else None),
            ("started", style.time(row.started_at) if row.started_at else None),
            ("took", duration(row.duration_ms) if row.duration_ms is not None else None),
            ("error", row.error),
            *(_details(row.details) if row.details is not None else ()),
        ],
        style,
    )


_WENT_WRONG = frozenset({"failed", "crashed", "timed out"})


class Pending(NamedTuple):
    """A row of `status`, and what it waits for the operator with."""

    thread: Answer
    waits: str


def pending_text(found: Sequence[Pending], limit: int, style: Style) -> str:
    """Write the newest first, and how many more there are."""
    if not found:
        return "nothing waits for you"
    several = "threads of compas wait" if len(found) > 1 else "thread of compas waits"
    rows = [_pending_row(one, style) for one in found[:limit]]
    lines = [f"{len(found)} {several} for the operator:", table(("THREAD", "STANDS", "AGENT", "ABOUT"), rows, style)]
    if len(found) > limit:
        lines.append(f"{counted(len(found) - limit, 'more thread')}; --limit shows more")
    return "\n".join(lines)


def _pending_row(one: Pending, style: Style) -> list[Cell]:
    thread, waits = one
    about = thread.error if waits in _WENT_WRONG and thread.error else thread.summary or thread.title
    return [
        Cell(thread.thread_id),
        Cell(waits, "red" if waits in _WENT_WRONG else None),
        Cell(thread.agent or "-"),
        Cell(about or ""),
    ]


def _details(details: ThreadDetails) -> Iterator[tuple[str, str | None]]:
    yield "about", details.title
    yield "judged", ", ".join(f"{one.by}: {one.verdict.replace('_', ' ')}" for one in details.verdicts)
    yield "branch", details.branch
    untold = details.executions - details.priced
    if details.executions:
        cost = "unknown" if details.cost_usd is None else f"${details.cost_usd:.4f}"
        yield "cost", f"{cost} ({counted(untold, 'execution')} did not tell)" if untold else cost
    if details.tokens_in is not None or details.tokens_out is not None:
        yield "tokens", f"{details.tokens_in or 0} in, {details.tokens_out or 0} out"


def transcript_text(response: TranscriptResponse, style: Style) -> str:
    """Write a conversation in full, and the executions it took."""
    head = pairs(
        [
            ("thread", response.thread_id),
            ("status", response.thread_status or "-"),
            ("summary", response.summary),
            ("batch", response.batch_id),
        ],
        style,
    )
    parts = [head, *(_message(message, style) for message in response.messages)]
    runs = _runs_shown(response)
    if runs:
        heads = ("EXECUTION", "AGENT", "STATUS", "ATTEMPT", "TOOK", "ERROR")
        parts.append(table(heads, [_execution(one) for one in runs], style))
    if response.earlier_before is not None:
        earlier = counted(response.earlier, "earlier message")
        parts.append(f"{earlier}; --before {response.earlier_before} shows the newest of them")
    return "\n\n".join(parts)


def _runs_shown(response: TranscriptResponse) -> list[TranscriptExecution]:
    """Return the executions that belong to the messages shown: those that they made, and those that wrote them."""
    asked = {message.id for message in response.messages}
    wrote = {message.execution_id for message in response.messages}
    return [one for one in response.executions if one.dispatch_message_id in (None, *asked) or one.id in wrote]


def _message(message: TranscriptMessage, style: Style) -> str:
    route = f"{style.line(message.sender)} → {style.line(message.to)}"
    head = f"── {message.reference}  {route}  {style.line(message.intent)}  {style.time(message.created_at)}"
    return style.paint(head, "bold") + "\n" + style.block(message.body).rstrip("\n")


def _execution(one: TranscriptExecution) -> list[Cell]:
    return [
        Cell(one.id),
        Cell(one.agent),
        Cell(one.status, status_colour(one.status)),
        Cell(str(one.attempt)),
        Cell(duration(one.duration_ms)),
        Cell(one.error or "", "red"),
    ]
