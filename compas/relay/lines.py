"""Cuts a byte stream into lines, each of which is one message."""

from collections.abc import Callable, Iterator

MOST_LINE_BYTES = 16 * 1024 * 1024
KEPT_OF_A_LONG_LINE = 4096
"""Bytes of a line over the limit that are kept: enough to see whose it was."""


def _forget(beginning: bytes) -> None:
    """Nobody wants to know."""


class LineSplitter:
    """Cuts a byte stream, fed piece by piece, into lines; one that is over `limit` bytes is dropped."""

    def __init__(self, limit: int = MOST_LINE_BYTES, on_dropped: Callable[[bytes], None] = _forget) -> None:
        """`on_dropped` is called with the beginning of each line that is dropped, once it has ended."""
        self._limit = limit
        self._on_dropped = on_dropped
        self._pieces: list[bytes] = []
        self._size = 0
        self.dropped = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the lines that are whole now, without their ends."""
        *ends, rest = data.split(b"\n")
        for end in ends:
            self._add(end)
            if self._size > self._limit:
                self.dropped += 1
                self._on_dropped(b"".join(self._pieces))
            else:
                yield b"".join(self._pieces)
            self._pieces, self._size = [], 0
        self._add(rest)

    def _add(self, piece: bytes) -> None:
        is_over = self._size > self._limit
        self._size += len(piece)
        if self._size <= self._limit:
            self._pieces.append(piece)
        elif not is_over:
            self._pieces = [b"".join([*self._pieces, piece])[:KEPT_OF_A_LONG_LINE]]
