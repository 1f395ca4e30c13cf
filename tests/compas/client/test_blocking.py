import functools
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
import trio

from actors.remote.call import Call
from actors.remote.codec import Codec
from actors.remote.errors import (
    CallError,
    ConnectTimeout,
    FrameInvalid,
    FrameTooLarge,
    PeerRefused,
    ReplyInvalid,
    RequestFailed,
    RequestTimeout,
    SocketAbsent,
    SocketRefused,
    TransportEnded,
    VersionRefused,
)
from actors.remote.frames import Cancel, Failure, Frame, Goodbye, Hello, Push, Refused, Reply, Request, Welcome
from actors.remote.handshake import WelcomeInfo
from actors.remote.listener import listen_unix
from actors.remote.server import ServerSettings
from actors.remote.sockets import UnixTransport, accept_unix
from actors.remote.versions import Versions
from compas.client.blocking import BlockingConnection, ConnectionLost, connect
from compas.client.typed import typed
from tests.kit.ceiling import CEILING
from tests.kit.places import REPOSITORY

SETTINGS = ServerSettings(welcome=WelcomeInfo(server="supervisor/1", state="recovering", epoch=3))
T = TypeVar("T")


class Named(msgspec.Struct):
    name: str


class Supervisor:
    """Serves a few operations, and notes which requests were cancelled."""

    def __init__(self) -> None:
        self.cancelled = trio.Event()

    async def __call__(self, call: Call) -> object:
        match call.op:
            case "add":
                return {"sum": sum(call.decode(list[int]))}
            case "count":
                for n in range(call.decode(int)):
                    await call.push(n)
                return "counted"
            case "hang":
                try:
                    await call.push("hanging")
                    await trio.sleep_forever()
                finally:
                    self.cancelled.set()
        raise CallError("no_such_operation", f"there is no operation {call.op}", ["add", "count", "hang"])


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "s")


@asynccontextmanager
async def _serving(path: str, handler: Callable[[Call], Awaitable[object]]) -> AsyncIterator[None]:
    with trio.fail_after(CEILING):
        async with trio.open_nursery() as nursery:

            async def listen(task_status: trio.TaskStatus[socket.socket]) -> None:
                await listen_unix(path, handler, SETTINGS, task_status=task_status)

            await nursery.start(listen)
            yield
            nursery.cancel_scope.cancel()


async def _in_thread(path: str, use: Callable[[BlockingConnection], T]) -> T:
    """Run `use` with a connection, where blocking is allowed."""

    def run() -> T:
        with connect(path, client="cli/1") as connection:
            return use(connection)

    return await trio.to_thread.run_sync(run, abandon_on_cancel=True)


async def test_a_request_is_answered_with_the_type_asked_for(path: str) -> None:
    def use(connection: BlockingConnection) -> list[object]:
        return [
            connection.welcome,
            connection.request("add", [1, 2]),
            connection.request("add", [3, 4]),
        ]

    async with _serving(path, Supervisor()):
        assert await _in_thread(path, use) == [
            {"t": "welcome", "protocol": 1, "server": "supervisor/1", "state": "recovering", "epoch": 3, "meta": {}},
            {"sum": 3},
            {"sum": 7},
        ]


async def test_pushed_items_come_in_order_before_the_result(path: str) -> None:
    def use(connection: BlockingConnection) -> list[int]:
        seen: list[int] = []
        assert connection.request("count", 1000, on_push=seen.append) == "counted"
        return seen

    async with _serving(path, Supervisor()):
        assert await _in_thread(path, use) == list(range(1000))


async def test_a_failure_carries_code_message_and_details(path: str) -> None:
    def use(connection: BlockingConnection) -> None:
        with pytest.raises(RequestFailed, match="there is no operation dance") as failed:
            connection.request("dance", None)
        assert failed.value.code == "no_such_operation"
        assert failed.value.details == ["add", "count", "hang"]

    async with _serving(path, Supervisor()):
        await _in_thread(path, use)


async def test_a_reply_of_another_type_is_said_to_be_invalid(path: str) -> None:
    def use(connection: BlockingConnection) -> None:
        with pytest.raises(ReplyInvalid, match="versions that do not fit"):
            typed(connection.request("add", [1]), Named)

    async with _serving(path, Supervisor()):
        await _in_thread(path, use)


