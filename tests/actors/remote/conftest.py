"""A small server to talk to, on whichever carrier a test wants."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
import trio

from actors.remote.call import CallHandler
from actors.remote.framing import Encoding
from actors.remote.server import ServerSettings, serve_connection
from actors.remote.session import Session, open_session
from actors.remote.transport import memory_transport_pair
from tests.kit.actors.remote_playground import SETTINGS, Playground
from tests.kit.ceiling import CEILING


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
        with trio.fail_after(CEILING):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(serve_connection, far, handler, settings)
                async with open_session(near, client="test/1") as session:
                    yield session

    return open_
