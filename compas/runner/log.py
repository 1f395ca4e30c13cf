"""The execution's log: its head on disk, its end in memory until the limit is sure to be kept."""

import os
from collections import deque
from typing import NamedTuple

from compas.runner import files
from compas.runner.logformat import cut_notice

TAIL_SHARE = 8
"""One part in so many of the limit is kept for the end of the log."""
_READ_BYTES = 64 * 1024


class Piece(NamedTuple):
    """Whole lines from the log; for a cut, the one line that stands for it."""

    offset: int
    next_offset: int
    content: bytes


class Ending(NamedTuple):
    """What the finished file holds: `log_bytes` in all, `cut_bytes` left out at `cut_at`."""

    log_bytes: int
    cut_at: int
    cut_bytes: int


class Log:
    """Appends whole lines and reads them back by their offset in the uncut log.

    The first 7/8 of the limit go to the file at once. What follows is held as a ring of the last 1/8 and
    written by `finish`, after one line that says how much was cut between. A file that cannot be written
    never fails the execution (a-core 45): the ring goes on, and `error` says what happened.
    """

    def __init__(self, directory: int, limit: int) -> None:
        self._file = _File(directory)
        self._head_limit = limit - limit // TAIL_SHARE
        self._head_bytes = self._file.size
        self._is_head_open = True
        self._tail = _Ring(limit // TAIL_SHARE, self._head_bytes)
        self.line_limit = limit // TAIL_SHARE
        """The longest line that is sure to fit into the part kept for the end."""

    @property
    def end(self) -> int:
        """Offset after the last line."""
        return self._head_bytes if self._is_head_open else self._tail.end

    @property
    def error(self) -> str | None:
        """Why the file lacks something beside the cut, if it does."""
        return self._file.error

    def append(self, content: bytes) -> None:
        """Add whole lines."""
        if self._is_head_open:
            content = self._append_to_head(content)
        if content:
            self._tail.append(content)

    def read(self, offset: int) -> Piece | None:
        """Return some whole lines from `offset` on, or None at the end."""
        if offset >= self.end:
            return None
        if offset < self._head_bytes:
            content = self._file.read_lines(offset, self._head_bytes)
            if not content:  # somebody else has truncated the file
                return Piece(offset, self._head_bytes, cut_notice(self._head_bytes - offset).encode())
            return Piece(offset, offset + len(content), content)
        return self._tail.read(offset)

    def finish(self) -> Ending:
        """Write the end of the log and sync it; it can still be read."""
        cut_bytes = 0 if self._is_head_open else self._tail.start - self._head_bytes
        if not self._is_head_open:
            notice = cut_notice(cut_bytes).encode() if cut_bytes else b""
            if not self._file.append(notice + self._tail.content()):
                cut_bytes = self.end - self._head_bytes
        self._file.sync()
        return Ending(self._file.size, self._head_bytes, cut_bytes)

    def _append_to_head(self, content: bytes) -> bytes:
        """Return what the head did not take; then it takes no more."""
        room = self._head_limit - self._head_bytes
        fitting = content
        if len(content) > room:
            fitting = content[: content.rfind(b"\n", 0, max(0, room)) + 1]
        if not self._file.append(fitting):
            fitting = b""
        self._head_bytes += len(fitting)
        if len(fitting) < len(content):
            self._is_head_open = False
            self._tail = _Ring(self.line_limit, self._head_bytes)
        return content[len(fitting) :]


class _File:
    """`output.log` itself. Appends all or nothing; an error is remembered, not raised."""

    def __init__(self, directory: int) -> None:
        self.size = 0
        self.error: str | None = None
        self._descriptor: int | None = None
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self._descriptor = os.open(files.LOG, flags, 0o600, dir_fd=directory)
        except OSError as err:
            self.error = f"{files.LOG} cannot be opened: {err.strerror}"
        else:
            # A runner that died before its agent ran may have left a line of its own.
            self.size = os.fstat(self._descriptor).st_size

    def append(self, content: bytes) -> bool:
        if self._descriptor is None:
            return False
        view = memoryview(content)
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError as err:
            self.error = f"{files.LOG} could not be written: {err.strerror}"
            os.ftruncate(self._descriptor, self.size)
            return False
        self.size += len(content)
        return True

    def read_lines(self, offset: int, end: int) -> bytes:
        assert self._descriptor is not None
        wanted = _READ_BYTES
        while True:
            asked = min(wanted, end - offset)
            content = os.pread(self._descriptor, asked, offset)
            is_rest = offset + len(content) >= end or len(content) < asked
            cut = len(content) if is_rest else content.rfind(b"\n") + 1
            if cut or is_rest:
                return content[:cut]
            wanted *= 4

    def sync(self) -> None:
        if self._descriptor is None:
            return
        try:
            os.fsync(self._descriptor)
        except OSError as err:
            self.error = f"{files.LOG} could not be synced: {err.strerror}"


class _Block(NamedTuple):
    offset: int
    content: bytearray


class _Ring:
    """The last lines, about `limit` bytes of them; at least the last line is always whole."""

    def __init__(self, limit: int, start: int) -> None:
        self._limit = limit
        self._block_limit = min(_READ_BYTES, limit // 8)
        self._blocks: deque[_Block] = deque()
        self._size = 0
        self.end = start

    @property
    def start(self) -> int:
        return self._blocks[0].offset if self._blocks else self.end

    def append(self, content: bytes) -> None:
        start = 0
        while start < len(content):
            end = content.rfind(b"\n", start, start + self._block_limit) + 1
            if not end:
                end = content.index(b"\n", start) + 1
            self._append_lines(content[start:end])
            start = end

    def _append_lines(self, content: bytes) -> None:
        if not self._blocks or len(self._blocks[-1].content) + len(content) > self._block_limit:
            self._blocks.append(_Block(self.end, bytearray()))
        self._blocks[-1].content.extend(content)
        self._size += len(content)
        self.end += len(content)
        while self._size > self._limit and len(self._blocks) > 1:
            self._size -= len(self._blocks.popleft().content)

    def read(self, offset: int) -> Piece:
        if offset < self.start:
            return Piece(offset, self.start, cut_notice(self.start - offset).encode())
        block = next(block for block in reversed(self._blocks) if block.offset <= offset)
        content = bytes(block.content[offset - block.offset :])
        return Piece(offset, offset + len(content), content)

    def content(self) -> bytes:
        return b"".join([block.content for block in self._blocks])
