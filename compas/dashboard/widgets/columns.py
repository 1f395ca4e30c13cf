"""Lays cells out in columns: which of them a screen has room for, how wide each is, and their names above. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from compas.dashboard.lines import Line, Segment, cut_line, cut_words, fit, right, width_of
from compas.dashboard.theme import marks

TWO_LINES_BELOW = 60
"""On a narrower screen the column that takes what is left has a line of its own, unless it is the first."""
LEAST = 10
"""Columns which that one keeps."""


class Column(NamedTuple):
    """One column: its name, and how wide it is; of no width, it takes what is left. It is there from a screen width
    on."""

    name: str
    width: int
    is_right: bool = False
    at_least: int = 0


Cell = tuple[Segment, ...]
"""What stands in a column, piece by piece."""


class Table(NamedTuple):
    """Columns, for a screen of some width."""

    columns: Sequence[Column]
    width: int

    @property
    def height(self) -> int:
        """How many lines each row takes."""
        has_rest = any(not column.width for column in self.columns[1:])
        return 2 if has_rest and self.width < TWO_LINES_BELOW else 1

    @property
    def rest(self) -> int:
        """How wide the column is that takes what is left."""
        if self.height == 2:
            return max(1, self.width - 5)
        return max(LEAST, self._left(self._shown()))

    def _left(self, columns: Sequence[Column]) -> int:
        return self.width - 4 - sum(one.width + 1 for one in columns if one.width)

    def _shown(self) -> list[Column]:
        """Return the columns for this width; those for the widest screens go first where there is no room for all."""
        shown = [column for column in self.columns if column.at_least <= self.width]
        while self.height == 1 and self._left(shown) < LEAST and (most := max(one.at_least for one in shown)) > 0:
            shown = [column for column in shown if column.at_least < most]
        return shown

    def head(self) -> Line:
        """Return the names of the columns."""
        words = [self._sized(column, ((("dim", column.name)),)) for column in self._shown() if self._is_in_line(column)]
        return cut_line(Line((("", "  "), *(piece for word in words for piece in word))), self.width)

    def lines(self, key: str, cells: Sequence[Cell], *, is_selected: bool, is_marked: bool = False) -> list[Line]:
        """Return the lines of a row, whose cells are in the order of the columns, those not shown among them."""
        shown = self._shown()
        pairs = [pair for pair in zip(self.columns, cells, strict=True) if pair[0] in shown]
        first = [piece for one, cell in pairs if self._is_in_line(one) for piece in self._sized(one, cell)]
        start = marks(is_selected=is_selected, is_marked=is_marked)
        found = [Line((*start, *first))]
        if self.height == 2:
            rest = _cut(next(cell for column, cell in pairs if not column.width), self.rest)
            found.append(Line((("", "    "), *rest)))
        ground = "chosen" if is_selected else ""
        return [msgspec.structs.replace(cut_line(line, self.width), key=key, ground=ground) for line in found]

    def _is_in_line(self, column: Column) -> bool:
        return bool(column.width) or self.height == 1

    def _sized(self, column: Column, cell: Cell) -> list[Segment]:
        width = column.width or self.rest
        if len(cell) == 1:
            style, text = cell[0]
            short = text if column.width else cut_words(text, width)
            return [(style, right(short, width) if column.is_right else fit(short, width)), ("", " ")]
        pieces = _cut(cell, width)
        gap = width - sum(width_of(text) for _, text in pieces)
        return [*pieces, ("", " " * (gap + 1))]


def _cut(cell: Cell, width: int) -> list[Segment]:
    found: list[Segment] = []
    for style, text in cell:
        left = width - sum(width_of(piece) for _, piece in found)
        if left <= 0:
            break
        found.append((style, cut_words(text, left)))
    return found


def beside(title: str, reason: str, width: int, *, style: str = "", is_bad: bool = True) -> Cell:
    """Return a title with a reason behind it. The title keeps most of the width, however long a bad reason is, and as
    much as it needs beside any other."""
    if not reason:
        return ((style, cut_words(title, width)),)
    kept = cut_words(title, max(width * 3 // 5, width - width_of(reason) - 3) if is_bad else width)
    left = width - width_of(kept) - 3
    return ((style, kept), ("bad" if is_bad else "dim", f" · {cut_words(reason, left)}" if left > 0 else ""))
