"""Reads the log of an execution that has ended, by the same offsets as its runner gave."""

import contextlib
import os
import stat
from pathlib import Path

from compas.runner import files
from compas.runner.logformat import cut_notice, lost_notice
from compas.runner.messages import Exit, LogChunk

DEFAULT_LIMIT_BYTES = 64 * 1024


def read_log(directory: Path, offset: int = 0, limit: int = DEFAULT_LIMIT_BYTES) -> LogChunk | None:
    """Return whole lines from `offset` on, about `limit` bytes of them (at least one line), or None at the end.

    Without an `exit.json` yet, what is on disk so far is read.
    """
    with files.open_directory(directory) as descriptor:
        ended = files.read(descriptor, files.EXIT, Exit)
        log = _open(descriptor)
    try:
        return _read(log, ended, offset, limit)
    finally:
        os.close(log)


def uncut_end(ended: Exit) -> int:
    """Return the offset after the last line of the whole log, whatever of it was cut or lost."""
    if not ended.cut_bytes:
        return ended.log_bytes
    tail_bytes = ended.log_bytes - ended.cut_at
    return ended.cut_at + ended.cut_bytes + max(0, tail_bytes - len(cut_notice(ended.cut_bytes)))


def _open(directory: int) -> int:
    """Open the log; what stands in its place, if it could not be made or has been deleted, reads as empty."""
    with contextlib.suppress(OSError):
        log = os.open(files.LOG, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
        if stat.S_ISREG(os.fstat(log).st_mode):
            return log
        os.close(log)
    return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)


def _read(log: int, ended: Exit | None, offset: int, limit: int) -> LogChunk | None:
    if ended is None or not ended.cut_bytes:
        return _chunk(log, offset, 0, os.fstat(log).st_size, limit)
    tail_start = ended.cut_at + ended.cut_bytes
    notice = cut_notice(ended.cut_bytes)
    if offset < ended.cut_at:
        return _chunk(log, offset, 0, ended.cut_at, limit)
    if offset < tail_start:
        text = _stand_in(ended, tail_start - offset)
        return LogChunk(offset=offset, next_offset=tail_start, text=text)
    return _chunk(log, offset, len(notice) - ended.cut_bytes, ended.log_bytes, limit)


def _stand_in(ended: Exit, missing_bytes: int) -> str:
    """Return the line that stands for what the file lacks; without an end behind it, the file could not be written."""
    if ended.log_error and ended.log_bytes <= ended.cut_at:
        return lost_notice(missing_bytes, ended.log_error)
    return cut_notice(missing_bytes)


def _chunk(log: int, offset: int, shift: int, end: int, limit: int) -> LogChunk | None:
    """Read lines at `offset + shift` in the file, which holds this part of the log up to `end`."""
    wanted = limit
    while True:
        content = os.pread(log, max(0, min(wanted, end - offset - shift)), offset + shift)
        if not content:
            return None
        is_rest = offset + shift + len(content) >= end
        cut = len(content) if is_rest else content.rfind(b"\n") + 1
        if cut:
            text = content[:cut].decode("utf-8", "replace")
            return LogChunk(offset=offset, next_offset=offset + cut, text=text)
        wanted *= 4
