"""Waiting for a moment of the wall clock, which the timers of a suspended laptop do not follow."""

from collections.abc import Callable
from typing import Final

import trio

SLEEP_SECS: Final = 60.0
LOOKS: Final = 64
"""A moment that is near is looked for every minute, one that is far so often in all: whoever waits a month for it may
be an hour late, and costs next to nothing."""


SET_BACK_SECS: Final = 86_400.0
"""A clock that is set back by more than this was wrong before, and so perhaps was the moment that is waited for."""


async def wait_until(
    moment: float, clock: Callable[[], float], changed: trio.Event, *, latest: float = float("inf")
) -> None:
    """Wait until the clock is at `moment`, in UTC seconds, infinity being never, or until something has changed.

    After a suspension it may end late, but by no more than `latest` seconds, which are a minute or more. It also ends
    when the clock is found to have been set back by more than a day: the caller looks again.
    """
    left = moment - clock()
    while left > 0 and not changed.is_set():
        with trio.move_on_after(min(left, max(SLEEP_SECS, min(left / LOOKS, latest)))):
            await changed.wait()
        before, left = left, moment - clock()
        if left > before + SET_BACK_SECS:
            return
