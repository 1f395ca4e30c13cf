"""Tests and awaits the locks beside the socket.

flock says at once whether a process lives, whatever killed it. Testing takes a shared lock, so that clients who test do
not see each other, and gives it back in the same breath.
"""

import errno
import fcntl
import os
from pathlib import Path

from compas.client.errors import UnreachableError


def is_free(path: Path) -> bool:
    """Tell whether nobody holds the lock at `path`; a lock that nobody ever took is free. Raises UnreachableError."""
    fd = open_lock(path, os.O_RDONLY)
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
    fd = open_lock(path, os.O_RDONLY)
    if fd is None:
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_SH)
    finally:
        os.close(fd)


def open_lock(path: Path, flags: int) -> int | None:
    """Return a descriptor of the lock file, None where there is none. Raises UnreachableError."""
    try:
        return os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except FileNotFoundError:
        return None
    except OSError as err:
        is_forbidden = err.errno in (errno.EACCES, errno.EPERM, errno.EROFS)
        advice = "; inside a sandbox, allow that directory" if is_forbidden else ""
        raise UnreachableError(f"cannot open the lock {path}: {err.strerror}{advice}") from err
