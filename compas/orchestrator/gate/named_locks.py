"""Lets what has one name be done one at a time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio


class NamedLocks:
    """A lock for each name that somebody holds or waits for; names that nobody wants take no room."""

    def __init__(self) -> None:
        self._locks: dict[str, trio.Lock] = {}

    @asynccontextmanager
    async def take(self, name: str) -> AsyncIterator[None]:
        """Wait for the turn of this name, and hold it inside."""
        lock = self._locks.setdefault(name, trio.Lock())
        try:
            async with lock:
                yield
        finally:
            if not lock.locked():
                self._locks.pop(name, None)