async def test_a_request_that_takes_too_long_is_cancelled_and_the_connection_goes_on(path: str) -> None:
    def use(connection: BlockingConnection) -> object:
        with pytest.raises(RequestTimeout, match=r"hang was not answered within 0\.05 s"):
            connection.request("hang", None, timeout=0.05)
        return connection.request("add", [1, 2])

    supervisor = Supervisor()
    async with _serving(path, supervisor):
        assert await _in_thread(path, use) == {"sum": 3}
        await supervisor.cancelled.wait()


async def test_what_on_push_raises_cancels_the_request_and_goes_on(path: str) -> None:
    def refuse(_item: object) -> None:
        raise KeyError("no more")

    def use(connection: BlockingConnection) -> object:
        with pytest.raises(KeyError):
            connection.request("hang", None, on_push=refuse)
        return connection.request("add", [1, 2])

    supervisor = Supervisor()
    async with _serving(path, supervisor):
        assert await _in_thread(path, use) == {"sum": 3}
        assert supervisor.cancelled.is_set()


async def test_versions_that_do_not_fit_are_refused_in_words(path: str) -> None:
    refused = pytest.raises(VersionRefused, match="supervisor/1 speaks 1: upgrade the server")
    async with _serving(path, Supervisor()):
        with refused:
            await trio.to_thread.run_sync(functools.partial(connect, path, client="cli/9", versions=Versions(8, 9)))


async def test_a_request_too_large_is_not_sent(path: str) -> None:
    def use(connection: BlockingConnection) -> object:
        with pytest.raises(FrameTooLarge):
            connection.request("add", "x" * (17 * 1024 * 1024))
        return connection.request("add", [1, 2])

    async with _serving(path, Supervisor()):
        assert await _in_thread(path, use) == {"sum": 3}


async def test_a_supervisor_that_hangs_up_on_a_large_request_is_quoted(path: str) -> None:
    def use() -> None:
        with (
            connect(path, client="cli/1", max_frame=64 * 1024 * 1024) as connection,
            pytest.raises(ConnectionLost, match="over the limit of 16777216 bytes"),
        ):
            connection.request("add", "x" * (17 * 1024 * 1024))

    async with _serving(path, Supervisor()):
        await trio.to_thread.run_sync(use)


async def test_a_supervisor_that_ends_loses_the_request(path: str) -> None:
    async with trio.open_nursery() as clients, _serving(path, Supervisor()):
        hanging = trio.Event()

        def use(connection: BlockingConnection) -> None:
            with pytest.raises(ConnectionLost):
                connection.request("hang", None, on_push=lambda _: trio.from_thread.run_sync(hanging.set))

        clients.start_soon(_in_thread, path, use)
        await hanging.wait()


def test_an_absent_and_a_dead_supervisor_are_told_apart(path: str) -> None:
    with pytest.raises(SocketAbsent):
        connect(path, client="cli/1")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
    with pytest.raises(SocketRefused):
        connect(path, client="cli/1")


