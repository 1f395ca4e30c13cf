"""Lays out what grows at its end, each piece once, however often the screen is drawn meanwhile."""

import itertools
from collections import deque
from collections.abc import Callable, Collection
from typing import Generic, TypeVar

from compas.dashboard.lines import Line

T = TypeVar("T")


class Appended(Generic[T]):
    """The lines of the pieces that are kept: at most `most`, as of the pieces themselves."""

    def __init__(self, most: int) -> None:
        self._blocks: deque[list[Line]] = deque(maxlen=most)
        self._key: object = None
        self._count = 0
        self._lines: list[Line] = []

    def lines(self, pieces: Collection[T], count: int, key: object, lay_out: Callable[[T], list[Line]]) -> list[Line]:
        """Return the lines of all pieces; the same list as before while nothing has changed.

        `count` is how many pieces there were ever, those included that are not kept any more. What else the layout
        depends on is `key`: with another one, all of them are laid out again.
        """
        if key != self._key:
            self._key, new = key, len(pieces)
            self._blocks.clear()
        else:
            new = min(len(pieces), count - self._count)
            if not new:
                return self._lines
        self._count = count
        self._blocks.extend(map(lay_out, itertools.islice(pieces, len(pieces) - new, None)))
        self._lines = list(itertools.chain.from_iterable(self._blocks))
        return self._lines
