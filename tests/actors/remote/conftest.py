"""A small server to talk to, on whichever carrier a test wants."""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
import trio
from ceiling import CEILING

HERE = Path(__file__).parent
# pytest's importlib mode puts no test folder on the path; the playground is imported by name.
sys.path.insert(0, str(HERE))

from remote_playground import SETTINGS, Playground  # noqa: E402 - found by the line above

from actors.remote.call import CallHandler  # noqa: E402
from actors.remote.codec import Encoding  # noqa: E402
from actors.remote.server import ServerSettings, serve_connection  # noqa: E402
from actors.remote.session import Session, open_session  # noqa: E402
from actors.remote.transport import memory_transport_pair  # noqa: E402


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