def test_a_supervisor_that_does_not_answer_is_given_up(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as frozen:
        frozen.bind(path)
        frozen.listen(0)
        with pytest.raises(ConnectionLost, match="no answer to the greeting within"):
            connect(path, client="cli/1", timeout=0.05)
        with pytest.raises(ConnectTimeout, match="hangs or is flooded"):  # the first one still fills its queue
            connect(path, client="cli/1", timeout=0.05)


class RawServer:
    """A server that sends exactly the frames it is told to."""

    def __init__(self, transport: UnixTransport) -> None:
        self._transport = transport
        self._codec = Codec(transport.encoding)

    async def send(self, frame: Frame) -> None:
        await self._transport.send_frame(self._codec.encode_frame(frame))

    async def receive(self) -> Frame:
        return self._codec.decode_frame(await self._transport.receive_frame())

    def raw(self, value: object) -> msgspec.Raw:
        return self._codec.encode(value)


@asynccontextmanager
async def _raw_server(path: str) -> AsyncIterator[Callable[[], Awaitable[RawServer]]]:
    """Gives a function that waits for a client and its hello."""
    with trio.fail_after(CEILING), socket.socket(socket.AF_UNIX) as sock:
        sock.bind(path)
        sock.listen()
        sock.setblocking(False)
        streams = []

        async def admit() -> RawServer:
            stream = await trio.SocketListener(trio.socket.from_stdlib_socket(sock)).accept()
            streams.append(stream)
            server = RawServer(await accept_unix(stream))
            assert isinstance(await server.receive(), Hello)
            return server

        yield admit
        for stream in streams:
            await stream.aclose()


async def test_another_refusal_keeps_its_code(path: str) -> None:
    def use() -> None:
        with pytest.raises(PeerRefused, match="256 clients") as refused:
            connect(path, client="cli/1")
        assert refused.value.code == "busy"

    async with _raw_server(path) as admit, trio.open_nursery() as nursery:
        nursery.start_soon(trio.to_thread.run_sync, use)
        server = await admit()
        await server.send(Refused(code="busy", message="256 clients are connected already"))


async def test_a_cancel_that_is_not_confirmed_hangs_up_and_says_so_later(path: str) -> None:
    async with _raw_server(path) as admit, trio.open_nursery() as nursery:

        def use(connection: BlockingConnection) -> None:
            with pytest.raises(RequestTimeout):
                connection.request("slow", None, timeout=0.01)
            with pytest.raises(ConnectionLost, match="did not confirm a cancel"):
                connection.request("quick", None)

        nursery.start_soon(_in_thread, path, use)
        server = await admit()
        await server.send(Welcome(protocol=1, server="raw"))
        assert isinstance(await server.receive(), Request)
        assert await server.receive() == Cancel(id=1)
        with pytest.raises(TransportEnded):
            await server.receive()


async def test_items_nobody_reads_are_passed_over(path: str) -> None:
    async with _raw_server(path) as admit, trio.open_nursery() as nursery:

        def use(connection: BlockingConnection) -> None:
            assert connection.request("x", None) == 2

        nursery.start_soon(_in_thread, path, use)
        server = await admit()
        await server.send(Welcome(protocol=1, server="raw"))
        await server.receive()
        await server.send(Push(id=1, item=server.raw(1)))
        await server.send(Reply(id=1, result=server.raw(2)))


async def test_a_frame_only_clients_send_is_a_broken_server(path: str) -> None:
    async with _raw_server(path) as admit, trio.open_nursery() as nursery:

        def use(connection: BlockingConnection) -> None:
            with pytest.raises(FrameInvalid, match="a Cancel frame"):
                connection.request("x", None)

        nursery.start_soon(_in_thread, path, use)
        server = await admit()
        await server.send(Welcome(protocol=1, server="raw"))
        await server.receive()
        await server.send(Cancel(id=1))


async def test_a_goodbye_ends_the_request_and_is_quoted_to_the_next(path: str) -> None:
    async with _raw_server(path) as admit, trio.open_nursery() as nursery:

        def use(connection: BlockingConnection) -> None:
            for _ in range(2):
                with pytest.raises(ConnectionLost, match="going down for an upgrade"):
                    connection.request("x", None)

        nursery.start_soon(_in_thread, path, use)
        server = await admit()
        await server.send(Welcome(protocol=1, server="raw"))
        await server.receive()
        await server.send(Goodbye(reason="going down for an upgrade"))


INTERRUPTED = """
import os, sys
from compas.client.blocking import connect
connection = connect(sys.argv[1], client="cli/1")
try:
    connection.request("hang", None, on_push=lambda item: os.write(1, b"hanging"))
except KeyboardInterrupt:
    os.write(1, b"interrupted")
"""


@pytest.mark.system
async def test_an_interrupt_cancels_the_request_before_it_goes_on(path: str) -> None:
    async with _raw_server(path) as admit:
        client = await trio.lowlevel.open_process(
            [sys.executable, "-c", INTERRUPTED, path],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        )
        server = await admit()
        await server.send(Welcome(protocol=1, server="raw"))
        assert isinstance(await server.receive(), Request)
        await server.send(Push(id=1, item=server.raw("go")))
        assert client.stdout is not None
        assert await client.stdout.receive_some() == b"hanging"
        client.send_signal(signal.SIGINT)
        assert await server.receive() == Cancel(id=1)
        await server.send(Failure(id=1, code="cancelled", message="as you wish"))
        with pytest.raises(TransportEnded):
            await server.receive()
        assert await client.stdout.receive_some() == b"interrupted"
        await client.stdout.aclose()
        assert await client.wait() == 0


@pytest.mark.system
def test_it_starts_without_trio_and_msgspec() -> None:
    code = "import sys, compas.client.blocking; sys.exit(bool({'trio', 'yaml', 'msgspec'} & set(sys.modules)))"
    process = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(REPOSITORY)})
    assert process.wait(timeout=CEILING) == 0
