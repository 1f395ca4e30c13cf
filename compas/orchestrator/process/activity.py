"""Whether anybody needs the supervisor: clients with requests under way, and the moment when that changes."""

from collections.abc import Iterator
from contextlib import contextmanager

import trio


class Activity:
    """Counts clients being served, and wakes whoever waits for something to happen."""

    def __init__(self) -> None:
        self.clients = 0
        self._changed = trio.Event()

    @contextmanager
    def client(self) -> Iterator[None]:
        """Count one request under way."""
        self.clients += 1
        self.touch()
        try:
            yield
        finally:
            self.clients -= 1
            self.touch()

    def touch(self) -> None:
        """Say that something happened."""
        self._changed.set()
        self._changed = trio.Event()

    def next_change(self) -> trio.Event:
        """Return what is set when the next thing happens; take it before looking, and nothing is missed."""
        return self._changed

    async def wait_alone(self) -> None:
        """Wait until no client is being served."""
        while self.clients:
            await self._changed.wait()
