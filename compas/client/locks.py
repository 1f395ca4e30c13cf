"""Tests and awaits the locks beside the socket.

flock says at once whether a process lives, whatever killed it. Testing takes a shared lock, so that clients who test do
not see each other, and gives it back in the same breath.
"""

import errno
import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compas.client.errors import UnreachableError


def is_free(path: Path) -> bool:
    """Tell whether nobody holds the lock at `path`; a lock that nobody ever took is free. Raises UnreachableError."""
    fd = _open(path, os.O_RDONLY)
    if fd is None:
        return True
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(fd)
    return True


def wait_until_free(path: Path) -> None:
    """Block until nobody holds the lock; a signal's handler may end that by raising. Raises UnreachableError."""
    fd = _open(path, os.O_RDONLY)
    if fd is None:
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_SH)
    finally:
        os.close(fd)


@contextmanager
def watching(path: Path) -> Iterator[threading.Event]:
    """Give an event that is set once nobody holds the lock.

    A thread waits in the kernel, because flock itself knows no deadline. It is a daemon: left alone, it ends with the
    holder of the lock or with this process, whichever is first.
    """
    freed = threading.Event()

    def wait() -> None:
        try:
            wait_until_free(path)
        finally:
            freed.set()

    threading.Thread(target=wait, name="compas-lock", daemon=True).start()
    yield freed


def wait_until_free_for(path: Path, seconds: float) -> bool:
    """Block until nobody holds the lock, `seconds` at most; tell whether that came about."""
    with watching(path) as freed:
        return freed.wait(seconds)


@contextmanager
def holding(path: Path, seconds: float) -> Iterator[None]:
    """Hold the lock at `path`, making the file if needed; wait for it `seconds` at most. Raises UnreachableError."""
    fd = _open(path, os.O_RDWR | os.O_CREAT)
    assert fd is not None, "the file is made if it is absent"
    turn = _Turn(fd)
    try:
        if not turn.taken.wait(seconds):
            raise UnreachableError(
                f"another client has been starting the supervisor for {seconds:g} s (it holds {path}); "
                "end that client, or start the supervisor by hand with `compas run`"
            )
        yield
    finally:
        turn.give_back()


class _Turn:
    """A lock that a thread takes and another thread gives back, whether or not it has been taken by then."""

    def __init__(self, fd: int) -> None:
        self.taken = threading.Event()
        self._fd = fd
        self._guard = threading.Lock()
        self._is_unwanted = False
        threading.Thread(target=self._take, name="compas-turn", daemon=True).start()

    def _take(self) -> None:
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        with self._guard:
            if self._is_unwanted:
                os.close(self._fd)
            self.taken.set()

    def give_back(self) -> None:
        """Release the lock now, or as soon as it has been taken."""
        with self._guard:
            self._is_unwanted = True
            if self.taken.is_set():
                os.close(self._fd)


def _open(path: Path, flags: int) -> int | None:
    try:
        return os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except FileNotFoundError:
        return None
    except OSError as err:
        is_forbidden = err.errno in (errno.EACCES, errno.EPERM, errno.EROFS)
        advice = "; inside a sandbox, allow that directory" if is_forbidden else ""
        raise UnreachableError(f"cannot open the lock {path}: {err.strerror}{advice}") from err
