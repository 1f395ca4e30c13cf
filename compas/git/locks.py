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
    it instead of meeting it half way. Raises GitRefused `busy` after `patience` seconds. The file is never deleted.
    """
    directory = os.path.join(common_dir, "compas")
    os.makedirs(directory, exist_ok=True)
    descriptor = os.open(
        os.path.join(directory, f"{name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
    )
    try:
        with trio.move_on_after(patience) as scope:
            await _lock(descriptor)
        if scope.cancelled_caught:
            message = (
                f"another git operation on {name} in {common_dir} has not ended within {patience:g} s; "
                "see what runs there, and try again"
            )
            raise GitRefused("busy", message)
        yield git.holding(descriptor)
    finally:
        os.close(descriptor)


async def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        # Abandoned on cancel: the descriptor is closed then, and the kernel drops the lock when the call returns.
        await trio.to_thread.run_sync(_block, descriptor, abandon_on_cancel=True, limiter=_waiting)


def _block(descriptor: int) -> None:
    fcntl.flock(descriptor, fcntl.LOCK_EX)
