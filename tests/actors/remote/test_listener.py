import logging
import os
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
import trio

from actors.remote.codec import Codec
from actors.remote.errors import ConnectError, PeerRefused, SessionLost, SocketAbsent, SocketRefused
from actors.remote.frames import Refused
from actors.remote.framing import Encoding, FrameSplitter
from actors.remote.listener import bind_unix, listen_unix
from actors.remote.server import ServerSettings
from actors.remote.session import open_session
from actors.remote.sockets import connect_unix
from tests.kit.actors.remote_playground import SETTINGS, Playground
from tests.kit.ceiling import CEILING


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "s")


@asynccontextmanager
async def _listening(
    where: str | socket.socket, playground: Playground, settings: ServerSettings = SETTINGS, **options: int
) -> AsyncIterator[None]:
    with trio.fail_after(CEILING):
        async with trio.open_nursery() as nursery:

            async def listen(task_status: trio.TaskStatus[socket.socket]) -> None:
                await listen_unix(where, playground, settings, task_status=task_status, **options)

            await nursery.start(listen)
            yield
            nursery.cancel_scope.cancel()


async def test_clients_of_both_encodings_are_served(path: str, playground: Playground, encoding: Encoding) -> None:
    async with (
        _listening(path, playground),
        open_session(await connect_unix(path, encoding), client="c") as session,
    ):
        assert await session.request("add", {"a": 1, "b": 2}, dict) == {"sum": 3}
        assert len(await session.request("blob", 3_000_000, str)) == 3_000_000
        assert await session.request("peer", None, dict) == {"pid": os.getpid(), "uid": os.getuid()}


async def test_the_socket_is_for_its_user_alone_and_goes_with_the_listener(path: str, playground: Playground) -> None:
    async with _listening(path, playground):
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with pytest.raises(SocketAbsent):
        await connect_unix(path)


async def test_a_socket_left_behind_is_replaced(path: str, playground: Playground) -> None:
    bind_unix(path).close()
    with pytest.raises(SocketRefused):
        await connect_unix(path)
    async with _listening(path, playground), open_session(await connect_unix(path), client="c"):
        pass


def test_a_file_that_is_no_socket_is_left_alone(path: str) -> None:
    Path(path).write_text("precious")
    with pytest.raises(ConnectError, match="no socket is in the way"):
        bind_unix(path)
    assert Path(path).read_text() == "precious"


def test_a_path_too_long_for_unix_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ConnectError, match="over 100 bytes"):
        bind_unix(tmp_path / ("x" * 120))


async def test_a_listener_that_ends_leaves_its_successors_socket(path: str, playground: Playground) -> None:
    async with _listening(path, playground):
        successor = bind_unix(path)
    async with (
        _listening(successor, playground),
        open_session(await connect_unix(path), client="c") as session,
    ):
        assert await session.request("add", {"a": 1, "b": 2}, dict) == {"sum": 3}


async def test_a_client_of_another_user_is_refused_in_words(path: str, playground: Playground) -> None:
    async with _listening(path, playground, uid=os.getuid() + 1):
        with pytest.raises(PeerRefused, match=f"user {os.getuid()} may not use it") as refused:
            async with open_session(await connect_unix(path), client="c"):
                pytest.fail("a stranger got in")
    assert refused.value.code == "user"


async def test_a_client_over_the_bound_is_refused_and_may_come_back(path: str, playground: Playground) -> None:
    async with _listening(path, playground, max_connections=1):
        async with open_session(await connect_unix(path), client="first"):
            with pytest.raises(PeerRefused, match="1 clients are connected") as refused:
                async with open_session(await connect_unix(path), client="second"):
                    pytest.fail("there was no room")
            assert refused.value.code == "busy"
        while True:  # the server takes a moment to see that the first has left
            try:
                async with open_session(await connect_unix(path), client="second") as session:
                    assert await session.request("add", {"a": 1, "b": 2}, dict) == {"sum": 3}
                return
            except PeerRefused:
                await trio.lowlevel.checkpoint()


async def test_something_that_speaks_http_is_refused_in_text(path: str, playground: Playground) -> None:
    splitter = FrameSplitter()
    async with _listening(path, playground), await trio.open_unix_socket(path) as stream:
        await stream.send_all(b"G")
        async for data in stream:
            splitter.feed(data)
    payload = splitter.next_payload()
    assert payload is not None
    answer = Codec(Encoding.JSON).decode_frame(payload)
    assert isinstance(answer, Refused)
    assert "found b'G'" in answer.message


async def test_a_client_that_says_nothing_is_cut_off(
    path: str, playground: Playground, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "actors.remote")
    impatient = msgspec.structs.replace(SETTINGS, hello_seconds=0.05)
    async with _listening(path, playground, impatient), await trio.open_unix_socket(path) as stream:
        assert await stream.receive_some() == b""
    assert "said nothing" in caplog.text


async def test_a_frame_over_the_limit_is_answered_in_words(path: str, playground: Playground) -> None:
    async with _listening(path, playground):
        transport = await connect_unix(path, max_frame=64 * 1024 * 1024)
        async with open_session(transport, client="c") as session:
            with pytest.raises(SessionLost, match="over the limit of 16777216 bytes"):
                await session.request("add", b"x" * (17 * 1024 * 1024), dict)


async def test_when_the_listener_ends_its_clients_lose_their_requests(path: str, playground: Playground) -> None:
    with trio.fail_after(CEILING):
        async with trio.open_nursery() as clients, _listening(path, playground):
            transport = await connect_unix(path)

            async def hang() -> None:
                async with open_session(transport, client="c") as session:
                    with pytest.raises(SessionLost):
                        await session.request("hang", None, int)

            clients.start_soon(hang)
            await playground.hanging.wait()
    assert playground.ended.is_set()
