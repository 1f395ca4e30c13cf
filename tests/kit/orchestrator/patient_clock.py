"""A virtual clock for trees that use threads: it jumps when nobody has anything to do, and no thread is at work."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import trio
import trio.testing
from trio.testing import MockClock

R = TypeVar("R")

LOOK_AGAIN_SECS = 0.002
"""Real seconds after which a thread that was at work is looked at again."""


def run_patiently(main: Callable[[], Awaitable[R]]) -> R:
    """Run `main` on such a clock. `autojump_clock` would also jump to the next deadline while a thread works."""
    clock = MockClock()

    async def run() -> R:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_jump, clock)
            result = await main()
            nursery.cancel_scope.cancel()
        return result

    return trio.run(run, clock=clock)


async def _jump(clock: MockClock) -> None:
    threads = trio.to_thread.current_default_thread_limiter()
    while True:
        await trio.testing.wait_all_tasks_blocked(LOOK_AGAIN_SECS if threads.borrowed_tokens else 0.0)
        left = trio.lowlevel.current_statistics().seconds_to_next_deadline
        if not threads.borrowed_tokens and 0 < left < float("inf"):
            clock.jump(left)
        else:
            await trio.testing.wait_all_tasks_blocked(LOOK_AGAIN_SECS)
