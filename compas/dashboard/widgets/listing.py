"""A list on the screen: which row is selected, and which part of it is to be seen."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

from compas.dashboard.lines import Line
from compas.dashboard.selection import Selection, moved, settled


class Entry(NamedTuple):
    """One line of a list: the key of its row, None where it is none, and how it is laid out once it is to be seen."""

    key: str | None
    line: Callable[[], Line]


def fixed(lines: Iterable[Line]) -> list[Entry]:
    """Return lines that belong to no row."""
    return [Entry(None, partial(_as_is, line)) for line in lines]


def _as_is(line: Line) -> Line:
    return line


class Listing:
    """Keeps the selected row in sight, with the heading above it where there is room."""

    def __init__(self) -> None:
        self._selection = Selection()
        self._keys: tuple[str, ...] = ()
        self._top = 0
        self._height = 1

    @property
    def selected(self) -> str | None:
        """The key of the selected row; None when there is none."""
        return self._selection.key

    def settle(self, keys: Sequence[str]) -> None:
        """Take the rows there are now."""
        self._keys = tuple(keys)
        self._selection = settled(self._selection, self._keys)

    def select(self, key: str) -> None:
        """Select a row by its key; one that is not there changes nothing."""
        if key in self._keys:
            self._selection = settled(Selection(key=key), self._keys)

    def move(self, by: int) -> None:
        """Select a row further down, or up."""
        self._selection = moved(self._selection, self._keys, by)

    def move_pages(self, by: int) -> None:
        """Select a row about a screen further down, or up."""
        self.move(by * max(1, self._height - 1))

    def to_end(self, *, is_last: bool) -> None:
        """Select the first or the last row."""
        self.move(len(self._keys) if is_last else -len(self._keys))

    def window(self, entries: Sequence[Entry], height: int) -> list[Line]:
        """Return the lines to be seen."""
        self._height = max(1, height)
        at = next((number for number, entry in enumerate(entries) if entry.key and entry.key == self.selected), 0)
        first = next((number for number, entry in enumerate(entries) if entry.key), 0)
        # Above the first row there is nothing to select, so the way to the top of the list is to select that row.
        above = at if at <= first else 1
        self._top = max(min(self._top, at - min(above, height - 1)), at - height + 1)
        self._top = max(0, min(self._top, len(entries) - height))
        return [entry.line() for entry in entries[self._top : self._top + height]]
