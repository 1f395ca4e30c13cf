"""An agent's stdout as a nameless file, followed as it grows: nothing is lost when the writer just exits."""

import ctypes
import os
import sys

from compas.runner.file_watch import FileWatch
from compas.runner.output import READ_BYTES, Recorder

BACKLOG_LIMIT_BYTES = 64 * 1024 * 1024
"""A file gives no back-pressure. An agent that is further ahead of the reader than this has output skipped."""
_KEPT_OF_BACKLOG_BYTES = 8 * 1024 * 1024
_PUNCH_EVERY_BYTES = 1024 * 1024
_TMPFS = "/dev/shm"
_TMPFS_MIN_FREE_BYTES = 1024 * 1024 * 1024
_FALLOC_FL_KEEP_SIZE = 1
_FALLOC_FL_PUNCH_HOLE = 2


def open_output_file(directory: int) -> int:
    """Open a file without a name for appending, in memory if there is room, else beside the log."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC
    if sys.platform == "darwin":
        return _open_unlinked(directory, flags)
    try:
        free = os.statvfs(_TMPFS)
        if free.f_bavail * free.f_frsize >= _TMPFS_MIN_FREE_BYTES:
            return os.open(_TMPFS, flags | os.O_TMPFILE, 0o600)
    except OSError:
        pass  # no such place on this system: the execution's own directory serves as well
    try:
        return os.open(".", flags | os.O_TMPFILE, 0o600, dir_fd=directory)
    except OSError:
        # Not every file system knows files without a name from the start.
        return _open_unlinked(directory, flags)


def _open_unlinked(directory: int, flags: int) -> int:
    name = f".output.{os.getpid()}"
    descriptor = os.open(name, flags | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=directory)
    os.unlink(name, dir_fd=directory)
    return descriptor


class FileSource:
    """Follows an output file, frees what it has read, and notices when the agent truncates it."""

    def __init__(self, descriptor: int, recorder: Recorder) -> None:
        self._descriptor = descriptor
        self._recorder = recorder
        self._watch = FileWatch(descriptor)
        self._offset = 0
        self._punched = 0
        self._resume_at_newline = False
        self.skipped_bytes = 0
        """Output that was never read since the agent was too far ahead."""
        self.is_closed = False
        self.awaits_writers = False

    def fileno(self) -> int:
        """Return the descriptor that is readable after the file has changed."""
        return self._watch.fileno()

    def read_some(self) -> bool:
        """Read once from where the last read ended."""
        self._watch.clear()
        size = os.fstat(self._descriptor).st_size
        if size < self._offset:
            self._recorder.note(f"the agent truncated its output after {self._offset} bytes")
            self._offset = self._punched = 0
        elif size - self._offset > BACKLOG_LIMIT_BYTES:
            self._skip_to(size - _KEPT_OF_BACKLOG_BYTES)
        data = os.pread(self._descriptor, READ_BYTES, self._offset)
        self._offset += len(data)
        self._feed(data)
        self._punch()
        return bool(data)

    def finish(self) -> None:
        """Read up to the end, then close; the file is gone with its last descriptor."""
        while self.read_some():
            pass
        self._recorder.finish()
        self._watch.close()
        os.close(self._descriptor)
        self.is_closed = True

    def _feed(self, data: bytes) -> None:
        if self._resume_at_newline and data:
            skipped, newline, data = data.partition(b"\n")
            self.skipped_bytes += len(skipped) + len(newline)
            self._resume_at_newline = not newline
        if data:
            self._recorder.feed(data)

    def _skip_to(self, offset: int) -> None:
        skipped = offset - self._offset
        self._recorder.note(f"about {skipped} bytes were skipped: the agent wrote faster than they could be read")
        self.skipped_bytes += skipped
        self._offset = offset
        self._resume_at_newline = True

    def _punch(self) -> None:
        """Give back the space of what has been read; keeps the file's size."""
        if sys.platform == "darwin" or self._offset - self._punched < _PUNCH_EVERY_BYTES:
            return
        libc = ctypes.CDLL(None)
        libc.fallocate(
            self._descriptor,
            _FALLOC_FL_KEEP_SIZE | _FALLOC_FL_PUNCH_HOLE,
            ctypes.c_int64(self._punched),
            ctypes.c_int64(self._offset - self._punched),
        )
        self._punched = self._offset
