"""Writes what an agent was seen doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compas.cli.render.text import Colour, Style, width_of, wrap
from compas.domain.steps import Tone, shown_step

if TYPE_CHECKING:
    from compas.api.activity import ExecutionEvent


_TONES: dict[Tone, Colour | None] = {
    "": None,
    "accent": "cyan",
    "good": "green",
    "warn": "yellow",
    "bad": "red",
    "dim": "dim",
}


def step_text(event: ExecutionEvent, style: Style) -> str | None:
    """Write a step as people read it, wrapped between words on a screen; None where there is nothing to show."""
    step = shown_step(
        kind=event.kind,
        tool=event.tool,
        summary=event.summary,
        detail=event.detail,
        failed=event.failed,
        details=False,
    )
    if step is None:
        return None
    clock = style.time(event.at)
    margin = " " * (width_of(clock) + 3)
    first, *rest = _rows(step.text.strip("\n"), style, style.width - len(margin))
    head = f"{style.paint(clock, 'dim')} {style.paint(step.sign, _TONES[step.tone])} {first}"
    return "\n".join([head, *(f"{margin}{row}".rstrip() for row in rest)])


def _rows(text: str, style: Style, room: int) -> list[str]:
    # Only a line feed ends a line: what else Python takes for a line break would let an agent's text pose as ours.
    lines = [style.block(line.rstrip("\r").expandtabs(4)) for line in text.split("\n")]
    return [row for line in lines for row in wrap(line, max(1, room))] if style.is_screen else lines


def execution_events_text(event: ExecutionEvent, style: Style) -> str:
    """Write one thing that an agent was seen doing, on one line."""
    mark = style.paint("failed", "red") + "  " if event.failed else ""
    kind = f"{style.line(event.kind):<13}"
    return f"{event.index:>6}  {style.time(event.at)}  {kind}  {mark}{style.line(event.summary)}"
