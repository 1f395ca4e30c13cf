"""A subscription that outlives its connections: it asks again from the last cursor, and skips what it has had."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, Generic, TypeVar

import trio

from actors.remote.background import open_background
from actors.remote.errors import ConnectError, SessionLost
from actors.remote.session import Session

T = TypeVar("T")

Connect = Callable[[], AbstractAsyncContextManager[Session]]
"""Opens a new session, closed at the end of its block."""

RETRIED: Final = (SessionLost, ConnectError, OSError)
"""What another connection may mend; any other error, such as RequestFailed or VersionRefused, ends the stream."""


class ReconnectingStream(Generic[T]):
    """Items in the order of their cursors, each once, over as many connections as it takes."""

    def __init__(
        self,
        connect: Connect,
        op: str,
        args: Callable[[int], object],
        item_type: type[T],
        cursor: int,
        cursor_of: Callable[[T], int],
        backoff: Callable[[], Iterator[float]],
    ) -> None:
        self.cursor = cursor
        self._connect = connect
        self._op = op
        self._args = args
        self._item_type = item_type
        self._cursor_of = cursor_of
        self._backoff = backoff
        self._failure: Exception | None = None
        self._send, self._receive = trio.open_memory_channel[T](0)

    def __repr__(self) -> str:
        return f"<ReconnectingStream of {self._op} after {self.cursor}>"

    def __aiter__(self) -> "ReconnectingStream[T]":
        return self

    async def __anext__(self) -> T:
        """The next item; ends when the server's reply says that there is no more. If cancelled, no item is lost.

        Raises what ended the stream: RequestFailed, VersionRefused, …, or the last loss when the back-off gave up.
        """
        try:
            item = await self._receive.receive()
        except trio.EndOfChannel:
            if self._failure is not None:
                raise self._failure from None
            raise StopAsyncIteration from None
        self.cursor = self._cursor_of(item)
        return item

    async def _pump(self) -> None:
        """Run in a task of its own, because a session must be closed by the task that opened it."""
        last = self.cursor
        delays: Iterator[float] | None = None
        with self._send:
            while True:
                try:
                    async with (
                        self._connect() as session,
                        session.open_stream(self._op, self._args(last), self._item_type) as items,
                    ):
                        async for item in items:
                            delays = None
                            if (cursor := self._cursor_of(item)) > last:
                                await self._send.send(item)
                                last = cursor
                    return
                except RETRIED as error:
                    delays = self._backoff() if delays is None else delays
                    if (delay := next(delays, None)) is None:
                        self._failure = error
                        return
                except Exception as error:
                    self._failure = error  # raised where the items are read
                    return
                await trio.sleep(delay)


@asynccontextmanager
async def open_reconnecting_stream(
    connect: Connect,
    op: str,
    args: Callable[[int], object],
    item_type: type[T],
    *,
    cursor: int,
    cursor_of: Callable[[T], int],
    backoff: Callable[[], Iterator[float]],
) -> AsyncIterator[ReconnectingStream[T]]:
    """Read everything that `op` pushes after `cursor`, with no gap and no repeat, while connections come and go.

    `args` makes the arguments that ask for what follows a cursor; `cursor_of` reads it from an item. After a loss it
    waits as many seconds as `backoff()` yields next, anew after every item that came, and gives up when that ends.
    """
    stream = ReconnectingStream(connect, op, args, item_type, cursor, cursor_of, backoff)
    async with open_background() as helpers:
        helpers.start_soon(stream._pump)
        yield stream
