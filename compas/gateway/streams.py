"""Carries MCP messages between one relay and the server that serves its editor, one JSON object a line."""

import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol

import mcp.types as types
import trio
from mcp.shared.memory import MessageStream, create_client_server_memory_streams
from mcp.shared.message import ServerMessageMetadata, SessionMessage

from compas.relay.lines import MOST_LINE_BYTES, LineSplitter
from compas.relay.link import read_issued, unreadable

log = logging.getLogger("compas.gateway")

ISSUE_BYTES = 1024
"""More than the issue of a message takes."""
LAST_WORDS_SECS = 0.5
"""How long the last answers may take to go out once the server has ended."""

Tell = Callable[[bytes], Awaitable[None]]
"""Sends one line to the relay, whole, whoever else sends."""


class Wire(Protocol):
    """A byte stream both ways, of which one task reads and one writes at a time."""

    async def receive_some(self) -> bytes:
        """Return what has come, and nothing at the end."""
        ...

    async def send_all(self, data: bytes) -> None:
        """Send all of it."""
        ...


class LineWire:
    """A byte stream as lines: an iterator over those that come until the end, and each that is sent goes out whole."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._splitter = LineSplitter(MOST_LINE_BYTES + ISSUE_BYTES)
        self._lines: deque[bytes] = deque()
        self._sending = trio.Lock()

    async def tell(self, line: bytes) -> None:
        """Send a line. Raises trio.BrokenResourceError or trio.ClosedResourceError when nobody reads any more."""
        async with self._sending:
            await self._wire.send_all(line + b"\n")

    def __aiter__(self) -> "LineWire":
        return self

    async def __anext__(self) -> bytes:
        while not self._lines:
            self._lines.extend(self._splitter.feed(await self._receive()))
        return self._lines.popleft()

    async def _receive(self) -> bytes:
        """Return what has come; a connection that is torn down has ended too."""
        try:
            data = await self._wire.receive_some()
        except trio.BrokenResourceError as error:
            log.info("a relay's connection broke: %s", error.__cause__ or error, extra={"action": "relay_broke"})
            data = b""
        if not data:
            raise StopAsyncIteration
        return data


@asynccontextmanager
async def open_streams(lines: AsyncIterator[bytes], tell: Tell) -> AsyncIterator[MessageStream]:
    """Give the pair of streams that a server runs on; with each message, its issue is what the SDK calls its request.

    The first ends when `lines` does. When nobody reads what `tell` sends, the block is cancelled.
    """
    async with (
        create_client_server_memory_streams() as ((outgoing, incoming), served),
        trio.open_nursery() as nursery,
    ):
        written = trio.Event()

        async def read() -> None:
            async with incoming:
                async for line in lines:
                    message = await _parsed(line, tell)
                    if message is not None:
                        await incoming.send(message)

        async def write() -> None:
            try:
                async for message in outgoing:
                    if isinstance(message, SessionMessage) and not _is_farewell(message):
                        text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
                        await tell(text.encode())
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                nursery.cancel_scope.cancel()  # nobody reads any more
            finally:
                written.set()

        nursery.start_soon(read)
        nursery.start_soon(write)
        yield served
        with trio.move_on_after(LAST_WORDS_SECS):
            await written.wait()
        nursery.cancel_scope.cancel()


async def _parsed(line: bytes, tell: Tell) -> SessionMessage | None:
    """Return the message with its issue. A relay brings none that cannot be read, but if so, it is told."""
    try:
        issue, text = read_issued(line)
    except ValueError:
        log.warning("a relay sent a line that it should not: %s", line[:200], extra={"action": "bad_line"})
        return None
    try:
        message = types.jsonrpc_message_adapter.validate_json(text, by_name=False)
    except ValueError:
        log.warning("a relay brought what is no message: %s", text[:200], extra={"action": "bad_line"})
        await tell(unreadable(issue))
        return None
    return SessionMessage(message, metadata=ServerMessageMetadata(request_context=issue))


def _is_farewell(message: SessionMessage) -> bool:
    """Tell whether this says of a request that its server has ended: the relay brings the request to the next one."""
    return isinstance(message.message, types.JSONRPCError) and message.message.error.code == types.CONNECTION_CLOSED
