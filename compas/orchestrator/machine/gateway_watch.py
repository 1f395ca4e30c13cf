"""Finds out that a gateway hangs: it lets a relay wait at its door, and does not answer its supervisor either.

Nothing happens by the clock. Relays that get no answer come to the door again (decision 0032), and a knock is what
makes the supervisor look.
"""

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import trio

from actors.remote.errors import RequestFailed, WireError

QUESTIONS: Final = 2
"""One whose answer is late may be late because the machine stood still; what was asked after that is answered."""


class Door(Protocol):
    """Where relays wait to be let in."""

    async def wait_knock(self) -> None:
        """Return once a relay waits."""
        ...

    def is_knocked(self) -> bool:
        """Tell whether a relay waits now."""
        ...


async def wait_hung(door: Door, ask: Callable[[], Awaitable[object]], patience: float) -> None:
    """Return once the gateway behind the door hangs.

    `ask` puts a question to it, and raises WireError when it cannot. A relay may wait for `patience` seconds before
    anything is asked, and each question as long for its answer.
    """
    while True:
        await door.wait_knock()
        await trio.sleep(patience)
        if door.is_knocked() and not await _answers(ask, patience):
            return


async def _answers(ask: Callable[[], Awaitable[object]], patience: float) -> bool:
    for _ in range(QUESTIONS):
        with trio.move_on_after(patience):
            try:
                await ask()
            except RequestFailed:
                return True  # a refusal is an answer
            except WireError:
                await trio.sleep_forever()  # the channel is gone: the process is ending, or hangs while it does
            return True
    return False
