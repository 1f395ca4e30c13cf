"""A lock file that a supervisor owns, with its mark in it; taken again where somebody removed the file."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import msgspec

from compas.errors import CompasError

_TESTERS_IN_A_ROW = 1000


class LockUnusableError(CompasError):
    """The file of a lock cannot be opened."""


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """The mark of who holds a lock, since when (UTC seconds), and in which directory its socket is.

    Whoever is refused reads it, and so do clients that find no socket.
    """

    pid: int
    config: str
    since: float = 0.0
    runtime: str = ""
    socket: str = ""


def described(holder: Holder, now: float) -> str:
    """Say which process holds a lock and for how long. One that has not written itself down yet has no number: 0
    would be an invitation to end the reader's own processes (a-core 153)."""
    if holder.pid <= 0:
        return "it has only just begun"
    age = timedelta(seconds=max(0, int(now - holder.since)))
    return f"pid {holder.pid}, running for {age}" if holder.since else f"pid {holder.pid}"


class HeldLock:
    """The lock at one path. compas never deletes the file: a lock is its holder's file. Others may."""

    def __init__(self, path: Path, own: Holder) -> None:
        """Nothing is opened before `take`."""
        self.path = path
        self._own = own
        self._descriptor: int | None = None

    def take(self) -> Holder | None:
        """Own the file that stands at the path, making it if needed; return who owns it where somebody else does.

        What was owned before at this path is given up for it. Raises LockUnusableError.
        """
        descriptor = self._open()
        if not _take(descriptor):
            holder = _read(descriptor)
            os.close(descriptor)
            return holder
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, msgspec.json.encode(self._own), 0)
        except BaseException:
            os.close(descriptor)
            raise
        self.release()
        self._descriptor = descriptor
        return None

    def is_in_place(self) -> bool:
        """Tell whether the file that is owned is still the one at the path."""
        if self._descriptor is None:
            return False
        try:
            found = self.path.lstat()
        except OSError:
            return False
        return os.path.samestat(found, os.fstat(self._descriptor))

    def wait_free(self) -> None:
        """Block, in a thread, until nobody else owns the file at the path. Raises LockUnusableError."""
        descriptor = self._open()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        finally:
            os.close(descriptor)

    def release(self) -> None:
        """Give it up; harmless where nothing is owned."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int:
        try:
            return os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as err:
            raise LockUnusableError(f"cannot open the lock {self.path}: {err.strerror}") from err


@contextmanager
def hold(path: Path, own: Holder) -> Iterator[HeldLock]:
    """Give a lock to take, and release it at the end of the block."""
    lock = HeldLock(path, own)
    try:
        yield lock
    finally:
        lock.release()


def _take(descriptor: int) -> bool:
    """Take a lock unless somebody owns it. Clients test it by sharing it for a moment, which is not owning it: while
    it can be shared, nobody does."""
    for _ in range(_TESTERS_IN_A_ROW):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        else:
            return True
    return False


def _read(descriptor: int) -> Holder:
    try:
        return msgspec.json.decode(os.pread(descriptor, 65536, 0), type=Holder)
    except msgspec.DecodeError:
        return Holder(pid=0, config="another config")
