"""The supervisor's side of a runner's socket: its log from an offset on, its exit, and the request to stop."""

import contextlib
import os
import socket
import struct
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path

import trio

from compas.errors import CompasError
from compas.runner import files, wire
from compas.runner.file_watch import FileWatch
from compas.runner.messages import Ended, Exit, FromRunner, Hello, LogChunk, Refused, Stop
from compas.runner.reading import read_log
from compas.runner.socket_path import socket_address

CONNECT_LIMIT_SECS = 5.0
_RECEIVE_BYTES = 256 * 1024
_OFFSETS_END = 2**63
_LINE_LIMIT = struct.pack("@ll", 2, 0)
"""Seconds and microseconds to stand in line before a runner that lets nobody in."""


class AttachmentLost(CompasError):  # noqa: N818 - named for what happened, like trio's own
    """The runner is gone, or not reachable, and has left no `exit.json`: judge the execution again."""


class AttachmentRefused(CompasError):  # noqa: N818
    """The runner does not serve this client; the text is its reason."""


class Attachment:
    """Iterate it for the log; when that ends, `exit` is set. One task iterates, any may stop."""

    def __init__(self, directory: Path, offset: int, stream: trio.SocketStream | None) -> None:
        self.offset = offset
        """After the last chunk that was given: where to attach the next time."""
        self.exit: Exit | None = None
        """How the execution ended, once the iteration has ended."""
        self._directory = directory
        self._stream = stream
        self._has_stream_ended = stream is None
        self._frames = wire.FrameBuffer()
        self._payloads: deque[bytes] = deque()
        self._sending = trio.Lock()

    def __aiter__(self) -> "Attachment":
        return self

    async def __anext__(self) -> LogChunk:
        """Give every line once, in order. If cancelled, nothing is lost: go on, or attach from `offset`.

        Raises:
            AttachmentLost: The runner vanished without recording an exit.
            AttachmentRefused: Another supervisor has taken over.
        """
        chunk = await self._receive()
        if chunk is None and self.exit is None:
            chunk = await self._read_files()
        if chunk is None:
            raise StopAsyncIteration
        self.offset = chunk.next_offset
        return chunk

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

    async def _receive(self) -> LogChunk | None:
        """Return the runner's next chunk; None when it has sent the exit, or is gone."""
        while self.exit is None:
            if self._payloads:
                match self._decode(self._payloads.popleft()):
                    case LogChunk() as chunk:
                        return chunk
                    case Ended(exit=ended):
                        self.exit = ended
                    case Refused(reason=reason):
                        raise AttachmentRefused(f"tried to attach to {self._directory}: {reason}")
            elif self._has_stream_ended or self._stream is None:
                return None
            else:
                await self._fill(self._stream)
        return None

    async def _fill(self, stream: trio.SocketStream) -> None:
        try:
            data = await stream.receive_some(_RECEIVE_BYTES)
        except trio.BrokenResourceError:
            data = b""
        self._has_stream_ended = not data
        try:
            self._payloads.extend(self._frames.feed(bytes(data)))
        except wire.WireError as err:
            raise self._lost(f"says what no runner says: {err}") from err

    def _decode(self, payload: bytes) -> FromRunner:
        try:
            message = wire.decode_from_runner(payload)
        except wire.WireError as err:
            raise self._lost(f"says what no runner says: {err}") from err
        if isinstance(message, LogChunk) and not self.offset <= message.next_offset < _OFFSETS_END:
            raise self._lost(f"gives offset {message.next_offset} after {self.offset}")
        return message

    def _lost(self, found: str) -> AttachmentLost:
        return AttachmentLost(f"what answers for the runner of {self._directory} {found}; judge it again")

    async def _read_files(self) -> LogChunk | None:
        """Go on from the files, which say the same by the same offsets once there is an exit."""
        await trio.lowlevel.checkpoint()
        try:
            with files.open_directory(self._directory) as descriptor:
                ended = files.read(descriptor, files.EXIT, Exit)
            chunk = None if ended is None else read_log(self._directory, self.offset)
        except (OSError, files.ExecutionFileError) as err:
            raise AttachmentLost(f"what the runner of {self._directory} left cannot be read: {err}") from err
        if ended is None:
            raise AttachmentLost(f"the runner of {self._directory} vanished without an exit: judge it again")
        if chunk is None:
            self.exit = ended
        return chunk


@contextlib.asynccontextmanager
async def open_attachment(directory: Path, offset: int = 0, *, epoch: int | None = None) -> AsyncIterator[Attachment]:
    """Connect to an execution's runner, or read its files if it has ended.

    `epoch` is the supervisor's; None is for onlookers.

    Raises:
        AttachmentLost: There is neither a runner that answers nor an exit.
    """
    try:
        stream = await _connect(directory)
    except OSError as err:
        raise AttachmentLost(f"the directory {directory} cannot be used: {err.strerror or err}") from err
    if stream is None:
        yield Attachment(directory, offset, None)
        return
    async with stream:
        with contextlib.suppress(trio.BrokenResourceError):
            await stream.send_all(wire.encode(Hello(offset=offset, epoch=epoch)))
        yield Attachment(directory, offset, stream)


async def _connect(directory: Path) -> trio.SocketStream | None:
    """Return a connection, or None when the execution has ended."""
    with files.open_directory(directory) as descriptor:
        if files.exists(descriptor, files.EXIT):
            return None
        stream = await _try_connect(descriptor, directory)
        if stream is not None:
            return stream
        # The runner is just starting, or ending: a new name in the directory tells which.
        with contextlib.closing(FileWatch(descriptor)) as watch, trio.move_on_after(CONNECT_LIMIT_SECS):
            while not files.exists(descriptor, files.EXIT):
                stream = await _try_connect(descriptor, directory)
                if stream is not None:
                    return stream
                await trio.lowlevel.wait_readable(watch.fileno())
                watch.clear()
            return None
    raise AttachmentLost(f"no runner of {directory} answers: judge the execution again")


async def _try_connect(descriptor: int, directory: Path) -> trio.SocketStream | None:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with socket_address(descriptor, os.fspath(directory), files.SOCKET) as address:
            connection.setblocking(False)
            try:
                connection.connect(address)
            except BlockingIOError:
                # So many wait to be let in that there is no room in the line. Nothing but a thread can wait for that.
                connection.setblocking(True)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _LINE_LIMIT)
                await trio.to_thread.run_sync(connection.connect, address)
    except OSError:
        connection.close()  # absent, refusing, full, or no socket at all: there is nobody to talk to
        return None
    except BaseException:
        connection.close()
        raise
    return trio.SocketStream(trio.socket.from_stdlib_socket(connection))
