"""A small server to talk to, on whichever carrier a test wants."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import msgspec
import pytest
import trio

from actors.remote.call import Call, CallHandler
from actors.remote.codec import Encoding
from actors.remote.errors import CallError
from actors.remote.handshake import WelcomeInfo
from actors.remote.server import ServerSettings, serve_connection
from actors.remote.session import Session, open_session
from actors.remote.transport import memory_transport_pair


class Add(msgspec.Struct):
    """Arguments of `add`."""

    a: int
    b: int


class Playground:
    """A handler with an operation for everything a test wants to see."""

    def __init__(self) -> None:
        self.hanging = trio.Event()
        self.cancelled: list[int] = []
        self.ended = trio.Event()
        self.pushed = 0

    async def __call__(self, call: Call) -> object:
        match call.op:
            case "add":
                args = call.decode(Add)
                return {"sum": args.a + args.b}
            case "who":
                return {"client": call.peer.client, "request_id": call.request_id, "meta": call.meta}
            case "hang":
                return await self._hang(call)
            case "count":
                for n in range(call.decode(int)):
                    await call.push({"n": n})
                    self.pushed += 1
                return "counted"
            case "blob":
                return "x" * call.decode(int)
            case "fail":
                raise CallError("no_such_thread", "there is no thread t9", {"known": ["t1"]})
            case _:
                raise LookupError(f"no operation {call.op}")

    async def _hang(self, call: Call) -> None:
        self.hanging.set()
        try:
            await trio.sleep_forever()
        finally:
            self.cancelled.append(call.id)
            self.ended.set()


SETTINGS = ServerSettings(welcome=WelcomeInfo(server="playground/1", state="ready", epoch=7))


@pytest.fixture(params=list(Encoding), ids=["msgpack", "json"])
def encoding(request: pytest.FixtureRequest) -> Encoding:
    return request.param


@pytest.fixture
def playground() -> Playground:
    return Playground()


OpenPair = Callable[..., AbstractAsyncContextManager[Session]]


@pytest.fixture
def open_pair(encoding: Encoding) -> OpenPair:
    """Opens a session with a handler that is served in the same test, over memory."""

    @asynccontextmanager
    async def open_(
        handler: CallHandler, settings: ServerSettings = SETTINGS, **options: int
    ) -> AsyncIterator[Session]:
        near, far = memory_transport_pair(encoding, **options)
        with trio.fail_after(10):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(serve_connection, far, handler, settings)
                async with open_session(near, client="test/1") as session:
                    yield session

    return open_
