"""A process in a session of its own: how it is read while it lives, and ended with all that it started."""

import contextlib
import os
import signal
from collections.abc import Callable
from typing import Final

import trio

from compas.runner.messages import MIN_GRACE_SECS
from compas.runner.strays import end_strays

READ_BYTES: Final = 64 * 1024
LAST_BYTES: Final = 4 * 1024 * 1024
"""How much is read after its end, of what was in the pipe then: what it left running may write for ever."""


async def follow(process: trio.Process, take: Callable[[bytes], None]) -> None:
    """Hand over what a process prints until it has ended; what holds its pipe open after that is not waited for."""
    stream = process.stdout
    assert isinstance(stream, trio.lowlevel.FdStream)

    async def read() -> None:
        async for chunk in stream:
            take(bytes(chunk))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        await process.wait()
        # What it left running may hold the pipe open for ever: what it said itself is in the pipe by now.
        nursery.cancel_scope.cancel()
    with contextlib.suppress(BlockingIOError, trio.ClosedResourceError):
        for _ in range(LAST_BYTES // READ_BYTES):
            chunk = os.read(stream.fileno(), READ_BYTES)
            if not chunk:
                break
            take(chunk)


async def end(process: trio.Process, token: str) -> None:
    """End the process group, then whatever else carries the mark. Shielded; takes at most some seconds."""
    with trio.CancelScope(shield=True):
        _signal(process, signal.SIGTERM)
        with trio.move_on_after(MIN_GRACE_SECS):
            await process.wait()
        _signal(process, signal.SIGKILL)
        await trio.to_thread.run_sync(end_strays, token)
        await process.wait()


async def close_output(process: trio.Process) -> None:
    """Close our end of its pipe."""
    assert process.stdout is not None
    with trio.CancelScope(shield=True, deadline=trio.current_time() + 1):
        await process.stdout.aclose()


def _signal(process: trio.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS says EPERM for a group of zombies
        os.killpg(process.pid, number)
