"""Carries MCP messages over standard input and output, one JSON object a line, without a thread: cancelling ends it.

The SDK's own pair reads in a worker thread, which keeps the process until the editor says something.
"""

import fcntl
import logging
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import mcp.types as types
import trio
from mcp.shared.memory import MessageStream, create_client_server_memory_streams
from mcp.shared.message import SessionMessage

log = logging.getLogger("compas.gateway")

MOST_LINE_BYTES = 16 * 1024 * 1024
LAST_WORDS_SECS = 0.5
"""How long the last answers may take to go out once the server has ended."""


class LineSplitter:
    """Cuts a byte stream, fed piece by piece, into lines; one that is over `limit` bytes is dropped."""

    def __init__(self, limit: int = MOST_LINE_BYTES) -> None:
        self._limit = limit
        self._pieces: list[bytes] = []
        self._size = 0
        self.dropped = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the lines that are whole now, without their ends."""
        *ends, rest = data.split(b"\n")
        for end in ends:
            self._add(end)
            if self._size > self._limit:
                self.dropped += 1
            else:
                yield b"".join(self._pieces)
            self._pieces, self._size = [], 0
        self._add(rest)

    def _add(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._limit:
            self._pieces = []
        else:
            self._pieces.append(piece)


def claim_stdio() -> tuple[int, int]:
    """Return descriptors of standard input and output, which from now on are the protocol's alone.

    In their old places stand the null device and standard error, so that no stray output gets among the messages.
    """
    reading = fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 3)
    writing = fcntl.fcntl(1, fcntl.F_DUPFD_CLOEXEC, 3)
    null = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)
    return reading, writing


@asynccontextmanager
async def open_streams(reading: int, writing: int) -> AsyncIterator[MessageStream]:
    """Give the pair of streams that a server runs on; owns both descriptors.

    The first ends when the editor closes its side. When the editor reads no more, the block is cancelled.
    """
    async with (
        trio.lowlevel.FdStream(reading) as source,
        trio.lowlevel.FdStream(writing) as sink,
        create_client_server_memory_streams() as ((outgoing, incoming), served),
        trio.open_nursery() as nursery,
    ):
        written = trio.Event()

        async def read() -> None:
            splitter = LineSplitter()
            async with incoming:
                async for data in _pieces(source):
                    for line in splitter.feed(data):
                        if line.strip():
                            await incoming.send(_parsed(line))
                    if splitter.dropped:
                        log.warning("the client sent a message of over %d bytes, which is dropped", MOST_LINE_BYTES)
                        splitter.dropped = 0

        async def write() -> None:
            try:
                async for message in outgoing:
                    if isinstance(message, SessionMessage):
                        text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
                        await sink.send_all(text.encode() + b"\n")
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


async def _pieces(source: trio.lowlevel.FdStream) -> AsyncIterator[bytes]:
    """Yield what comes until the end; a terminal or a pipe that is torn down has ended too."""
    try:
        while data := await source.receive_some():
            yield data
    except trio.BrokenResourceError as error:
        log.info("standard input broke: %s", error.__cause__ or error, extra={"action": "input_broke"})


def _parsed(line: bytes) -> SessionMessage | Exception:
    """Return the message, or the error in its place, which the server passes over."""
    try:
        return SessionMessage(types.jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError as error:
        log.warning("the client sent a line that is no message: %s", line[:200], extra={"action": "bad_line"})
        return error
