"""What waits to be told to hooks: in order within a thread, several threads at once, and never too much of it."""

from typing import Final, NamedTuple

import trio

from compas.domain import events as e

MOST_WAITING: Final = 64
"""Beyond that the log is not read on: it keeps what waits."""


class Unit(NamedTuple):
    """One event and the hooks that are run for it, one after the other. Those of one `lane` are told in order.

    With `is_again`, an earlier supervisor may have begun with it.
    """

    recorded: e.Recorded
    subscribers: tuple[str, ...]
    lane: str
    is_again: bool = False


class Units:
    """Hands each unit to one taker, the oldest whose lane is free."""

    def __init__(self) -> None:
        self._waiting: list[Unit] = []
        self._busy: set[str] = set()
        self._changed = trio.Condition()

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits and nothing is being told."""
        return not self._waiting and not self._busy

    async def add(self, unit: Unit) -> None:
        """Let a unit wait for its turn."""
        async with self._changed:
            self._waiting.append(unit)
            self._changed.notify_all()

    async def wait_room(self) -> None:
        """Wait until another one may be added."""
        async with self._changed:
            while len(self._waiting) >= MOST_WAITING:
                await self._changed.wait()

    async def take(self) -> Unit:
        """Wait for a unit whose lane is free, and hold that lane until it is given back by `done`."""
        async with self._changed:
            while (found := self._next()) is None:
                await self._changed.wait()
            self._waiting.remove(found)
            self._busy.add(found.lane)
            self._changed.notify_all()
            return found

    async def done(self, unit: Unit) -> None:
        """Free a unit's lane."""
        async with self._changed:
            self._busy.discard(unit.lane)
            self._changed.notify_all()

    def _next(self) -> Unit | None:
        return next((unit for unit in self._waiting if unit.lane not in self._busy), None)
