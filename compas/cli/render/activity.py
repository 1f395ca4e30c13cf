"""Writes what an agent was seen doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compas.cli.render.text import Style

if TYPE_CHECKING:
    from compas.api.activity import ExecutionEvent


def execution_events_text(event: ExecutionEvent, style: Style) -> str:
    """Write one thing that an agent was seen doing, on one line."""
    mark = style.paint("failed", "red") + "  " if event.failed else ""
    kind = f"{style.line(event.kind):<13}"
    return f"{event.index:>6}  {style.time(event.at)}  {kind}  {mark}{style.line(event.summary)}"
