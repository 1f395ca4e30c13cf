"""Lets threads without work rest in memory for a while, and fewer of them the more there are."""

from typing import Final

import trio

from compas.domain.resting import Resting

IDLE_SECS: Final = 300.0
"""A thread without work is put away after this long at the latest; its stream brings it back."""


class RestingPlace:
    """Shared by the actors of all threads: each rests here until its time is over or its place is needed."""

    def __init__(self) -> None:
        self._resting = Resting()
        self._called: dict[str, trio.Event] = {}

    def __len__(self) -> int:
        return len(self._called)

    async def rest(self, thread: str) -> None:
        """Return when the thread is to be put away. Cancelling takes it out: it has work, or has ended."""
        called = self._called[thread] = trio.Event()
        for one in self._resting.add(thread):
            if one in self._called:
                self._called[one].set()
        try:
            with trio.move_on_after(IDLE_SECS):
                await called.wait()
        finally:
            if self._called.get(thread) is called:
                del self._called[thread]
                self._resting.discard(thread)
