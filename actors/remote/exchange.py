"""The client's side of one request: what has been pushed, and how it ended."""

from collections import deque
from typing import Final

import msgspec
import trio

from actors.remote.errors import FrameInvalid, RequestFailed, SessionLost
from actors.remote.frames import Failure, Reply

PUSH_WINDOW: Final = 64
"""Items of one request that may be under way while its reader is slow; other requests do not notice."""


class Exchange:
    """Items of one request in order, then its result; read by the one task that made the request."""

    def __init__(self, id_: int, window: int) -> None:
        self.id = id_
        self._window = window
        self._taken = 0
        self._items: deque[msgspec.Raw] = deque()
        self._outcome: Reply | Failure | SessionLost | None = None
        self._news = trio.lowlevel.ParkingLot()

    @property
    def is_ended(self) -> bool:
        """Whether the server will send nothing more for it."""
        return self._outcome is not None

    def add(self, item: msgspec.Raw) -> None:
        """Keep a pushed item. Raises FrameInvalid when the server pushed more than it was allowed."""
        if len(self._items) >= self._window:
            raise FrameInvalid(f"the server pushed over the window of {self._window} items of request {self.id}")
        self._items.append(item)
        self._news.unpark()

    def end(self, outcome: Reply | Failure | SessionLost) -> None:
        """Nothing more comes; the first ending counts."""
        if self._outcome is None:
            self._outcome = outcome
            self._news.unpark_all()

    async def next_item(self) -> msgspec.Raw | None:
        """The next item; None once the reply is there and all items are read.

        Raises RequestFailed or SessionLost, also after the items that came before. If cancelled, no item is lost.
        """
        await trio.lowlevel.checkpoint()
        while not self._items and self._outcome is None:
            await self._news.park()
        if self._items:
            self._taken += 1
            return self._items.popleft()
        self.result()
        return None

    def take_credit(self) -> int:
        """How many items the server may now be told are read; 0 until it is half a window."""
        if self._taken * 2 < self._window or not self._taken:
            return 0
        taken, self._taken = self._taken, 0
        return taken

    def result(self) -> msgspec.Raw:
        """The reply's value; to be asked when `next_item` has returned None. Raises RequestFailed or SessionLost."""
        match self._outcome:
            case Reply(result=result):
                return result
            case Failure(code=code, message=message, details=details):
                raise RequestFailed(code, message, details if details else None)
            case SessionLost(reason=reason):
                raise SessionLost(reason)
            case None:
                raise AssertionError("the result was asked for before the request had ended")
