"""Writes the executions of a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compas.cli.render.table import Cell, table
from compas.cli.render.text import Style, duration
from compas.cli.render.threads import status_colour

if TYPE_CHECKING:
    from compas.api.executions import ExecutionListing, ExecutionsResponse


def executions_text(response: ExecutionsResponse, style: Style) -> str:
    """Write the oldest first, as they are numbered."""
    heads = ("NUMBER", "EXECUTION", "AGENT", "STATUS", "QUEUED", "TOOK", "ERROR")
    return table(heads, [_row(one, style) for one in response.executions], style)


def _row(one: ExecutionListing, style: Style) -> list[Cell]:
    attempt = f" (attempt {one.attempt + 1})" if one.attempt else ""
    return [
        Cell(str(one.number)),
        Cell(one.execution_id),
        Cell(one.agent),
        Cell(one.status + attempt, status_colour(one.status)),
        Cell(style.time(one.queued_at)),
        Cell(duration(one.duration_ms)),
        Cell(one.error or "", "red"),
    ]


def chosen_text(response: ExecutionsResponse, style: Style) -> str:
    """Write which execution of its thread is shown, and of several how the others are."""
    one, count = response.executions[response.chosen - 1], len(response.executions)
    thread, place = style.line(response.thread_id), f"execution {one.number} of {count}" if count > 1 else "execution"
    head = f"── {thread}  {place}"
    below = [f"   {one.execution_id}  {style.line(one.agent)}  {one.status}"]
    if count > 1:
        below.append(f"   `compas executions {thread}` lists them")
    return "\n".join([style.paint(head, "bold"), *(style.paint(line, "dim") for line in below)])
