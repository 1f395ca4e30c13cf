"""Serves the log to clients on the runner's socket, each from its own offset, and takes their requests to stop."""

import contextlib
import os
import selectors
import socket
from collections.abc import Callable

from compas.runner import files, wire
from compas.runner.log import Log
from compas.runner.messages import VERSION, Ended, Exit, FromRunner, Hello, LogChunk, Refused, Stop
from compas.runner.socket_path import socket_address

_BACKLOG = 64
_RECEIVE_BYTES = 4096


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
        on_stop: Callable[[Stop], None],
    ) -> None:
        self.log = log
        self.epoch = epoch
        """The highest one seen; clients of a lower one are refused."""
        self.on_stop = on_stop
        self.exit: Exit | None = None
        self._selector = selector
        self._listener = listener
        self._clients: set[Client] = set()
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
        self._clients.discard(client)

    def _accept(self, _events: int) -> None:
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        self._clients.add(Client(connection, self._selector, self))


class Client:
    """One connection. At most one piece of the log waits in memory for it."""

    def __init__(self, connection: socket.socket, selector: selectors.BaseSelector, server: Server) -> None:
        self._connection = connection
        self._selector = selector
        self._server = server
        self._frames = wire.FrameBuffer()
        self._offset: int | None = None
        self._epoch: int | None = None
        self._unsent = memoryview(b"")
        self._is_last = False
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
        """Drop the connection."""
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
        self._unsent = memoryview(wire.encode(message))
        self._is_last = is_last

    def _on_event(self, events: int) -> None:
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
        if isinstance(message, Hello):
            self._epoch = message.epoch
            if message.version > VERSION:
                self._put(
                    Refused(reason=f"this runner speaks version {VERSION}, not {message.version}"),
                    is_last=True,
                )
            elif self._is_outdated():
                self._refuse_epoch()
            else:
                self._server.epoch = max(self._server.epoch, message.epoch or 0)
                self._offset = message.offset
        elif self._is_outdated():
            self._refuse_epoch()
        else:
            self._server.on_stop(message)

    def _is_outdated(self) -> bool:
        return self._epoch is not None and self._epoch < self._server.epoch

    def _refuse_epoch(self) -> None:
        reason = f"epoch {self._epoch} is over, this execution belongs to epoch {self._server.epoch}"
        self._put(Refused(reason=reason), is_last=True)
