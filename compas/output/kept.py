"""Keeps what a command prints: redacted, in a log up to a limit, with its last lines for an error."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from compas.output.lines import Line, LineSplitter
from compas.output.redact import Redactor

LOG_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of output that are kept unless more are asked for; what comes after is counted."""
LINE_LIMIT: Final = 64 * 1024
TAIL_LINES: Final = 20
TAIL_LINE_CHARACTERS: Final = 500


class KeptOutput:
    """Takes in what a command prints, as it comes. Writing to the log may raise OSError, and blocks."""

    def __init__(self, log: int, redactor: Redactor | None, limit: int = LOG_LIMIT) -> None:
        self._log = log
        self._redactor = redactor
        self._limit = limit
        self._splitter = LineSplitter(LINE_LIMIT)
        self._written = 0
        self._last: list[str] = []
        self.cut_bytes = 0

    def feed(self, data: bytes) -> None:
        """Take in bytes."""
        self._take(self._splitter.feed(data))

    def finish(self, *words: str) -> None:
        """Take in the last line, and end the log with words of our own and with how much was cut."""
        self._take(self._splitter.finish())
        cut = (f"{self.cut_bytes} more bytes are not kept",) if self.cut_bytes else ()
        for said in (*words, *cut):
            _write(self._log, f"[compas: {said}]\n".encode())

    def tail(self) -> str:
        """Return the last lines."""
        return "\n".join(self._last).strip()

    def _take(self, lines: list[Line]) -> None:
        texts = [line.content.decode("utf-8", "replace") for line in lines]
        if self._redactor is not None:
            texts = self._redactor.lines(texts)
        self.cut_bytes += sum(line.dropped for line in lines)
        for text in texts:
            data = f"{text}\n".encode()
            if self._written + len(data) > self._limit:
                self.cut_bytes += len(data)
                continue
            _write(self._log, data)
            self._written += len(data)
        self._last = [*self._last, *(text[:TAIL_LINE_CHARACTERS] for text in texts)][-TAIL_LINES:]


@contextmanager
def open_output_log(path: str) -> Iterator[int]:
    """Begin a log anew; only the operator may read it. Raises OSError."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _write(log: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(log, left) :]
