"""A list on the screen: which row is selected, and which part of each of its blocks is to be seen."""

import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from compas.dashboard.lines import BLANK, Line, plain, spread, width_of
from compas.dashboard.selection import Selection, moved, settled
from compas.dashboard.widgets.shares import shares

LEAST_LINES = 2
"""A block that has to give way keeps so many lines; where there is no room for these, the whole list scrolls."""


AIR_PART = 5
"""Blank lines above headings stay where they take at most such a part of a screen on which not all rows have room."""


class Entry(NamedTuple):
    """A row: its key, how it is laid out once it is to be seen, and in how many lines.

    One that `counts` is one of the things that the list is about, and no head of some of them.
    """

    key: str
    lines: Callable[[], Sequence[Line]]
    height: int = 1
    counts: bool = True


class Block(NamedTuple):
    """A heading, and rows below it that share the screen with those of other blocks. `name` tells it from others."""

    name: str
    head: Sequence[Line]
    entries: Sequence[Entry] = ()

    @property
    def height(self) -> int:
        """How many lines the rows take."""
        return sum(entry.height for entry in self.entries)


class Listing:
    """Keeps the selected row in sight, and every block too as long as there is room for its heading and a few rows."""

    def __init__(self) -> None:
        self._selection = Selection()
        self._keys: tuple[str, ...] = ()
        self._tops: dict[str, int] = {}
        self._top = 0
        self._page = 1

    @property
    def selected(self) -> str | None:
        """The key of the selected row; None when there is none."""
        return self._selection.key

    @property
    def index(self) -> int:
        """Which of the rows it is, from 0."""
        return self._selection.index

    def settle(self, keys: Sequence[str]) -> None:
        """Take the rows there are now."""
        self._keys = tuple(keys)
        self._selection = settled(self._selection, self._keys)

    @property
    def left(self) -> int:
        """How many rows are below the selected one; before any are known, more than can be."""
        return len(self._keys) - 1 - self._selection.index if self._keys else sys.maxsize

    def select(self, key: str) -> None:
        """Select a row by its key; one that is not there changes nothing."""
        if key in self._keys:
            self._selection = settled(Selection(key=key), self._keys)

    def move(self, by: int) -> None:
        """Select a row further down, or up."""
        self._selection = moved(self._selection, self._keys, by)

    def move_pages(self, by: int) -> None:
        """Select a row about as far down, or up, as its block shows."""
        self.move(by * max(1, self._page - 1))

    def to_end(self, *, is_last: bool) -> None:
        """Select the first or the last row."""
        self.move(len(self._keys) if is_last else -len(self._keys))

    def window(self, blocks: Sequence[Block], width: int, height: int) -> list[Line]:
        """Return the lines to be seen, at most `height` of `width` columns."""
        dense = [_without_air(block) for block in blocks]
        for candidate in (blocks, dense) if _may_have_air(blocks, dense, height) else (dense,):
            room = height - sum(len(block.head) for block in candidate)
            if room >= sum(min(block.height, _least(block)) for block in candidate):
                given = shares([block.height for block in candidate], room)
                return [
                    line
                    for block, lines in zip(candidate, given, strict=True)
                    for line in self._block(block, lines, width)
                ]
        return self._scrolled(blocks, height)

    def _block(self, block: Block, room: int, width: int) -> list[Line]:
        """Return a block with as many of its rows as there is room for, the selected one among them."""
        entries = block.entries
        at = next((number for number, entry in enumerate(entries) if entry.key == self.selected), None)
        top, end = _in_sight(entries, self._tops.get(block.name, 0), at, room)
        self._tops[block.name] = top
        if at is not None:
            self._page = end - top
        shown = [line for entry in entries[top:end] for line in entry.lines()][:room]
        said = _place(entries, top, end) if end - top < len(entries) else ""
        return [*_headed(block.head, said, width), *shown]

    def _scrolled(self, blocks: Sequence[Block], height: int) -> list[Line]:
        """Return a part of the whole list: there is no room for a part of each block."""
        places: list[tuple[Entry | None, Line | None]] = []
        span = (0, 1)
        for block in blocks:
            places += [(None, line) for line in block.head]
            for entry in block.entries:
                if entry.key == self.selected:
                    # The heading of the first row of a block is shown with it.
                    above = len(block.head) if entry is block.entries[0] else 0
                    span = (len(places) - min(above, 2), len(places) + entry.height)
                places += [(entry, None)] * entry.height
        self._page = max(1, height // 2)
        top = max(min(self._top, span[0]), span[1] - height)
        self._top = max(0, min(top, len(places) - height))
        return _drawn(places[self._top : self._top + height])


def _drawn(places: Sequence[tuple[Entry | None, Line | None]]) -> list[Line]:
    found: list[Line] = []
    done: Entry | None = None
    for entry, line in places:
        if entry is None:
            found.append(line or BLANK)
        elif entry is not done:
            done = entry
            # Of a row that begins above the screen, its last lines are seen.
            there = sum(1 for other, _ in places if other is entry)
            lines = list(entry.lines())
            found += lines[-there:] if entry is places[0][0] else lines[:there]
    return found


def _headed(head: Sequence[Line], said: str, width: int) -> list[Line]:
    """Return a heading with what is said at the end of its first line, if there is room."""
    found = list(head)
    first = next((number for number, line in enumerate(found) if line.text.strip()), None)
    if said and first is not None and width_of(found[first].text) + len(said) < width:
        found[first] = spread(found[first], plain(said, "dim"), width)
    return found


def _in_sight(entries: Sequence[Entry], top: int, at: int | None, room: int) -> tuple[int, int]:
    """Return the first entry to be seen and the one behind the last: about from `top` on, with `at` among them."""
    if not entries or room < 1:
        return 0, 0
    top = min(top, len(entries) - 1) if at is None else min(top, at)
    if at is not None:
        top = max(top, _first_before(entries, at, room))
    top = min(top, _first_before(entries, len(entries) - 1, room))  # no room is left empty below the last
    end, used = top, 0
    while end < len(entries) and (end == top or used + entries[end].height <= room):
        used += entries[end].height
        end += 1
    return top, end


def _first_before(entries: Sequence[Entry], last: int, room: int) -> int:
    """Return the first of the entries up to the last one that there is room for together."""
    first, used = last, entries[last].height
    while first > 0 and used + entries[first - 1].height <= room:
        first -= 1
        used += entries[first].height
    return first


def _place(entries: Sequence[Entry], top: int, end: int) -> str:
    """Say which of all things are to be seen; nothing where heads alone are."""
    before, shown, total = (sum(one.counts for one in part) for part in (entries[:top], entries[top:end], entries))
    return f"{before + 1}-{before + shown} of {total} " if shown else ""


def _may_have_air(blocks: Sequence[Block], dense: Sequence[Block], height: int) -> bool:
    """Tell whether there is room for blank lines: beside all rows, or because they are few on a screen like this."""
    wanted = sum(len(block.head) + block.height for block in blocks)
    air = sum(len(block.head) for block in blocks) - sum(len(block.head) for block in dense)
    return wanted <= height or air * AIR_PART <= height


def _least(block: Block) -> int:
    return max([LEAST_LINES, *(entry.height for entry in block.entries)])


def _without_air(block: Block) -> Block:
    return block._replace(head=[line for line in block.head if line.text.strip()])
