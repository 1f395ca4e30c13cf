"""Reads the events of a thread, or the newest of all, and goes on with what happens."""

from collections import deque

import trio

from actors.remote.errors import SessionLost, WireError
from compas.api.history import EVENTS, EventsRequest, LogEvent
from compas.api.supervision import HEALTH, HealthRequest
from compas.dashboard.feed import in_words
from compas.dashboard.lines import one_line
from compas.dashboard.pages.page import OnChange
from compas.dashboard.source import Asks

KEPT = 5000
LOOK_BACK = 1000
"""Events that are kept at most, and, where it is not those of a thread, that are read from before."""


class EventReading:
    """Over a lost connection it goes on where it was. `thread` is empty where all events are wanted.

    `events` are those that are kept, of `count` that were read; `last` is the position of the newest.
    """

    def __init__(self, asks: Asks, thread: str, on_change: OnChange) -> None:
        self.events: deque[LogEvent] = deque(maxlen=KEPT)
        self.last = 0
        self.count = 0
        self.trouble = ""
        self._asks = asks
        self._thread = thread
        self._on_change = on_change

    async def run(self) -> None:
        """Read until cancelled, or refused."""
        try:
            after = 0 if self._thread else await self._begin()
            while True:
                after = max(after, self.last)
                try:
                    session = await self._asks.session()
                    request = EventsRequest(thread_id=self._thread or None, after=after, follow=True)
                    async with session.open_stream(EVENTS.name, request, LogEvent) as events:
                        async for event in events:
                            self._take(event)
                    return
                except SessionLost:
                    await trio.lowlevel.checkpoint()
        except WireError as error:
            self.trouble = one_line(in_words(error))
            self._on_change()

    async def _begin(self) -> int:
        while True:
            try:
                health = await self._asks.ask(HEALTH, HealthRequest(is_brief=True))
                return max(0, health.events - LOOK_BACK)
            except SessionLost:
                await trio.lowlevel.checkpoint()

    def _take(self, event: LogEvent) -> None:
        self.events.append(event)
        self.last = event.position
        self.count += 1
        self._on_change()
