"""Cuts what is read to a size a model can take: log lines, events, patches."""

from collections import deque

import msgspec

from compas.api.history import DiffResponse, LogChunkItem, LogEvent, LogResponse
from compas.gateway.answers import LogAnswer

MOST_LOG_BYTES = 64 * 1024
MOST_PATCH_CHARACTERS = 100_000


class EnoughError(Exception):
    """The rest of a stream is not wanted."""


class LogReader:
    """Takes chunks of a log until it has so many lines, or so many bytes."""

    def __init__(self, execution: str, offset: int, lines: int) -> None:
        self._execution = execution
        self._offset = offset
        self._next = offset
        self._lines_left = lines
        self._bytes_left = MOST_LOG_BYTES
        self._pieces: list[str] = []

    def take(self, item: LogChunkItem) -> None:
        """Take what fits of a chunk. Raises EnoughError when not all of it did, or nothing more will."""
        if not self._pieces:
            self._execution, self._offset, self._next = item.execution_id, item.offset, item.offset
        if self._lines_left <= 0 or self._bytes_left <= 0:
            raise EnoughError
        content = item.text.encode()
        if len(content) != item.next_offset - item.offset:
            self._keep(item.text, item.text.count("\n"), item.next_offset)  # stands for what was cut from the log
            return
        fitting = self._fitting(content)
        self._keep(fitting.decode(errors="ignore"), fitting.count(b"\n"), item.offset + len(fitting))
        if len(fitting) < len(content):
            raise EnoughError

    def _fitting(self, content: bytes) -> bytes:
        """Return the whole lines that fit; of a first line that is too long, as much as fits."""
        end = 0
        for _ in range(self._lines_left):
            line_end = content.find(b"\n", end) + 1 or len(content)
            if line_end > self._bytes_left:
                break
            end = line_end
        if end or self._pieces:
            return content[:end]
        return content[: self._bytes_left].decode(errors="ignore").encode()

    def _keep(self, text: str, lines: int, next_offset: int) -> None:
        self._pieces.append(text)
        self._next = next_offset
        self._lines_left -= lines
        self._bytes_left -= len(text.encode())

    def answer(self, response: LogResponse | None) -> LogAnswer:
        """Return what was read; `response` is None when the end of the log was not reached."""
        return LogAnswer(
            execution_id=response.execution_id if response is not None else self._execution,
            offset=self._offset,
            next_offset=self._next,
            has_more=response is None,
            text="".join(self._pieces),
            status=response.status if response is not None else None,
            source=response.source if response is not None else None,
        )


class LineReader:
    """Takes the lines of a log from one on, so many of them, as far as they fit; of the last ones, the last.

    `first` is None for the last ones.
    """

    def __init__(self, first: int | None, limit: int) -> None:
        self._first = first
        self._limit = limit
        self._lines: deque[str] = deque()
        self._bytes = 0
        self._is_full = False

    def take(self, item: LogChunkItem) -> None:
        """Take a piece. There is room for one line at least."""
        for line in item.text.removesuffix("\n").split("\n"):
            self._bytes += len(line.encode()) + 1
            if self._first is None:
                self._lines.append(line)
                while self._bytes > MOST_LOG_BYTES and len(self._lines) > 1:
                    self._bytes -= len(self._lines.popleft().encode()) + 1
            elif not self._is_full:
                has_room = self._bytes <= MOST_LOG_BYTES or not self._lines
                self._is_full = not has_room or len(self._lines) == self._limit
                self._lines.extend([] if self._is_full else [line])

    def answer(self, response: LogResponse) -> LogAnswer:
        """Return what was read."""
        total, count = response.total_lines or 0, len(self._lines)
        offset = total - count if self._first is None else self._first
        return LogAnswer(
            execution_id=response.execution_id,
            offset=offset,
            next_offset=offset + count,
            has_more=offset + count < total,
            lines=tuple(self._lines),
            returned_lines=count,
            total_lines=total,
            status=response.status,
            source=response.source,
        )


class TailReader:
    """Takes the last lines of a log."""

    def __init__(self) -> None:
        self._text = b""
        self._offset: int | None = None

    def take(self, item: LogChunkItem) -> None:
        """Take a piece; of what gets too long, the end is kept."""
        content = self._text + item.text.encode()
        self._text = content[-MOST_LOG_BYTES:].decode(errors="ignore").encode()
        if self._text != content:
            self._offset = item.next_offset - len(self._text)
        elif self._offset is None:
            self._offset = item.offset

    def answer(self, response: LogResponse) -> LogAnswer:
        """Return what was read."""
        return LogAnswer(
            execution_id=response.execution_id,
            offset=response.next_offset if self._offset is None else max(0, self._offset),
            next_offset=response.next_offset,
            has_more=False,
            text=self._text.decode(),
            status=response.status,
            source=response.source,
        )


class EventReader:
    """Takes events until it has so many bytes of them."""

    def __init__(self) -> None:
        self.events: list[LogEvent] = []
        self._bytes_left = MOST_LOG_BYTES

    def take(self, event: LogEvent) -> None:
        """Take an event. Raises EnoughError when there is no room for it; the first always has some."""
        self._bytes_left -= len(msgspec.json.encode(event))
        if self._bytes_left < 0 and self.events:
            raise EnoughError
        self.events.append(event)


def shortened(response: DiffResponse) -> DiffResponse:
    """Cut a patch at the end of a line, and say so in it."""
    if len(response.text) <= MOST_PATCH_CHARACTERS:
        return response
    text = response.text[:MOST_PATCH_CHARACTERS]
    return msgspec.structs.replace(response, text=text[: text.rfind("\n") + 1] or text, truncated=True)
