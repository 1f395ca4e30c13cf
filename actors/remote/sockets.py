"""Frames over a byte stream: Unix sockets and socketpairs."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import trio

from actors.remote.connecting import explained_connect
from actors.remote.errors import TransportBroken, TransportClosed, TransportEnded
from actors.remote.framing import MAX_FRAME, Encoding, FrameSplitter, frame_header

_CHUNK: Final = 64 * 1024


class UnixTransport:
    """A Transport over a stream socket. Made by `connect_unix` or `accept_unix`, or by hand from a socketpair."""

    def __init__(
        self, stream: trio.SocketStream, encoding: Encoding, *, announces: bool, max_frame: int = MAX_FRAME
    ) -> None:
        """`announces`: this is the client's side, whose first byte names the encoding."""
        self.encoding = encoding
        self.max_frame = max_frame
        self._stream = stream
        self._preamble = encoding.value if announces else b""
        self._splitter = FrameSplitter(max_frame)
        self._is_broken = False

    async def send_frame(self, payload: bytes) -> None:
        """See Transport."""
        header = self._preamble + frame_header(payload, self.max_frame)
        await trio.lowlevel.checkpoint_if_cancelled()
        if self._is_broken:
            raise TransportBroken("an earlier send failed or was cancelled half way; open a new connection")
        self._is_broken = True
        with _translated_errors():
            if len(payload) <= _CHUNK:
                await self._stream.send_all(header + payload)
            else:
                await self._stream.send_all(header)
                await self._stream.send_all(payload)
        self._is_broken = False
        self._preamble = b""

    async def receive_frame(self) -> bytes:
        """See Transport."""
        await trio.lowlevel.checkpoint()
        while (payload := self._splitter.next_payload()) is None:
            with _translated_errors():
                data = await self._stream.receive_some(_CHUNK)
            if not data and self._splitter.is_inside_frame:
                raise TransportBroken("the connection ended inside a frame")
            if not data:
                raise TransportEnded("the peer closed the connection")
            self._splitter.feed(data)
        return payload

    async def aclose(self) -> None:
        """See Transport."""
        await self._stream.aclose()


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except trio.BrokenResourceError as error:
        raise TransportBroken(f"the connection broke: {error.__cause__ or error}") from error
    except trio.ClosedResourceError as error:
        raise TransportClosed("this side closed the connection") from error


def transport_of(
    sock: socket.socket, encoding: Encoding, *, announces: bool, max_frame: int = MAX_FRAME
) -> UnixTransport:
    """A transport over a connected stream socket, which it now owns."""
    sock.setblocking(False)
    stream = trio.SocketStream(trio.socket.from_stdlib_socket(sock))
    return UnixTransport(stream, encoding, announces=announces, max_frame=max_frame)


async def connect_unix(
    path: str | os.PathLike[str], encoding: Encoding = Encoding.MSGPACK, *, max_frame: int = MAX_FRAME
) -> UnixTransport:
    """Connect to the listener at `path`.

    Raises SocketAbsent, SocketRefused, PermissionDenied, ConnectTimeout (its queue is full; try again later) or
    ConnectError.
    """
    await trio.lowlevel.checkpoint()
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)  # a Unix socket connects at once or not at all
        with explained_connect(path):
            sock.connect(os.fspath(path))
        return transport_of(sock, encoding, announces=True, max_frame=max_frame)
    except BaseException:
        sock.close()
        raise


async def accept_unix(stream: trio.SocketStream, *, max_frame: int = MAX_FRAME) -> UnixTransport:
    """The server's side of a new connection, once its first byte has come.

    Raises EncodingUnknown, TransportEnded (nothing came) or TransportBroken; the stream is the caller's to close then.
    """
    with _translated_errors():
        first = await stream.receive_some(1)
    if not first:
        raise TransportEnded("the peer closed the connection before it said anything")
    return UnixTransport(stream, Encoding.from_first_byte(first), announces=False, max_frame=max_frame)
