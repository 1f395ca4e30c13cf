"""Awaits the locks beside the socket with a limit in seconds: a thread waits in the kernel, since flock has none."""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compas.client.errors import UnreachableError
from compas.client.locks import open_lock, wait_until_free


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
    fd = open_lock(path, os.O_RDWR | os.O_CREAT)
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
