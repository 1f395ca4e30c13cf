"""What carries frames between two sides, and the carrier that stays in memory."""

import math
from typing import Protocol

import trio

from actors.remote.errors import FrameTooLarge, TransportBroken, TransportClosed, TransportEnded
from actors.remote.framing import MAX_FRAME, Encoding


class Transport(Protocol):
    """Carries frame payloads both ways, in order, one sender and one receiver at a time."""

    @property
    def encoding(self) -> Encoding:
        """How this connection's payloads are encoded."""
        ...

    @property
    def max_frame(self) -> int:
        """Bytes this side sends or accepts in one payload at most."""
        ...

    async def send_frame(self, payload: bytes) -> None:
        """Send one payload, waiting while the peer reads nothing.

        Raises FrameTooLarge (nothing was sent, the transport still works), TransportBroken, TransportClosed. If it is
        cancelled half way, part of the frame may be out, so every later send raises TransportBroken.
        """
        ...

    async def receive_frame(self) -> bytes:
        """The next payload. If cancelled, nothing is lost.

        Raises TransportEnded (the peer closed between frames), TransportBroken (inside one, or a reset), FrameTooLarge
        (receiving is over), TransportClosed (closed here, also while waiting).
        """
        ...

    async def aclose(self) -> None:
        """Close both directions; wakes a receiver on either side. Closing twice is harmless."""
        ...


class _Pipe:
    """One direction of a pair: a bounded queue that remembers whether its last frame was cut."""

    def __init__(self, capacity: int) -> None:
        self.send, self.receive = trio.open_memory_channel[bytes](capacity)
        self.is_cut = False


class MemoryTransport:
    """One end of `memory_transport_pair`."""

    def __init__(self, outward: _Pipe, inward: _Pipe, encoding: Encoding, max_frame: int) -> None:
        self.encoding = encoding
        self.max_frame = max_frame
        self._out = outward
        self._in = inward

    async def send_frame(self, payload: bytes) -> None:
        """See Transport."""
        if len(payload) > self.max_frame:
            raise FrameTooLarge(len(payload), self.max_frame)
        await trio.lowlevel.checkpoint_if_cancelled()
        if self._out.is_cut:
            raise TransportBroken("an earlier send was cancelled half way; open a new connection")
        try:
            await self._out.send.send(payload)
        except trio.Cancelled:
            self._out.is_cut = True
            raise
        except trio.BrokenResourceError as error:
            raise TransportBroken("the peer closed the connection") from error
        except trio.ClosedResourceError as error:
            raise TransportClosed("this side closed the connection") from error

    async def receive_frame(self) -> bytes:
        """See Transport."""
        try:
            payload = await self._in.receive.receive()
        except trio.EndOfChannel:
            if self._in.is_cut:
                raise TransportBroken("the connection ended inside a frame") from None
            raise TransportEnded("the peer closed the connection") from None
        except trio.ClosedResourceError as error:
            raise TransportClosed("this side closed the connection") from error
        if len(payload) > self.max_frame:
            raise FrameTooLarge(len(payload), self.max_frame)
        return payload

    async def aclose(self) -> None:
        """See Transport."""
        self._out.send.close()
        self._in.receive.close()
        await trio.lowlevel.checkpoint()


def memory_transport_pair(
    encoding: Encoding = Encoding.MSGPACK,
    *,
    max_frame: int = MAX_FRAME,
    peer_max_frame: int | None = None,
    capacity: int = 16,
) -> tuple[MemoryTransport, MemoryTransport]:
    """Two connected transports in one process; each direction holds `capacity` frames before a send waits."""
    assert 0 <= capacity < math.inf, "an unbounded queue would hide a missing back-pressure"
    there, back = _Pipe(capacity), _Pipe(capacity)
    peer_limit = max_frame if peer_max_frame is None else peer_max_frame
    return MemoryTransport(there, back, encoding, max_frame), MemoryTransport(back, there, encoding, peer_limit)
