"""Publish and subscribe without waiting: bounded per subscriber, and a subscriber that lags is told so."""

from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import trio

from actors.errors import ActorError, BusClosed, FilterFailed

Filter = Callable[[object], bool]
DEFAULT_CAPACITY = 256


@dataclass(frozen=True, slots=True)
class Published:
    """An event and its position in the log it was committed to."""

    event: object
    position: int


@dataclass(frozen=True, slots=True)
class Lagged:
    """Stands where events are missing: `count` of them, from the first to the last position missed.

    The events before it were received, those after it will be. Re-read the gap from the store.
    """

    count: int
    from_position: int
    to_position: int


@dataclass(frozen=True, slots=True)
class SubscriptionStatistics:
    """One subscription at one moment."""

    queued: int
    capacity: int
    delivered: int
    missed: int


@dataclass(frozen=True, slots=True)
class BusStatistics:
    """The bus at one moment."""

    published: int
    subscriptions: tuple[SubscriptionStatistics, ...]


class Subscription:
    """One subscriber's bounded view of the bus; iterate it from one task."""

    def __init__(self, accepts: Filter | None, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"a subscription of capacity {capacity} could never receive an event")
        self._accepts = accepts
        self._capacity = capacity
        self._queue: deque[Published | Lagged] = deque()
        self._events_queued = 0
        self._delivered = 0
        self._missed = 0
        self._failure: ActorError | None = None
        self._wake = trio.lowlevel.ParkingLot()

    async def receive(self) -> Published | Lagged:
        """Wait for the next event, or for word that some are missing here. Cancelling loses nothing.

        Raises:
            BusClosed: the system has ended and everything queued was received.
            FilterFailed: this subscription's filter raised.
        """
        await trio.lowlevel.checkpoint()
        while not self._queue:
            if self._failure is not None:
                raise self._failure
            await self._wake.park()
        item = self._queue.popleft()
        if isinstance(item, Published):
            self._events_queued -= 1
            self._delivered += 1
        return item

    def __aiter__(self) -> "Subscription":
        return self

    async def __anext__(self) -> Published | Lagged:
        try:
            return await self.receive()
        except BusClosed:
            raise StopAsyncIteration from None

    def statistics(self) -> SubscriptionStatistics:
        """Return the counts of this moment."""
        return SubscriptionStatistics(self._events_queued, self._capacity, self._delivered, self._missed)

    def offer(self, item: Published) -> None:
        """Queue an event if the filter accepts it; without room, note it as missed. Called by the bus."""
        if self._failure is not None:
            return
        try:
            if self._accepts is not None and not self._accepts(item.event):
                return
        # The filter is the subscriber's code; the publisher, who is the journal, must not fail by it.
        except Exception as error:
            failure = FilterFailed(item.event, error)
            failure.__cause__ = error
            self.end(failure)
            return
        if self._events_queued < self._capacity:
            self._queue.append(item)
            self._events_queued += 1
        else:
            self._note_missed(item.position)
        self._wake.unpark()

    def end(self, failure: ActorError) -> None:
        """Give out what is queued, then raise `failure`."""
        if self._failure is None:
            self._failure = failure
            self._wake.unpark_all()

    def _note_missed(self, position: int) -> None:
        self._missed += 1
        last = self._queue[-1]
        if isinstance(last, Lagged):
            self._queue[-1] = replace(last, count=last.count + 1, to_position=position)
        else:
            self._queue.append(Lagged(1, position, position))

    def __repr__(self) -> str:
        return f"<Subscription {self._events_queued}/{self._capacity} missed={self._missed}>"


class EventBus:
    """Hands each published event to every subscriber whose filter accepts it, in the order published."""

    def __init__(self) -> None:
        self._subscriptions: dict[Subscription, None] = {}
        self._published = 0
        self._is_closed = False

    def publish(self, event: object, position: int) -> None:
        """Give an event to all subscribers; never waits, whatever they do.

        Raises:
            BusClosed: the system has ended.
        """
        if self._is_closed:
            raise BusClosed()
        self._published += 1
        item = Published(event, position)
        for subscription in self._subscriptions:
            subscription.offer(item)

    @asynccontextmanager
    async def subscribe(
        self, accepts: Filter | None = None, *, capacity: int = DEFAULT_CAPACITY
    ) -> AsyncIterator[Subscription]:
        """Subscribe from entry to exit; entering makes no checkpoint, so nothing slips in between.

        `accepts` sees each event and says whether it is wanted; it must be quick.
        """
        subscription = Subscription(accepts, capacity)
        if self._is_closed:
            subscription.end(BusClosed())
        self._subscriptions[subscription] = None
        try:
            yield subscription
        finally:
            del self._subscriptions[subscription]

    def close(self) -> None:
        """End every subscription once it has received what is queued."""
        self._is_closed = True
        for subscription in self._subscriptions:
            subscription.end(BusClosed())

    def statistics(self) -> BusStatistics:
        """Return the counts of this moment."""
        return BusStatistics(self._published, tuple(s.statistics() for s in self._subscriptions))

    def __repr__(self) -> str:
        return f"<EventBus published={self._published} subscriptions={len(self._subscriptions)}>"
