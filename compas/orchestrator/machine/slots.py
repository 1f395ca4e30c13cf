"""The processes that work for the supervisor, fork server and git worker: kept in slots, and replaced when they die."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Generic, TypeVar

import trio

from actors.actor import Actor

W = TypeVar("W")
R = TypeVar("R")

TRIES = 3
"""How many workers a repeatable call wears out before its failure is taken for its own fault."""


class WorkerDiedError(Exception):
    """A worker process ended by itself; its host crashes with this, and is restarted with a new one."""


class Slot(Generic[W]):
    """Where the worker of the moment is found. `lost` is what its methods raise when its process is gone."""

    def __init__(self, name: str, lost: type[Exception]) -> None:
        self.name = name
        self._lost = lost
        self._worker: W | None = None
        self._filled = trio.Event()
        self._discarded = trio.Event()

    @property
    def is_filled(self) -> bool:
        """True while a worker is there."""
        return self._worker is not None

    async def get(self) -> W:
        """Return the worker, waiting for the next one while there is none."""
        while self._worker is None:
            await self._filled.wait()
        return self._worker

    async def call(self, work: Callable[[W], Awaitable[R]]) -> R:
        """Run a call once. When the worker dies in it, the next one is brought, and the error raised."""
        worker = await self.get()
        try:
            return await work(worker)
        except self._lost:
            self.discard(worker)
            raise

    async def retry(self, work: Callable[[W], Awaitable[R]]) -> R:
        """Run a call that may be repeated, again with the next worker when one dies in it."""
        for _ in range(TRIES - 1):
            worker = await self.get()
            try:
                return await work(worker)
            except self._lost:
                self.discard(worker)
        return await self.call(work)

    def discard(self, worker: W) -> None:
        """Say that a worker is dead; does nothing when it has been replaced already."""
        if self._worker is worker:
            self._worker = None
            self._filled = trio.Event()
            self._discarded.set()

    def discard_current(self) -> None:
        """Say that whatever worker is here now is dead."""
        if self._worker is not None:
            self.discard(self._worker)

    async def occupy(self, worker: W) -> None:
        """Put a worker here until it is discarded or this is cancelled."""
        self._worker = worker
        self._discarded = trio.Event()
        self._filled.set()
        try:
            await self._discarded.wait()
        finally:
            self.discard(worker)


class WorkerHost(Actor, Generic[W]):
    """Keeps one worker in a slot. It starts only once the worker is up."""

    def __init__(self, slot: Slot[W], open_worker: Callable[[], AbstractAsyncContextManager[W]]) -> None:
        self._slot = slot
        self._open = open_worker

    async def on_start(self) -> None:
        """Start the worker."""
        self.context.start_soon(self._host)
        await self._slot.get()

    async def _host(self) -> None:
        async with self._open() as worker:
            await self._slot.occupy(worker)
        raise WorkerDiedError(f"the {self._slot.name} ended by itself")
