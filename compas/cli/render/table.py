"""Aligns rows of cells, and names with their values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from compas.cli.render.text import Colour, Style, cut, cut_words, pad, told, width_of

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


class Column(NamedTuple):
    """A column of a table that fits. `least` are the columns of the screen that it keeps; None keeps all of it.

    Where there is no room, columns with the highest `spare` are left out first; those with 0 never are.
    """

    head: str
    least: int | None = None
    spare: int = 0


def fitted(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], style: Style) -> str:
    """Write rows under their heads, in no more than the screen's width.

    What can be spared is left out first, then columns that may be cut are, between words, the widest first.
    """
    lines = [tuple(Cell(column.head, "bold") for column in columns), *(tuple(_clean(row, style)) for row in rows)]
    widths = [max(width_of(line[index].text) for line in lines) for index in range(len(columns))]
    kept = _kept(columns, widths, style.width)
    narrowed = _narrowed([columns[index] for index in kept], [widths[index] for index in kept], style.width)
    shown = [[_cut(line[index], width) for index, width in zip(kept, narrowed, strict=True)] for line in lines]
    return "\n".join(_line(line, narrowed, style) for line in shown)


def _kept(columns: Sequence[Column], widths: Sequence[int], room: int) -> list[int]:
    """Return which columns there is room for, once each that may be cut is as narrow as it may be."""
    kept = list(range(len(columns)))

    def needed() -> int:
        least = (min(widths[index], columns[index].least or widths[index]) for index in kept)
        return sum(least) + len(_GAP) * (len(kept) - 1)

    while needed() > room:
        spared = max(kept, key=lambda index: (columns[index].spare, index))
        if not columns[spared].spare:
            break
        kept.remove(spared)
    return kept


def _narrowed(columns: Sequence[Column], widths: Sequence[int], room: int) -> list[int]:
    """Return how wide each column is: the widest that may be cut gives way, one column of the screen at a time."""
    found = list(widths)
    over = sum(found) + len(_GAP) * (len(found) - 1) - room
    least = [found[index] if column.least is None else column.least for index, column in enumerate(columns)]
    while over > 0:
        wide = [index for index, width in enumerate(found) if width > least[index]]
        if not wide:
            break
        found[max(wide, key=lambda index: found[index])] -= 1
        over -= 1
    return found


def _cut(cell: Cell, width: int) -> Cell:
    return Cell(cut_words(cell.text, width), cell.colour)


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
