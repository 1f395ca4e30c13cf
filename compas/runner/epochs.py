"""Which supervisor a runner belongs to: the record beside the executions says so, a message alone never does."""

import contextlib
import os
from typing import NamedTuple

RECORD = "epoch"
"""Beside the directories of the executions: the epoch of the newest supervisor, in decimal digits."""

_LONGEST = 19
"""Digits of the greatest number that SQLite counts epochs with."""
_READING = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class Belief(NamedTuple):
    """The epoch that holds from now on, and why the client that named one is refused: empty when it is served."""

    epoch: int
    refusal: str


def believe(told: int, *, held: int, recorded: int | None) -> Belief:
    """Decide about a client that says it is the supervisor of epoch `told`; pure.

    The record is right in both directions, so that no message can move a runner, and a record that was damaged is
    mended by the next supervisor. Without one (None) the runner stays with the epoch it `held`, first that of its
    spec (docs/decisions/0025).
    """
    epoch = held if recorded is None else recorded
    if told == epoch:
        return Belief(epoch, "")
    if told < epoch:
        return Belief(epoch, f"epoch {told} is over, this execution belongs to epoch {epoch}")
    return Belief(epoch, f"epoch {told} has not begun: the record says {epoch}")


def read_epoch(executions: str, *, directory: int | None = None) -> int | None:
    """Return the recorded epoch; None when there is no record, or something else stands in its place. Never waits.

    `executions` is the directory that holds all of them, relative to the open `directory` if one is given.
    """
    try:
        descriptor = os.open(os.path.join(executions, RECORD), _READING, dir_fd=directory)
    except OSError:
        return None
    try:
        content = os.read(descriptor, _LONGEST + 2).strip()
    except OSError:
        return None
    finally:
        os.close(descriptor)
    is_number = content.isdigit() and len(content) <= _LONGEST
    return int(content) if is_number else None


def record_epoch(executions: str | os.PathLike[str], epoch: int) -> None:
    """Say durably which supervisor holds now; to be called under the lock of the state directory. Syncs.

    Raises:
        OSError: It could not be written; what was recorded before stays.
    """
    record = os.path.join(executions, RECORD)
    passing = f"{record}.new"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(passing)
    descriptor = os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(b"%d\n" % epoch)
        file.flush()
        os.fsync(descriptor)
    os.replace(passing, record)
    folder = os.open(executions, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
