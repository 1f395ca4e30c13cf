"""Reads and writes descriptors without ever waiting for one: the relay waits for all of them at once."""

import contextlib
import fcntl
import os
from collections.abc import Iterator

CHUNK = 64 * 1024
HIGH_WATER = 32 * 1024 * 1024
"""Bytes that may wait for a reader before nothing more is taken for it."""


class Outlet:
    """What waits to be written to one descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting = bytearray()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    @property
    def is_full(self) -> bool:
        """Whether its reader is too far behind."""
        return len(self._waiting) >= HIGH_WATER

    def put(self, lines: list[bytes]) -> None:
        """Write these lines, or as much of them as goes now; the list is empty then. Raises OSError."""
        for line in lines:
            self._waiting += line
            self._waiting += b"\n"
        lines.clear()
        self.write()

    def write(self) -> None:
        """Write what goes now. Raises OSError when nobody reads any more."""
        with contextlib.suppress(BlockingIOError):
            while self._waiting:
                written = os.write(self._descriptor, memoryview(self._waiting)[:CHUNK])
                del self._waiting[:written]


def read_some(descriptor: int) -> bytes | None:
    """Return what has come, nothing at the end, or None when nothing has come yet. A torn connection has ended too."""
    try:
        return os.read(descriptor, CHUNK)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def claim_stdio() -> tuple[int, int]:
    """Return descriptors of standard input and output, which from now on are the protocol's alone.

    In their old places stand the null device and standard error, so that no stray output gets among the messages.
    """
    reading = fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 3)
    writing = fcntl.fcntl(1, fcntl.F_DUPFD_CLOEXEC, 3)
    null = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)
    return reading, writing


@contextlib.contextmanager
def unblocking(*descriptors: int) -> Iterator[None]:
    """Let nothing wait for these descriptors; others may share them, so they are as before at the end."""
    before = [(one, os.get_blocking(one)) for one in descriptors]
    for one in descriptors:
        os.set_blocking(one, False)
    try:
        yield
    finally:
        for one, was_blocking in before:
            os.set_blocking(one, was_blocking)
