"""The one writer of a connection: frames wait here, bounded in bytes, and go out in order."""

from collections import deque
from typing import Final

import trio

from actors.remote.errors import FrameTooLarge, TransportClosed
from actors.remote.transport import Transport

HIGH_WATER: Final = 1024 * 1024
"""Bytes that may wait before `put` waits."""


class Outbox:
    """A queue of payloads and the task that sends them.

    A task that is cancelled while it waits in `put` leaves the connection whole, because only `run` ever sends.
    """

    def __init__(self, transport: Transport, high_water: int = HIGH_WATER) -> None:
        self._transport = transport
        self._high_water = high_water
        self._payloads: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._closed = False
        self._room = trio.lowlevel.ParkingLot()
        self._work = trio.lowlevel.ParkingLot()

    @property
    def is_closed(self) -> bool:
        """Whether nothing more is accepted."""
        return self._closed

    def check_size(self, payload: bytes) -> None:
        """Raises FrameTooLarge when the transport would refuse `payload`."""
        if len(payload) > self._transport.max_frame:
            raise FrameTooLarge(len(payload), self._transport.max_frame)

    async def put(self, payload: bytes) -> None:
        """Queue `payload`, after those that wait already; if cancelled, it was not queued.

        Raises FrameTooLarge, or TransportClosed once the outbox is closed.
        """
        self.check_size(payload)
        await trio.lowlevel.checkpoint()
        if self._waiting_bytes >= self._high_water or self._room:
            await self._room.park()
        self.put_nowait(payload)

    def put_nowait(self, payload: bytes) -> None:
        """Queue `payload` over the bound: for control frames, of which there is at most one per request."""
        if self._closed:
            raise TransportClosed("this side closed the connection")
        self._payloads.append(payload)
        self._waiting_bytes += len(payload)
        self._work.unpark()

    def close(self) -> None:
        """Accept nothing more; `run` returns when what is queued has been sent."""
        self._closed = True
        self._room.unpark_all()
        self._work.unpark_all()

    async def run(self) -> None:
        """Send until closed and empty. Raises what the transport raises; the outbox is closed then."""
        try:
            while True:
                while not self._payloads:
                    if self._closed:
                        return
                    await self._work.park()
                payload = self._payloads.popleft()
                self._waiting_bytes -= len(payload)
                self._room.unpark()
                await self._transport.send_frame(payload)
        finally:
            self.close()
