"""Which lines of a log are passed on: the first ones from a place on, or the last ones, each with its exact place."""

from collections import deque
from collections.abc import Iterator, Sequence

import msgspec

from compas.api.history import LogChunkItem


class Head:
    """Lets so many lines through, then nothing; `limit` None lets everything through."""

    def __init__(self, limit: int | None) -> None:
        self._left = limit
        self.is_cut = False
        """Whether there was more than was let through."""

    @property
    def is_full(self) -> bool:
        """True once nothing more will be let through."""
        return self._left == 0

    def take(self, item: LogChunkItem) -> LogChunkItem | None:
        """Return what of a piece is let through, or None."""
        if self._left is None:
            return item
        if self._left == 0:
            self.is_cut = True
            return None
        ends = [place.next_offset for place in _lines(item)]
        if len(ends) <= self._left or not _is_exact(item):
            # A piece whose places are not known is never cut: what is cut from it could not be read on.
            self._left = max(0, self._left - len(ends))
            return item
        lines = item.text.split("\n")[: self._left]
        end = ends[self._left - 1]
        self._left, self.is_cut = 0, True
        return msgspec.structs.replace(item, text="".join(f"{line}\n" for line in lines), next_offset=end)


class Tail:
    """Keeps the last lines of a log, and counts all."""

    def __init__(self, limit: int) -> None:
        self._lines: deque[LogChunkItem] = deque(maxlen=limit)
        self.total = 0
        """How many lines there were by now."""

    def take(self, item: LogChunkItem) -> None:
        """Take a piece."""
        self._lines.extend(_lines(item))
        self.total += _count(item.text)

    def whole(self) -> LogChunkItem | None:
        """Return the last lines as one piece, or None when there were none."""
        return _joined(self._lines)


class Part:
    """Lets lines through from one on, at most so many, and counts all."""

    def __init__(self, first: int, limit: int | None) -> None:
        self._first = first
        self._end = None if limit is None else first + limit
        self.total = 0
        """How many lines there were by now, let through or not."""

    @property
    def is_full(self) -> bool:
        """True once nothing more will be let through."""
        return self._end is not None and self.total >= self._end

    @property
    def is_cut(self) -> bool:
        """Whether there was more than was let through."""
        return self._end is not None and self.total > self._end

    def take(self, item: LogChunkItem) -> LogChunkItem | None:
        """Return what of a piece is let through, or None."""
        before, was_full = self.total, self.is_full
        self.total += _count(item.text)
        if was_full or self.total <= self._first:
            return None
        end = self.total if self._end is None else min(self._end, self.total)
        shown = _joined([*_lines(item)][max(0, self._first - before) : end - before])
        return None if shown is None else msgspec.structs.replace(shown, next_line=end)


def _count(text: str) -> int:
    """Count lines; a last one without its end is one too."""
    return text.count("\n") + (not text.endswith("\n") and text != "")


def _joined(lines: Sequence[LogChunkItem]) -> LogChunkItem | None:
    if not lines:
        return None
    return msgspec.structs.replace(lines[-1], offset=lines[0].offset, text="".join(line.text for line in lines))


def _lines(item: LogChunkItem) -> Iterator[LogChunkItem]:
    """Split a piece into its lines. Only a newline ends one: others stand inside of JSON strings.

    Where the text is not the log's own bytes, as where a notice stands for a cut, the whole piece is its lines' place.
    """
    is_exact = _is_exact(item)
    at = item.offset
    *whole, rest = item.text.split("\n")
    for line in [*(f"{line}\n" for line in whole), *([rest] if rest else [])]:
        following = at + len(line.encode()) if is_exact else item.next_offset
        yield msgspec.structs.replace(item, text=line, offset=at, next_offset=following)
        at = following if is_exact else at


def _is_exact(item: LogChunkItem) -> bool:
    return len(item.text.encode()) == item.next_offset - item.offset
