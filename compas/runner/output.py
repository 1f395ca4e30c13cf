"""Takes in what an agent writes: bytes to lines, redacted, marked by stream, into the log."""

import os
from collections.abc import Callable
from typing import Protocol

from compas.output.lines import Line, LineSplitter
from compas.runner.log import Log
from compas.runner.logformat import Stream, format_line

MAX_LINE_BYTES = 8 * 1024 * 1024
READ_BYTES = 256 * 1024
_CUT_MARGIN = 512


class Recorder:
    """Records one stream of an agent."""

    def __init__(self, stream: Stream, log: Log, redact: Callable[[list[str]], list[str]]) -> None:
        self._stream = stream
        self._log = log
        self._redact = redact
        self._limit = min(MAX_LINE_BYTES, log.line_limit)
        self._splitter = LineSplitter(self._limit)

    def feed(self, data: bytes) -> None:
        """Record the lines that these bytes complete."""
        self._record(self._splitter.feed(data))

    def finish(self) -> None:
        """Record the last line, if it lacks its newline."""
        self._record(self._splitter.finish())

    def note(self, text: str) -> None:
        """Put a line of the runner's own into the log."""
        self.finish()
        self._log.append(format_line("compas", text).encode())

    def _record(self, lines: list[Line]) -> None:
        if not lines:
            return
        texts = self._redact([line.content.decode("utf-8", "replace") for line in lines])
        for index, line in enumerate(lines):
            if line.dropped:
                texts[index] = self._mark_cut(texts[index], line.dropped)
        self._log.append("".join([format_line(self._stream, text) for text in texts]).encode())

    def _mark_cut(self, text: str, dropped: int) -> str:
        # Half a secret at the cut would match no pattern, so the last bit before it goes as well.
        return f"{text[: max(0, len(text) - _CUT_MARGIN)]} [cut: a line of {self._limit + dropped} bytes]"


class Source(Protocol):
    """Where a stream of the agent is read from."""

    is_closed: bool
    awaits_writers: bool
    """Whether output may still come although no process of the agent's tree is left."""
    skipped_bytes: int
    """Output that was never read."""

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when there is something to read."""

    def read_some(self) -> bool:
        """Record what is there, up to a limit; tell whether there may be more right now."""

    def finish(self) -> None:
        """Record what is left once nobody writes any more, then close."""


class PipeSource:
    """The reading end of a pipe."""

    def __init__(self, descriptor: int, recorder: Recorder) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._recorder = recorder
        self.is_closed = False
        self.awaits_writers = True
        self.skipped_bytes = 0

    def fileno(self) -> int:
        """Return the pipe's descriptor."""
        return self._descriptor

    def read_some(self) -> bool:
        """Read once. The end of the file, when all writers are gone, closes the source."""
        try:
            data = os.read(self._descriptor, READ_BYTES)
        except BlockingIOError:
            return False
        if data:
            self._recorder.feed(data)
            return True
        self._close()
        return False

    def finish(self) -> None:
        """Read what the pipe still holds; a foreign process that keeps it open is not waited for."""
        for _ in range(8):
            if self.is_closed or not self.read_some():
                break
        if not self.is_closed:
            self._close()

    def _close(self) -> None:
        self._recorder.finish()
        self.is_closed = True
        self.awaits_writers = False
        os.close(self._descriptor)
