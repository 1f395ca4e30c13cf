"""Tells by a readable descriptor that a file has changed: inotify on Linux, kqueue on macOS."""

import contextlib
import ctypes
import os
import select
import sys
from typing import NoReturn

if sys.platform == "darwin":

    class FileWatch:
        """Watches one open file for writes, or one open directory for new names."""

        def __init__(self, descriptor: int) -> None:
            self._queue = select.kqueue()
            event = select.kevent(
                descriptor,
                select.KQ_FILTER_VNODE,
                select.KQ_EV_ADD | select.KQ_EV_CLEAR,
                select.KQ_NOTE_WRITE | select.KQ_NOTE_EXTEND,
            )
            self._queue.control([event], 0)

        def fileno(self) -> int:
            """Return the descriptor that is readable after a change."""
            return self._queue.fileno()

        def clear(self) -> None:
            """Forget the changes so far; to be called before the file is looked at."""
            self._queue.control([], 16, 0)

        def close(self) -> None:
            """Stop watching."""
            self._queue.close()

else:
    _IN_MODIFY = 0x2
    _IN_MOVED_TO = 0x80
    _IN_CREATE = 0x100
    _READ_BYTES = 65536

    class FileWatch:
        """Watches one open file for writes, or one open directory for new names."""

        def __init__(self, descriptor: int) -> None:
            libc = ctypes.CDLL(None, use_errno=True)
            self._inotify: int = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
            if self._inotify < 0:
                _fail("fs.inotify.max_user_instances")
            # The path of a descriptor leads to the file itself, also when it has no name.
            path = f"/proc/self/fd/{descriptor}".encode()
            if libc.inotify_add_watch(self._inotify, path, _IN_MODIFY | _IN_CREATE | _IN_MOVED_TO) < 0:
                os.close(self._inotify)
                _fail("fs.inotify.max_user_watches")

        def fileno(self) -> int:
            """Return the descriptor that is readable after a change."""
            return self._inotify

        def clear(self) -> None:
            """Forget the changes so far; to be called before the file is looked at."""
            with contextlib.suppress(BlockingIOError):
                while len(os.read(self._inotify, _READ_BYTES)) > _READ_BYTES // 2:
                    pass

        def close(self) -> None:
            """Stop watching."""
            os.close(self._inotify)

    def _fail(limit: str) -> NoReturn:
        error = ctypes.get_errno()
        raise OSError(error, f"cannot watch a file: {os.strerror(error)}; the limit may be {limit}")
