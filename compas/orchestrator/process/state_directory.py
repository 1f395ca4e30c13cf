"""The state directory: made private, and owned by one supervisor at a time."""

import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import msgspec

from compas.errors import CompasError
from compas.git.worktree.owner import IDENTITY

_TESTERS_IN_A_ROW = 1000


class StateDirectoryError(CompasError):
    """The state directory cannot be used."""


class AlreadyRunningError(CompasError):
    """Another supervisor holds the lock of this config."""


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds a lock, since when (UTC seconds): written into it, for whoever is refused."""

    pid: int
    config: str
    since: float = 0.0


def _described(holder: Holder, now: float) -> str:
    """Say which process holds a lock and for how long. One that has not written itself down yet has no number: 0
    would be an invitation to end the reader's own processes (a-core 153)."""
    if holder.pid <= 0:
        return "it has only just begun"
    age = timedelta(seconds=max(0, int(now - holder.since)))
    return f"pid {holder.pid}, running for {age}" if holder.since else f"pid {holder.pid}"


def prepare_state_directory(path: Path) -> tuple[str, ...]:
    """Make the directory, with room for executions, for this user alone; return what is worth a warning.

    A directory that is there already keeps its mode (c-config-dashboard 34).
    """
    warnings: list[str] = []
    for directory in (path, path / "executions"):
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except FileExistsError as err:
            raise StateDirectoryError(f"the state directory {directory} is a file; name another state_dir") from err
        except OSError as err:
            raise StateDirectoryError(f"cannot make the state directory {directory}: {err.strerror}") from err
        if not os.access(directory, os.W_OK | os.X_OK) or _is_read_only(directory):
            raise StateDirectoryError(f"the state directory {directory} is not writable; correct it, or name another")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        warnings.append(f"others may look into the state directory {path}; `chmod 700 {path}` keeps it private")
    return tuple(warnings)


def name_of_state_directory(path: Path) -> str:
    """Return the random name of a state directory, made at the first time; worktrees are made in its name.

    It goes wherever the directory goes. Raises StateDirectoryError.
    """
    file, new_file = path / IDENTITY, path / f"{IDENTITY}.new"
    try:
        if not file.exists():
            descriptor = os.open(new_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as new:
                new.write(f"{secrets.token_hex(8)}\n")
                new.flush()
                os.fsync(descriptor)
            os.replace(new_file, file)
        return file.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as err:
        raise StateDirectoryError(f"the name of the state directory cannot be kept in {file}: {err}") from err


def _is_read_only(directory: Path) -> bool:
    return bool(os.statvfs(directory).f_flag & os.ST_RDONLY)


@contextmanager
def hold_state_lock(directory: Path, own: Holder) -> Iterator[None]:
    """Own the state directory until the end of the block; a second config on it is refused by name (design §11)."""
    with _hold(directory / "compas.lock", own) as holder:
        if holder is not None and holder.config == own.config:
            raise StateDirectoryError(
                f"a supervisor of {own.config} runs already ({_described(holder, own.since)}), which was started with "
                "another runtime directory; set COMPAS_RUNTIME_DIR as it was there, or stop that supervisor"
            )
        if holder is not None:
            raise StateDirectoryError(
                f"the state directory {directory} is in use by the supervisor of {holder.config} "
                f"({_described(holder, own.since)}); two configs cannot share one: "
                f"give {own.config} a state_dir of its own, or stop that supervisor"
            )
        yield


@contextmanager
def hold_socket_lock(path: Path, own: Holder) -> Iterator[None]:
    """Be the supervisor of this config until the end of the block."""
    with _hold(path, own) as holder:
        if holder is not None:
            described = _described(holder, own.since)
            raise AlreadyRunningError(f"a supervisor of {own.config} is already running ({described}); commands use it")
        yield


@contextmanager
def _hold(path: Path, own: Holder) -> Iterator[Holder | None]:
    """Take a lock, and yield None; or yield who holds it. The file is never deleted: a lock is its holder's file."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as err:
        raise StateDirectoryError(f"cannot open the lock {path}: {err.strerror}") from err
    try:
        if not _take(descriptor):
            yield _read(descriptor)
            return
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, msgspec.json.encode(own), 0)
        yield None
    finally:
        os.close(descriptor)


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
