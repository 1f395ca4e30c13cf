"""Listens on a Unix socket that only its own user may speak to, and serves each connection."""

import os
import socket
import stat
from contextlib import suppress
from typing import Final, NoReturn

import trio

from actors.remote.call import CallHandler
from actors.remote.codec import Codec
from actors.remote.errors import ConnectError, EncodingUnknown, WireError
from actors.remote.frames import BUSY, Refused
from actors.remote.framing import Encoding
from actors.remote.peer import peer_credentials
from actors.remote.server import ServerSettings, log, serve_connection
from actors.remote.sockets import UnixTransport, accept_unix

MAX_PATH_BYTES: Final = 100
"""Unix allows 104 to 108 bytes, by system; design §2 stays under."""

_BACKLOG: Final = 1024


def bind_unix(path: str | os.PathLike[str]) -> socket.socket:
    """A socket listening at `path`, mode 0600; a socket left there by a server that is gone is replaced.

    The caller holds the lock that says nobody else serves there. Raises ConnectError.
    """
    name = os.fspath(path)
    if len(os.fsencode(name)) > MAX_PATH_BYTES:
        raise ConnectError(f"the socket path {name} has over {MAX_PATH_BYTES} bytes; choose a shorter directory")
    _remove_old_socket(name)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with suppress(OSError):  # Linux gives the file this mode from the start; macOS does not allow the call
            os.fchmod(sock.fileno(), 0o600)
        sock.bind(name)
        os.chmod(name, 0o600)
        sock.listen(_BACKLOG)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise ConnectError(f"cannot listen at {name}: {error.strerror or error}") from error
    return sock


def _remove_old_socket(name: str) -> None:
    try:
        if not stat.S_ISSOCK(os.lstat(name).st_mode):
            raise ConnectError(f"cannot listen at {name}: a file that is no socket is in the way; move it")
        os.unlink(name)
    except FileNotFoundError:
        return


async def listen_unix(
    where: str | os.PathLike[str] | socket.socket,
    handler: CallHandler,
    settings: ServerSettings,
    *,
    max_connections: int = 256,
    uid: int | None = None,
    connections: trio.Nursery | None = None,
    task_status: trio.TaskStatus[socket.socket] = trio.TASK_STATUS_IGNORED,
) -> NoReturn:
    """Serve every client of this user that connects, until cancelled; then close the socket and remove its file.

    `where` is a path, or a socket from `bind_unix`, which is now owned here. Started with the socket.
    Connections run in the nursery `connections`, where it is given, and outlive the listening in it.
    A client of another user than `uid` (None: this process's), or over `max_connections`, is refused in words.
    """
    sock = where if isinstance(where, socket.socket) else bind_unix(where)
    try:
        name = sock.getsockname()
        own_file = _identity(name)
        door = _Door(handler, settings, max_connections, os.getuid() if uid is None else uid)
        task_status.started(sock)
        try:
            listener = trio.SocketListener(trio.socket.from_stdlib_socket(sock))
            await trio.serve_listeners(door.admit, [listener], handler_nursery=connections)
        finally:
            if own_file is not None and _identity(name) == own_file:  # else a successor listens there already
                os.unlink(name)
    finally:
        sock.close()


def _identity(name: str) -> tuple[int, int] | None:
    try:
        found = os.lstat(name)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


class _Door:
    """Lets clients in, one task each, and counts them."""

    def __init__(self, handler: CallHandler, settings: ServerSettings, max_connections: int, uid: int) -> None:
        self._uid = uid
        self._handler = handler
        self._settings = settings
        self._max_connections = max_connections
        self._inside = 0

    async def admit(self, stream: trio.SocketStream) -> None:
        """Serve one connection to its end; trouble with it is logged and stays with it."""
        self._inside += 1
        try:
            await self._admit(stream)
        except (WireError, OSError) as error:
            log.info("A connection was not served: %s.", error, extra={"action": "not_admitted"})
        finally:
            self._inside -= 1
            await trio.aclose_forcefully(stream)

    async def _admit(self, stream: trio.SocketStream) -> None:
        credentials = peer_credentials(stream.socket)
        with trio.move_on_after(self._settings.hello_seconds) as waiting:
            try:
                transport = await accept_unix(stream)
            except EncodingUnknown as error:
                # Whoever this is reads text if anything.
                await _refuse(UnixTransport(stream, Encoding.JSON, announces=False), "encoding", str(error))
                return
            if credentials.uid != self._uid:
                message = f"this server belongs to user {self._uid}; user {credentials.uid} may not use it"
                await _refuse(transport, "user", message)
                return
            if self._inside > self._max_connections:
                message = f"{self._max_connections} clients are connected already; close one of them"
                await _refuse(transport, BUSY, message)
                return
        if waiting.cancelled_caught:
            log.info("A client that said nothing was cut off.", extra={"action": "no_hello"})
            return
        await serve_connection(transport, self._handler, self._settings, pid=credentials.pid, uid=credentials.uid)


async def _refuse(transport: UnixTransport, code: str, message: str) -> None:
    log.warning("Refused a client: %s.", message, extra={"action": "client_refused"})
    await transport.send_frame(Codec(transport.encoding).encode_frame(Refused(code=code, message=message)))
