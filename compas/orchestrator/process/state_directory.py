"""The state directory: made private, and owned by one supervisor at a time."""

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compas.errors import CompasError
from compas.git.worktree.owner import IDENTITY
from compas.orchestrator.process.held_lock import HeldLock, Holder, LockUnusableError, described, hold

LOCK_NAME = "compas.lock"


class StateDirectoryError(CompasError):
    """The state directory cannot be used."""


class AlreadyRunningError(CompasError):
    """Another supervisor holds the lock of this config."""


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
def hold_state_lock(directory: Path, own: Holder) -> Iterator[HeldLock]:
    """Own the state directory until the end of the block; a second config on it is refused by name (design §11)."""
    with _opened(directory / LOCK_NAME, own) as lock:
        holder = lock.take()
        if holder is not None and os.path.realpath(holder.config) == os.path.realpath(own.config):
            raise StateDirectoryError(_same_file(holder, own))
        if holder is not None:
            raise StateDirectoryError(
                f"the state directory {directory} is in use by the supervisor of {holder.config} "
                f"({described(holder, own.since)}); two configs cannot share one: "
                f"give {own.config} a state_dir of its own, or stop that supervisor"
            )
        yield lock


def _same_file(holder: Holder, own: Holder) -> str:
    """Say why one config file has a supervisor already, which this process could not see by the socket's lock."""
    by_name = "" if holder.config == own.config else f", which is the same file as {own.config}"
    runtime = f" {holder.runtime}" if holder.runtime else ""
    return (
        f"a supervisor of {holder.config}{by_name} runs already ({described(holder, own.since)}), which was started "
        f"with another runtime directory{runtime}; set COMPAS_RUNTIME_DIR as it was there, or stop that supervisor"
    )


@contextmanager
def hold_socket_lock(path: Path, own: Holder) -> Iterator[HeldLock]:
    """Be the supervisor of this config until the end of the block."""
    with _opened(path, own) as lock:
        if (holder := lock.take()) is not None:
            said = described(holder, own.since)
            raise AlreadyRunningError(f"a supervisor of {own.config} is already running ({said}); commands use it")
        yield lock


@contextmanager
def _opened(path: Path, own: Holder) -> Iterator[HeldLock]:
    try:
        with hold(path, own) as lock:
            yield lock
    except LockUnusableError as err:
        raise StateDirectoryError(str(err)) from err
