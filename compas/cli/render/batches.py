"""Writes batches: how their threads stand, and what was given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compas.cli.render.reviews import verdict_cell
from compas.cli.render.table import Cell, fitted, pairs, table
from compas.cli.render.text import Style, counted
from compas.cli.render.threads import COLUMNS_WITHOUT_PLACE, diff_cell, status_colour

if TYPE_CHECKING:
    from compas.api.batches import AbandonBatchResponse, BatchStatusResponse, BatchThread


def batch_status_text(response: BatchStatusResponse, style: Style) -> str:
    """Write the counts of a batch, then its threads."""
    head = pairs(
        [
            ("batch", response.batch_id),
            ("threads", _counts(response.thread_count, response.counts)),
            ("work", ", ".join(f"{count} {name}" for name, count in response.work.items())),
        ],
        style,
    )
    if not response.threads:
        return head
    if style.is_screen:
        text = fitted(COLUMNS_WITHOUT_PLACE, [_screen_row(row, style) for row in response.threads], style)
    else:
        heads = ("THREAD", "STATUS", "AGENT", "WORK", "SUMMARY")
        text = table(heads, [_row(row) for row in response.threads], style)
    return f"{head}\n\n{text}" + (f"\n{_more(response)}" if response.more else "")


def _more(response: BatchStatusResponse) -> str:
    if response.next_offset is None:  # an older supervisor's
        return "there are more; --offset and --limit show them"
    more = counted(response.thread_count - response.next_offset, "more thread")
    return f"{more}; --offset {response.next_offset} shows the next ones"


def _screen_row(row: BatchThread, style: Style) -> list[Cell]:
    return [
        Cell(row.thread_id),
        Cell(row.status, status_colour(row.status)),
        Cell(row.execution_status or "-", status_colour(row.execution_status or "")),
        verdict_cell(row.review),
        Cell(style.age(row.updated_at)),
        diff_cell(row.diff),
        Cell(row.agent or "-"),
        Cell(row.error or row.title or row.summary or "", "red" if row.error else None),
    ]


def _counts(total: int, counts: dict[str, int]) -> str:
    parts = ", ".join(f"{count} {name}" for name, count in counts.items())
    return f"{total} ({parts})" if parts else str(total)


def _row(row: BatchThread) -> list[Cell]:
    return [
        Cell(row.thread_id),
        Cell(row.status, status_colour(row.status)),
        Cell(row.agent or "-"),
        Cell(row.execution_status or "-", status_colour(row.execution_status or "")),
        Cell(row.error or row.summary or "", "red" if row.error else None),
    ]


def abandon_batch_text(response: AbandonBatchResponse, style: Style) -> str:
    """Write what was given up, and what could not be."""
    text = pairs(
        [
            ("batch", response.batch_id),
            ("abandoned", counted(response.threads_abandoned, "thread")),
            ("ended before", counted(response.threads_already_terminal, "thread")),
            ("cancelled", counted(response.total_executions_cancelled, "execution")),
            ("ended", counted(response.total_processes_killed, "process", "processes")),
            ("left", counted(response.threads_left, "thread") if response.threads_left else None),
        ],
        style,
    )
    return "\n".join([text, *(style.paint(style.line(error), "red") for error in response.errors)])
