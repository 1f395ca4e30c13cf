"""The child's side of a process host: serves the parent on the channel it was started with."""

import os
import socket
import threading
from typing import Final

import trio

from actors.remote.call import CallHandler
from actors.remote.errors import WireError
from actors.remote.server import ServerSettings, log, serve_connection
from actors.remote.sockets import accept_unix

CHANNEL_VARIABLE: Final = "ACTORS_CHANNEL_FD"
"""Environment variable with the number of the channel's file descriptor."""


async def serve_parent(handler: CallHandler, settings: ServerSettings, *, exit_seconds: float | None = 5.0) -> None:
    """Serve the process that started this one with `open_process_host`; returns when it is gone or says goodbye.

    The program ends after that. `exit_seconds` after the parent is gone the process is ended hard, should a worker
    thread, stuck in a library, keep it alive; None waits for it. Raises RuntimeError when no parent gave a channel.
    """
    deadline = threading.Timer(exit_seconds or 0.0, os._exit, (os.EX_TEMPFAIL,))
    deadline.daemon = True

    def start_deadline() -> None:
        if exit_seconds is not None and not deadline.is_alive():
            deadline.start()

    with _claim_channel() as sock:
        sock.setblocking(False)
        stream = trio.SocketStream(trio.socket.from_stdlib_socket(sock))
        try:
            transport = await accept_unix(stream)
            await serve_connection(
                transport, handler, settings, pid=os.getppid(), uid=os.getuid(), on_end=start_deadline
            )
        except WireError as error:
            log.info("The parent left before it said hello: %s.", error, extra={"action": "parent_left"})
    start_deadline()


def _claim_channel() -> socket.socket:
    """The channel, hidden from this process's own children, so that the parent's death is seen at once."""
    number = os.environ.pop(CHANNEL_VARIABLE, None)
    if number is None:
        raise RuntimeError(f"{CHANNEL_VARIABLE} is not set: this program is started by a process host, not by hand")
    sock = socket.socket(fileno=int(number))
    sock.set_inheritable(False)
    return sock
