"""Writes lists of executions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compas.cli.render.table import Cell, table
from compas.cli.render.text import Style, duration
from compas.cli.render.threads import status_colour

if TYPE_CHECKING:
    from compas.api.tasks import TaskRow, TasksResponse


def tasks_text(response: TasksResponse, style: Style) -> str:
    """Write executions as a table, and how to see the next ones."""
    if not response.tasks:
        return "no executions match"
    heads = ("EXECUTION", "THREAD", "AGENT", "STATUS", "QUEUED", "STARTS", "TOOK", "ABOUT")
    text = table(heads, [_row(row, style) for row in response.tasks], style)
    return text + (f"\nthere are more; --after {response.next_after} shows the next ones" if response.more else "")


def _row(row: TaskRow, style: Style) -> list[Cell]:
    is_waiting = row.execution_status == "queued"
    starts = row.eligible_at if is_waiting and row.started_at is None else row.started_at
    attempt = f" (attempt {row.attempt + 1})" if row.attempt else ""
    return [
        Cell(row.execution_id),
        Cell(row.thread_id),
        Cell(row.agent),
        Cell(row.execution_status + attempt, status_colour(row.execution_status)),
        Cell(style.time(row.queued_at)),
        Cell(style.time(starts)),
        Cell(duration(row.duration_ms)),
        Cell(row.error or row.title or row.summary or "", "red" if row.error else None),
    ]
