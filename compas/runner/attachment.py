"""The supervisor's side of a runner's socket: its log from an offset on, its exit, and the request to stop."""

import contextlib
import os
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import trio

from compas.errors import CompasError
from compas.runner import files, wire
from compas.runner.file_watch import FileWatch
from compas.runner.messages import Ended, Exit, Hello, LogChunk, Refused, Stop
from compas.runner.reading import read_log
from compas.runner.socket_path import socket_address

CONNECT_LIMIT_SECS = 5.0
_RECEIVE_BYTES = 256 * 1024


class AttachmentLost(CompasError):  # noqa: N818 - named for what happened, like trio's own
    """The runner is gone, or not reachable, and has left no `exit.json`: judge the execution again."""


class AttachmentRefused(CompasError):  # noqa: N818
    """The runner does not serve this client; the text is its reason."""


class Attachment:
    """Iterate it once for the log; when that ends, `exit` is set. One task iterates, any may stop."""

    def __init__(self, directory: Path, offset: int, stream: trio.SocketStream | None) -> None:
        self.offset = offset
        """After the last chunk that was given: where to attach the next time."""
        self.exit: Exit | None = None
        """How the execution ended, once the iteration has ended."""
        self._directory = directory
        self._stream = stream
        self._sending = trio.Lock()

    async def __aiter__(self) -> AsyncGenerator[LogChunk, None]:
        """Give every line once, in order. If cancelled, `offset` is still right.

        Raises:
            AttachmentLost: The runner vanished without recording an exit.
            AttachmentRefused: Another supervisor has taken over.
        """
        if self._stream is not None:
            async with contextlib.aclosing(self._receive(self._stream)) as chunks:
                async for chunk in chunks:
                    yield chunk
        if self.exit is None:
            async with contextlib.aclosing(self._read_files()) as chunks:
                async for chunk in chunks:
                    yield chunk

    async def stop(self, reason: str, grace_secs: float | None = None) -> None:
        """Ask the runner to end the agent; the outcome is `exit`. Does nothing once it has ended.

        `grace_secs` (at least 2; None takes the spec's) lies between SIGTERM and SIGKILL.
        """
        if self._stream is None:
            return
        async with self._sending:
            # A runner that is gone needs no stop; the iteration finds out what became of it.
            with contextlib.suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                await self._stream.send_all(wire.encode(Stop(reason=reason, grace_secs=grace_secs)))

    async def _receive(self, stream: trio.SocketStream) -> AsyncGenerator[LogChunk, None]:
        frames = wire.FrameBuffer()
        while True:
            try:
                data = await stream.receive_some(_RECEIVE_BYTES)
            except trio.BrokenResourceError:
                return
            if not data:
                return
            for payload in frames.feed(bytes(data)):
                match wire.decode_from_runner(payload):
                    case LogChunk() as chunk:
                        self.offset = chunk.next_offset
                        yield chunk
                    case Ended(exit=ended):
                        self.exit = ended
                        return
                    case Refused(reason=reason):
                        raise AttachmentRefused(f"tried to attach to {self._directory}: {reason}")

    async def _read_files(self) -> AsyncGenerator[LogChunk, None]:
        with files.open_directory(self._directory) as descriptor:
            ended = files.read(descriptor, files.EXIT, Exit)
        if ended is None:
            raise AttachmentLost(f"the runner of {self._directory} vanished without an exit: judge it again")
        while (chunk := read_log(self._directory, self.offset)) is not None:
            self.offset = chunk.next_offset
            yield chunk
            await trio.lowlevel.checkpoint()
        self.exit = ended


@contextlib.asynccontextmanager
async def open_attachment(
    directory: Path, offset: int = 0, *, epoch: int | None = None
) -> AsyncIterator[Attachment]:
    """Connect to an execution's runner, or read its files if it has ended.

    `epoch` is the supervisor's; None is for onlookers.

    Raises:
        AttachmentLost: There is neither a runner that answers nor an exit.
    """
    stream = await _connect(directory)
    if stream is None:
        yield Attachment(directory, offset, None)
        return
    async with stream:
        with contextlib.suppress(trio.BrokenResourceError):
            await stream.send_all(wire.encode(Hello(offset=offset, epoch=epoch)))
        yield Attachment(directory, offset, stream)


async def _connect(directory: Path) -> trio.SocketStream | None:
    """Return a connection, or None when the execution has ended."""
    with files.open_directory(directory) as descriptor, contextlib.closing(FileWatch(descriptor)) as watch:
        with trio.move_on_after(CONNECT_LIMIT_SECS):
            while True:
                watch.clear()
                if files.exists(descriptor, files.EXIT):
                    return None
                stream = await _try_connect(descriptor, directory)
                if stream is not None:
                    return stream
                # The runner is just starting, or ending: a new name in the directory tells which.
                await trio.lowlevel.wait_readable(watch.fileno())
    raise AttachmentLost(f"no runner of {directory} answers: judge the execution again")


async def _try_connect(descriptor: int, directory: Path) -> trio.SocketStream | None:
    connection = trio.socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with socket_address(descriptor, os.fspath(directory), files.SOCKET) as address:
            await connection.connect(address)
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        return None
    except BaseException:
        connection.close()
        raise
    return trio.SocketStream(connection)
