"""Splits a stream of bytes into lines without ever holding more than one line's limit. Pure."""

from typing import NamedTuple


class Line(NamedTuple):
    """One line without its newline; `dropped` counts the bytes beyond the limit."""

    content: bytes
    dropped: int = 0


class LineSplitter:
    """Cuts fed bytes at newlines; a line's bytes beyond `limit` are counted, not kept."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        # A list of pieces, joined once: `rest + chunk` per read would be quadratic in the line's length.
        self._pieces: list[bytes] = []
        self._length = 0
        self._dropped = 0

    def feed(self, data: bytes) -> list[Line]:
        """Add bytes; return the lines they complete."""
        first, *others = data.split(b"\n")
        self._extend(first)
        if not others:
            return []
        lines = [self._take()]
        last = others.pop()
        lines += [Line(content[: self._limit], max(0, len(content) - self._limit)) for content in others]
        self._extend(last)
        return lines

    def finish(self) -> list[Line]:
        """Return the last line if it lacks its newline; the splitter is empty then."""
        return [self._take()] if self._length else []

    def _extend(self, piece: bytes) -> None:
        kept = piece[: self._limit - self._length]
        self._dropped += len(piece) - len(kept)
        self._length += len(kept)
        if kept:
            self._pieces.append(kept)

    def _take(self) -> Line:
        line = Line(b"".join(self._pieces), self._dropped)
        self._pieces = []
        self._length = self._dropped = 0
        return line
