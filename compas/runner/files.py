"""The files of one execution: their names, and how they are read and durably written."""

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from typing import TypeVar

import msgspec

from compas.errors import CompasError
from compas.runner.messages import VERSION, Exit, Spec, Started

SPEC = "spec.json"
STARTED = "started.json"
EXIT = "exit.json"
LOG = "output.log"
LOCK = "lock"
SOCKET = "runner.sock"
FILES = "files"

_WRITING = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
_READING = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_RESERVED_BYTES = 8192
_LIMIT_BYTES = 256 * 1024 * 1024
"""Of a file that is read into memory: a spec holds a whole prompt, and more than this is nobody's."""

# Made here, in the fork server, and not by every runner on its first use.
_DECODERS: dict[type, msgspec.json.Decoder[Spec | Started | Exit]] = {
    kind: msgspec.json.Decoder(kind) for kind in (Spec, Started, Exit)
}

FileT = TypeVar("FileT", Spec, Started, Exit)


class ExecutionFileError(CompasError):
    """A file of an execution cannot be used; the text names it and says why."""


@contextlib.contextmanager
def open_directory(path: str | os.PathLike[str]) -> Iterator[int]:
    """Open an execution's directory and give its descriptor, which all functions here take."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def exists(directory: int, name: str) -> bool:
    """Tell whether `name` is there."""
    try:
        os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def read(directory: int, name: str, kind: type[FileT]) -> FileT | None:
    """Read one of the three JSON files; None when it is absent. Never waits, whatever stands in its place.

    Raises:
        ExecutionFileError: It is there, but of a newer version, damaged, or no file.
    """
    try:
        content = _content(directory, name)
    except FileNotFoundError:
        return None
    except OSError as err:
        raise ExecutionFileError(f"{name} cannot be read: {err.strerror}") from err
    try:
        value = _DECODERS[kind].decode(content)
    except msgspec.DecodeError as err:
        raise ExecutionFileError(f"{name} cannot be read as version {VERSION}: {err}") from err
    assert isinstance(value, kind)
    if value.version > VERSION:
        raise ExecutionFileError(
            f"{name} has version {value.version}, this compas reads up to {VERSION}: upgrade compas"
        )
    return value


def _content(directory: int, name: str) -> bytes:
    descriptor = os.open(name, _READING, dir_fd=directory)
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        content = file.read(_LIMIT_BYTES + 1)
    if len(content) > _LIMIT_BYTES:
        raise OSError(errno.EFBIG, f"it has more than {_LIMIT_BYTES} bytes")
    return content


def reserve(directory: int, name: str) -> None:
    """Take the disk space for a later `write_new` of this process, so that a full disk cannot prevent it."""
    descriptor = os.open(_temporary(name), _WRITING, 0o600, dir_fd=directory)
    with open(descriptor, "wb") as file:
        # Written, not just allocated: that works on every file system.
        file.write(bytes(_RESERVED_BYTES))


def write_new(directory: int, name: str, value: Spec | Started | Exit) -> None:
    """Write a file that must not exist yet: all of it or nothing, on disk when this returns.

    Raises:
        FileExistsError: `name` is already there; it is left as it is.
    """
    content = msgspec.json.encode(value)
    temporary = _temporary(name)
    descriptor = os.open(temporary, _WRITING, 0o600, dir_fd=directory)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.ftruncate(descriptor, len(content))
            os.fsync(descriptor)
        # A link, not a rename: it never replaces what somebody else has recorded.
        os.link(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
    finally:
        os.unlink(temporary, dir_fd=directory)
    os.fsync(directory)


def write_given(directory: int, texts: dict[str, str]) -> None:
    """Write the files that a spec gives its agent; what an earlier runner wrote is written again.

    They are not synced: they are as durable as the spec that holds them.
    """
    if not texts:
        return
    with contextlib.suppress(FileExistsError):
        os.mkdir(FILES, 0o700, dir_fd=directory)
    folder = os.open(FILES, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=directory)
    try:
        for name, text in texts.items():
            with open(os.open(name, _WRITING | os.O_TRUNC, 0o600, dir_fd=folder), "wb") as file:
                file.write(text.encode())
    finally:
        os.close(folder)


def _temporary(name: str) -> str:
    return f".{name}.{os.getpid()}"


def open_lock(directory: int) -> int:
    """Open the lock file, which is made when absent and never deleted; the caller closes it."""
    return os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600, dir_fd=directory)


@contextlib.contextmanager
def try_lock(directory: int) -> Iterator[bool]:
    """Hold the lock if it is free, and say whether it is held. Never waits."""
    descriptor = open_lock(directory)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
