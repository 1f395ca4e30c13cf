"""A store in memory on a disk that can be broken and slowed down by a test."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import trio

from compas.clock import Clock
from compas.store.codec import domain_codec
from compas.store.connection import Database, open_database
from compas.store.errors import StoreUnavailable
from compas.store.event_log import Store
from compas.store.lane import InlineLane
from compas.store.migrate import LOG_APPLICATION_ID, load_schema, migrate
from compas.store.projections.catalogue import PROJECTIONS
from compas.store.projector import Projector

R = TypeVar("R")


class Disk:
    """A lane that fails while `is_full` or `is_unreadable`, and notes when writes were tried."""

    def __init__(self, database: Database) -> None:
        self.is_full = False
        self.is_unreadable = False
        self.held: list[trio.Event] = []
        """The next writes each wait for one of these first."""
        self.writes_at: list[float] = []
        self.reading = _Reading(self, database)
        self._lane = InlineLane(database)

    async def run(self, work: Callable[[Database], R]) -> R:
        """Write."""
        self.writes_at.append(trio.current_time())
        if self.held:
            await self.held.pop(0).wait()
        if self.is_full:
            raise StoreUnavailable("tried to append to the log; the disk is full; free some space")
        return await self._lane.run(work)

    async def aclose(self) -> None:
        await self._lane.aclose()


class _Reading:
    """The same for reads."""

    def __init__(self, disk: Disk, database: Database) -> None:
        self._disk = disk
        self._lane = InlineLane(database)

    async def run(self, work: Callable[[Database], R]) -> R:
        if self._disk.is_unreadable:
            raise StoreUnavailable("tried to read the log; the disk reported an error; look at the system log")
        return await self._lane.run(work)

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()


@asynccontextmanager
async def open_store_on_disk(clock: Clock) -> AsyncIterator[tuple[Store, Disk]]:
    """Open a log in memory with all its read models."""
    codec = domain_codec()
    database = open_database(None, "log")
    migrate(database, load_schema(LOG_APPLICATION_ID, "sql"))
    projector = Projector(PROJECTIONS, codec)
    with database.transaction():
        projector.catch_up(database)
    disk = Disk(database)
    try:
        yield Store(disk, disk.reading, (database,), codec, projector, clock), disk
    finally:
        await disk.aclose()
