"""Where a connection's statements run: inline on the trio thread, or on a worker thread of its own."""

import math
from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeVar, cast

import apsw
import apsw.aio
import trio

from compas.store.connection import Database
from compas.store.errors import StoreClosed

R = TypeVar("R")


class Lane(Protocol):
    """Runs functions on one connection, one at a time, in the order they came."""

    async def run(self, work: Callable[[Database], R]) -> R:
        """Run `work` and return what it returned. If cancelled, a running query is interrupted."""
        ...

    async def aclose(self) -> None:
        """Close the connection; later calls fail."""
        ...


class _Controller(Protocol):
    """What apsw documents of the object that owns a worker thread."""

    def configure(self, connection: apsw.Connection) -> None: ...

    async def send(self, call: Callable[[], object]) -> object: ...

    def close(self) -> None: ...


class InlineLane:
    """Runs on the trio thread itself: for a database in memory, and so usable under a virtual clock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self, work: Callable[[Database], R]) -> R:
        """Run `work`; if cancelled, it did not begin."""
        await trio.lowlevel.checkpoint()
        return work(self._database)

    async def aclose(self) -> None:
        """Close the connection; may be called twice."""
        self._database.close()


class ThreadLane:
    """Runs on apsw's worker thread, which a cancel interrupts within a query; see `open_thread_lane`."""

    def __init__(self, controller: _Controller, database: Database) -> None:
        self.database = database
        self._controller = controller
        self._closed = False

    async def run(self, work: Callable[[Database], R]) -> R:
        """Run `work`; if cancelled, it is interrupted at its next SQL and its result is dropped.

        Raises StoreClosed once it was closed.
        """
        if self._closed:
            raise StoreClosed("the store is closed, since its supervisor ends")
        await trio.lowlevel.checkpoint_if_cancelled()
        return await _send(self._controller, partial(work, self.database))

    async def aclose(self) -> None:
        """Let what is queued finish, close the connection and end the thread; may be called twice."""
        if self._closed:
            return
        self._closed = True
        with trio.CancelScope(shield=True):
            try:
                await _send(self._controller, self.database.close)
            finally:
                self._controller.close()


async def open_thread_lane(open_it: Callable[[], Database]) -> ThreadLane:
    """Start a worker thread and open a connection on it; the caller closes the lane."""
    controller: _Controller = apsw.aio.Trio(thread_name="compas store")
    with trio.CancelScope(shield=True):
        try:
            database = await _send(controller, open_it)
            await _send(controller, partial(controller.configure, database.connection))
        except BaseException:
            controller.close()
            raise
    return ThreadLane(controller, database)


async def _send(controller: _Controller, call: Callable[[], R]) -> R:
    # Without this, apsw reads trio's deadline itself and may answer TooSlowError where a Cancelled is due.
    token = apsw.aio.deadline.set(math.inf)
    try:
        return cast("R", await controller.send(call))
    finally:
        apsw.aio.deadline.reset(token)
