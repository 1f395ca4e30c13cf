"""Serves the log to clients on the runner's socket, each from its own offset, and takes their requests to stop."""

import contextlib
import os
import selectors
import socket
from collections.abc import Callable

from compas.runner import files, wire
from compas.runner.epochs import believe
from compas.runner.log import Log
from compas.runner.messages import VERSION, Ended, Exit, FromRunner, Hello, LogChunk, Refused, Stop
from compas.runner.socket_path import socket_address

_BACKLOG = 64
_RECEIVE_BYTES = 4096
MOST_CLIENTS = 64
"""A further one drives out the oldest, so that nobody can keep the supervisor out by holding connections."""
_REQUEST_LIMIT_BYTES = 64 * 1024


def bind_socket(directory: int, path: str) -> socket.socket:
    """Bind and listen under a passing name, then take the real one: who finds the socket can connect."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    passing = f"{files.SOCKET}.new"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(passing, dir_fd=directory)
    with socket_address(directory, path, passing) as address:
        listener.bind(address)
    listener.listen(_BACKLOG)
    listener.setblocking(False)
    os.rename(passing, files.SOCKET, src_dir_fd=directory, dst_dir_fd=directory)
    return listener


class Server:
    """All clients of one runner."""

    def __init__(
        self,
        listener: socket.socket,
        selector: selectors.BaseSelector,
        log: Log,
        epoch: int,
        recorded_epoch: Callable[[], int | None],
        on_stop: Callable[[Stop], None],
    ) -> None:
        self.log = log
        self.epoch = epoch
        """The one in force; clients of any other are refused."""
        self.on_stop = on_stop
        self.exit: Exit | None = None
        self._recorded_epoch = recorded_epoch
        self._selector = selector
        self._listener = listener
        self._clients: dict[Client, None] = {}
        selector.register(listener, selectors.EVENT_READ, self._accept)

    @property
    def is_idle(self) -> bool:
        """Whether no client that asked for the log has anything left to receive."""
        return not any(client.is_reading for client in self._clients)

    def log_has_grown(self) -> None:
        """Let the clients that have caught up receive what is new."""
        for client in list(self._clients):
            client.send_more()

    def finish(self, ended: Exit) -> None:
        """Let every client receive the rest of the log and then the exit."""
        self.exit = ended
        self.log_has_grown()

    def close(self) -> None:
        """Drop all clients and the socket."""
        for client in list(self._clients):
            client.close()
        self._selector.unregister(self._listener)
        self._listener.close()

    def forget(self, client: "Client") -> None:
        """Take note that a client is gone."""
        self._clients.pop(client, None)

    def why_refused(self, told: int) -> str:
        """Return why whoever says that it is the supervisor of this epoch is not served; empty if it is."""
        self.epoch, refusal = believe(told, held=self.epoch, recorded=self._recorded_epoch())
        return refusal

    def _accept(self, _events: int) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return  # it went away already, or there is no descriptor for it: it comes again if it wants
        if len(self._clients) >= MOST_CLIENTS:
            next(iter(self._clients)).close()
        self._clients[Client(connection, self._selector, self)] = None


class Client:
    """One connection. At most one piece of the log waits in memory for it."""

    def __init__(self, connection: socket.socket, selector: selectors.BaseSelector, server: Server) -> None:
        self._connection = connection
        self._selector = selector
        self._server = server
        self._frames = wire.FrameBuffer(_REQUEST_LIMIT_BYTES)
        self._offset: int | None = None
        self._epoch: int | None = None
        self._unsent = memoryview(b"")
        self._is_last = False
        self._is_closed = False
        connection.setblocking(False)
        selector.register(connection, selectors.EVENT_READ, self._on_event)

    @property
    def is_reading(self) -> bool:
        """Whether it has said from where on it wants the log."""
        return self._offset is not None

    def send_more(self) -> None:
        """Fill what there is to send and send what the connection takes."""
        try:
            while True:
                if not self._unsent and not self._fill():
                    break
                self._unsent = self._unsent[self._connection.send(self._unsent) :]
        except BlockingIOError:
            self._selector.modify(self._connection, selectors.EVENT_READ | selectors.EVENT_WRITE, self._on_event)
            return
        except OSError:
            self.close()  # the client went away; it comes back with its offset if it wants
            return
        if self._is_last:
            self.close()
        else:
            self._selector.modify(self._connection, selectors.EVENT_READ, self._on_event)

    def close(self) -> None:
        """Drop the connection; does nothing when that has been done."""
        if self._is_closed:
            return
        self._is_closed = True
        self._selector.unregister(self._connection)
        self._connection.close()
        self._server.forget(self)

    def _fill(self) -> bool:
        """Put the next message into `_unsent`; False when there is none for now."""
        if self._is_last or self._offset is None:
            return False
        piece = self._server.log.read(self._offset)
        if piece is not None:
            text = piece.content.decode("utf-8", "replace")
            self._put(LogChunk(offset=piece.offset, next_offset=piece.next_offset, text=text))
            self._offset = piece.next_offset
            return True
        if self._server.exit is not None:
            self._put(Ended(exit=self._server.exit), is_last=True)
            return True
        return False

    def _put(self, message: FromRunner, *, is_last: bool = False) -> None:
        # After what is on its way: half a message would be none.
        self._unsent = memoryview(bytes(self._unsent) + wire.encode(message))
        self._is_last = is_last

    def _on_event(self, events: int) -> None:
        if self._is_closed:
            return  # another client's event in this round drove it out
        if events & selectors.EVENT_READ and not self._receive():
            self.close()
            return
        self.send_more()

    def _receive(self) -> bool:
        try:
            data = self._connection.recv(_RECEIVE_BYTES)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not data:
            return False
        try:
            for payload in self._frames.feed(data):
                self._handle(wire.decode_to_runner(payload))
        except wire.WireError:
            return False
        return True

    def _handle(self, message: Hello | Stop) -> None:
        if self._is_last:
            return  # it has been refused, whatever else it says
        if isinstance(message, Hello):
            self._greet(message)
        elif self._epoch is not None and self._epoch != self._server.epoch:
            self._refuse(f"epoch {self._epoch} is over, this execution belongs to epoch {self._server.epoch}")
        else:
            self._server.on_stop(message)

    def _greet(self, hello: Hello) -> None:
        if hello.version > VERSION:
            self._refuse(f"this runner speaks version {VERSION}, not {hello.version}")
            return
        self._epoch = hello.epoch
        refusal = "" if hello.epoch is None else self._server.why_refused(hello.epoch)
        if refusal:
            self._refuse(refusal)
        else:
            self._offset = max(0, hello.offset)

    def _refuse(self, reason: str) -> None:
        self._put(Refused(reason=reason), is_last=True)
