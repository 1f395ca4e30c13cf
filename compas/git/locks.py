"""Locks in a repository's own directory: one holder per name, across processes and across our own deaths."""

import contextlib
import fcntl
import os
from collections.abc import AsyncIterator
from typing import Final

import trio

from compas.git.command import Git
from compas.git.errors import GitRefused

PATIENCE: Final = 120.0
_waiting: Final = trio.CapacityLimiter(32)


@contextlib.asynccontextmanager
async def hold(git: Git, common_dir: str, name: str, patience: float = PATIENCE) -> AsyncIterator[Git]:
    """Hold the repository's lock `name`; yields a Git whose commands hold it too.

    A command that outlives a killed worker therefore keeps the lock until it has ended, and whoever recovers waits for
    it instead of meeting it half way. Raises GitRefused `busy` after `patience` seconds.
    """
    path = _path(common_dir, name)
    with trio.move_on_after(patience) as scope:
        descriptor = await _acquire(path)
    if scope.cancelled_caught:
        message = (
            f"another git operation on {name} in {common_dir} has not ended within {patience:g} s; "
            "see what runs there, and try again"
        )
        raise GitRefused("busy", message)
    try:
        yield git.holding(descriptor)
    finally:
        # While it is locked, so that nobody can have locked this file since; and a daemon that some hook started, and
        # that inherited the lock, then holds a file that nobody will open again.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        os.close(descriptor)


def _path(common_dir: str, name: str) -> str:
    directory = os.path.join(common_dir, "compas")
    os.makedirs(directory, exist_ok=True)
    return os.path.join(directory, f"{name}.lock")


async def _acquire(path: str) -> int:
    """Lock the file that is at `path` when it is locked: the last holder took the one we waited for away."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            await _lock(descriptor)
            if _is_at(path, descriptor):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _is_at(path: str, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


async def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        await trio.lowlevel.checkpoint_if_cancelled()
    except BlockingIOError:
        # Abandoned on cancel. The thread has a descriptor of its own, so the number it waits on cannot become another
        # file's; the kernel drops the lock with the last of the two.
        own = os.dup(descriptor)
        await trio.to_thread.run_sync(_block, own, abandon_on_cancel=True, limiter=_waiting)


def _block(own: int) -> None:
    try:
        fcntl.flock(own, fcntl.LOCK_EX)
    finally:
        os.close(own)
