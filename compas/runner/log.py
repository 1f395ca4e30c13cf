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


class _Block(NamedTuple):
    offset: int
    content: bytearray


class Log:
    """Appends whole lines and reads them back by their offset in the uncut log.

    The first 7/8 of the limit go to the file at once. What follows is held as a ring of the last 1/8 and
    written by `finish`, after one line that says how much was cut between.
    """

    def __init__(self, directory: int, limit: int) -> None:
        self._descriptor = os.open(
            files.LOG,
            os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW,
            0o600,
            dir_fd=directory,
        )
        self._head_limit = limit - limit // TAIL_SHARE
        self._tail_limit = limit // TAIL_SHARE
        # What a runner that died before its agent ran may have left is part of the log.
        self._head_bytes = os.fstat(self._descriptor).st_size
        self._head_open = True
        self._tail: deque[_Block] = deque()
        self._tail_bytes = 0
        self.end = self._head_bytes
        """Offset after the last line."""
        self.error: str | None = None
        """Why the file could not be written, if so; the end of the log is still held in memory."""

    @property
    def line_limit(self) -> int:
        """The longest line that is sure to fit into the part kept for the end."""
        return self._tail_limit

    @property
    def cut_at(self) -> int:
        """Offset up to which the file holds the log without a gap."""
        return self._head_bytes

    @property
    def cut_bytes(self) -> int:
        """How much is held neither by the file nor by the ring."""
        return (self._tail[0].offset if self._tail else self.end) - self._head_bytes

    def append(self, content: bytes) -> None:
        """Add whole lines. A file that cannot be written is closed to more, and `error` says so."""
        if self._head_open:
            content = self._append_to_head(content)
        if content:
            self._append_to_tail(content)

    def read(self, offset: int) -> Piece | None:
        """Return some whole lines from `offset` on, or None at the end."""
        if offset >= self.end:
            return None
        if offset < self._head_bytes:
            return self._read_head(offset)
        for block in self._tail:
            block_end = block.offset + len(block.content)
            if offset < block.offset:
                return Piece(offset, block.offset, cut_notice(block.offset - offset).encode())
            if offset < block_end:
                return Piece(offset, block_end, bytes(block.content[offset - block.offset :]))
        return Piece(offset, self.end, cut_notice(self.end - offset).encode())

    def finish(self) -> int:
        """Write the end of the log and sync it. Return the file's size."""
        if self.error is None and self._tail:
            notice = cut_notice(self.cut_bytes).encode() if self.cut_bytes else b""
            if not self._write(b"".join([notice, *(block.content for block in self._tail)])):
                self._drop_tail_from_file()
        try:
            os.fsync(self._descriptor)
        except OSError as err:
            self.error = self.error or f"output.log could not be synced: {err}"
        return os.fstat(self._descriptor).st_size

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _append_to_head(self, content: bytes) -> bytes:
        room = self._head_limit - self._head_bytes
        if len(content) > room:
            self._head_open = False
            fitting = content[: content.rfind(b"\n", 0, max(0, room)) + 1]
        else:
            fitting = content
        if self._write(fitting):
            self._head_bytes += len(fitting)
            self.end = self._head_bytes
            return content[len(fitting) :]
        self._head_open = False
        os.ftruncate(self._descriptor, self._head_bytes)
        return content

    def _append_to_tail(self, content: bytes) -> None:
        if not self._tail or len(self._tail[-1].content) >= min(_READ_BYTES, self._tail_limit // 8):
            self._tail.append(_Block(self.end, bytearray()))
        self._tail[-1].content.extend(content)
        self._tail_bytes += len(content)
        self.end += len(content)
        while self._tail_bytes > self._tail_limit and len(self._tail) > 1:
            self._tail_bytes -= len(self._tail.popleft().content)

    def _read_head(self, offset: int) -> Piece:
        wanted = min(_READ_BYTES, self._head_bytes - offset)
        while True:
            content = os.pread(self._descriptor, wanted, offset)
            end = content.rfind(b"\n") + 1
            if end or len(content) < wanted or offset + wanted >= self._head_bytes:
                content = content[:end] if end else content
                return Piece(offset, offset + len(content), content)
            wanted = min(wanted * 4, self._head_bytes - offset)

    def _write(self, content: bytes) -> bool:
        view = memoryview(content)
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError as err:
            self.error = f"output.log could not be written: {err}"
            return False
        return True

    def _drop_tail_from_file(self) -> None:
        os.ftruncate(self._descriptor, self._head_bytes)
        self._tail.clear()
        self._tail_bytes = 0
