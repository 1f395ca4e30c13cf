"""Puts a file in place whole: written beside it, synced, then renamed; what stood there before is kept as a copy."""

import contextlib
import errno
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compas.clock import Clock, wall_clock
from compas.setup.errors import SetupError

_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS)
"""How file systems without hard links refuse one."""
_MOST_COPIES = 100
"""Copies with the same second in their names."""


def write_new(path: Path, text: str) -> None:
    """Write a file that must not be there yet, for this user alone. Its directories are made private.

    Raises SetupError when something is there, also when it appears meanwhile, and OSError.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _beside(path, text) as written:
        try:
            _link(written, path)
        except FileExistsError as error:
            raise SetupError(f"{path} is there already; nothing was changed") from error
    _sync(path.parent)


def replace(path: Path, text: str, clock: Clock = wall_clock, *, keeps_access: bool = False) -> Path:
    """Write a file in the place of another, keep a copy of that, and return where the copy is.

    The file is for this user alone; with `keeps_access` it has the owner and the mode of the old one. At a symbolic
    link, the file that it leads to is replaced. Raises SetupError and OSError; the old file is then as it was.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise SetupError(f"{path} is not a file; name another with --config")
    copy = keep_copy(target, clock)
    with _beside(target, text) as written:
        if keeps_access:
            _give_access(written, target.stat())
        written.rename(target)
    _sync(target.parent)
    return copy


def overwrite(path: Path, text: str) -> None:
    """Put a file in the place of one that nobody needs any more, whole or not at all. Raises OSError."""
    with _beside(path, text) as written:
        written.rename(path)
    _sync(path.parent)


def keep_copy(path: Path, clock: Clock = wall_clock) -> Path:
    """Copy a file beside itself under a name with the UTC time in it, for this user alone; return the copy's path.

    Raises SetupError and OSError.
    """
    held = path.read_bytes()
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(clock()))
    for number in range(_MOST_COPIES):
        copy = path.with_name(f"{path.name}.{stamp}{f'-{number}' if number else ''}.bak")
        with contextlib.suppress(FileExistsError):
            _write(copy, held)
            _sync(copy.parent)
            return copy
    raise SetupError(f"there are {_MOST_COPIES} copies of {path} of this second already; try again")


def _give_access(written: Path, old: os.stat_result) -> None:
    """Give a file the owner and the mode of another. Raises OSError when it is another user's."""
    new = written.stat()
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        os.chown(written, old.st_uid, old.st_gid)
    written.chmod(stat.S_IMODE(old.st_mode))


def _link(written: Path, path: Path) -> None:
    """Give the written file its name, never in the place of another. Raises FileExistsError."""
    try:
        os.link(written, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _write(path, written.read_bytes())  # here it is not there whole at once


@contextmanager
def _beside(path: Path, text: str) -> Iterator[Path]:
    """Give a synced file in the same directory; whatever of it is left at the end of the block is removed."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    temporary.unlink(missing_ok=True)  # of a process of the same number that was killed
    try:
        _write(temporary, text.encode())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
        os.fsync(descriptor)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
