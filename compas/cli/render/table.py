"""Aligns rows of cells, and names with their values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from compas.cli.render.text import Colour, Style, cut, pad, told, width_of

if TYPE_CHECKING:
    from compas.domain.advice import Said

_GAP = "  "
_LEAST = 12
"""Columns the last cell keeps at least: rather than lose it, a narrow screen breaks lines."""


class Cell(NamedTuple):
    """One cell: what it says, and its colour."""

    text: str
    colour: Colour | None = None


def table(heads: Sequence[str], rows: Sequence[Sequence[Cell]], style: Style) -> str:
    """Write rows under their heads. Every column is as wide as its content; the last is cut at the screen's edge.

    Cells before the last are never cut: ids stand in them, and half an id cannot be copied.
    """
    lines = [tuple(Cell(head, "bold") for head in heads), *(tuple(_clean(row, style)) for row in rows)]
    widths = [max(width_of(line[column].text) for line in lines) for column in range(len(heads))]
    before_last = sum(widths[:-1]) + len(_GAP) * (len(heads) - 1)
    last = max(_LEAST, style.width - before_last) if style.is_screen else widths[-1]
    return "\n".join(_line(line, [*widths[:-1], last], style) for line in lines)


def _clean(row: Iterable[Cell], style: Style) -> Iterable[Cell]:
    return (Cell(style.line(cell.text), cell.colour) for cell in row)


def _line(cells: Sequence[Cell], widths: Sequence[int], style: Style) -> str:
    *first, last = zip(cells, widths, strict=True)
    parts = [style.paint(cell.text, cell.colour) + pad("", width - width_of(cell.text)) for cell, width in first]
    cell, width = last
    return _GAP.join([*parts, style.paint(cut(cell.text, width), cell.colour)]).rstrip()


def pairs(named: Iterable[tuple[str, Said | None]], style: Style) -> str:
    """Write names with their values below one another; a name without a value is left out."""
    present = [(name, told(value)) for name, value in named if value]
    width = max((width_of(name) for name, _ in present), default=0)
    return "\n".join(f"{style.paint(pad(name, width), 'bold')}{_GAP}{style.line(value)}" for name, value in present)
