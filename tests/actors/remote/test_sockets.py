import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from actors.remote.connecting import explained_connect
from actors.remote.errors import (
    ConnectError,
    ConnectTimeout,
    EncodingUnknown,
    FrameTooLarge,
    PermissionDenied,
    SocketAbsent,
    SocketRefused,
    TransportBroken,
    TransportEnded,
)
from actors.remote.framing import Encoding, frame_header
from actors.remote.sockets import accept_unix, connect_unix

Wires = tuple[socket.socket, trio.SocketStream]


@pytest.fixture
def wires() -> Iterator[Wires]:
    """A plain socket, and the stream a server would have got for it."""
    plain, other = socket.socketpair()
    other.setblocking(False)
    with plain, other:
        yield plain, trio.SocketStream(trio.socket.from_stdlib_socket(other))


async def test_the_wire_is_the_encoding_then_lengths_and_payloads(wires: Wires) -> None:
    plain, stream = wires
    plain.sendall(b"J" + b"\0\0\0\3abc" + b"\0\0\0\0")
    transport = await accept_unix(stream)
    assert transport.encoding is Encoding.JSON
    assert [await transport.receive_frame(), await transport.receive_frame()] == [b"abc", b""]
    await transport.send_frame(b"hi")
    assert plain.recv(100) == b"\0\0\0\2hi"


@pytest.mark.parametrize("cut", [1, 3, 4, 6])
async def test_an_end_inside_a_frame_is_not_taken_for_a_close(wires: Wires, cut: int) -> None:
    plain, stream = wires
    plain.sendall(b"M" + (frame_header(b"abc") + b"abc")[:cut])
    plain.close()
    transport = await accept_unix(stream)
    with pytest.raises(TransportBroken, match="inside a frame"):
        await transport.receive_frame()


async def test_a_length_over_the_limit_fails_before_memory_is_spent_on_it(wires: Wires) -> None:
    plain, stream = wires
    plain.sendall(b"M\xff\xff\xff\xff")
    transport = await accept_unix(stream)
    with pytest.raises(FrameTooLarge, match="4294967295 bytes"):
        await transport.receive_frame()


async def test_a_first_byte_of_no_encoding_is_named(wires: Wires) -> None:
    plain, stream = wires
    plain.sendall(b"\x16\x03")
    with pytest.raises(EncodingUnknown, match=r"\\x16"):
        await accept_unix(stream)


async def test_a_client_that_leaves_at_once_is_an_end(wires: Wires) -> None:
    plain, stream = wires
    plain.close()
    with pytest.raises(TransportEnded):
        await accept_unix(stream)


async def test_a_socket_that_is_absent_and_one_that_refuses_are_told_apart(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with pytest.raises(SocketAbsent, match="not running"):
        await connect_unix(path)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
    with pytest.raises(SocketRefused, match="gone"):
        await connect_unix(path)


async def test_a_listener_whose_queue_is_full_is_not_taken_for_connected(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as flooded:
        flooded.bind(path)
        flooded.listen(0)
        first = await connect_unix(path)
        with pytest.raises(ConnectTimeout, match="hangs or is flooded"):
            await connect_unix(path)
        await first.aclose()


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.EPERM, PermissionDenied),
        (errno.EACCES, PermissionDenied),
        (errno.ENOENT, SocketAbsent),
        (errno.ECONNREFUSED, SocketRefused),
        (errno.EMFILE, ConnectError),
    ],
)
def test_every_error_of_the_system_has_its_kind_and_its_words(number: int, expected: type[ConnectError]) -> None:
    with pytest.raises(ConnectError, match="/run/x") as found, explained_connect("/run/x"):
        raise OSError(number, os.strerror(number))
    assert type(found.value) is expected
