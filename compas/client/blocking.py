"""Speaks to the supervisor over a plain blocking socket, for commands that have to start in milliseconds.

Imports the standard library, msgspec and the wire's modules, never trio (design §2).
"""

import math
import os
import socket
import struct
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Final, TypeVar

import msgspec

from actors.remote.codec import Codec
from actors.remote.connecting import explained_connect
from actors.remote.errors import (
    FrameInvalid,
    ReplyInvalid,
    RequestFailed,
    RequestTimeout,
    SessionLost,
    WireError,
)
from actors.remote.frames import Cancel, Failure, Frame, Goodbye, Hello, Push, Reply, Request, Welcome
from actors.remote.framing import MAX_FRAME, Encoding, FrameSplitter, frame_header
from actors.remote.handshake import greet, take_answer
from actors.remote.versions import FIRST_VERSION, Versions

R = TypeVar("R")

ConnectionLost = SessionLost
"""The connection ended before the request was answered; whether it took effect is not known."""

_CANCEL_SECONDS: Final = 1.0
"""How long to wait for the supervisor to confirm a cancel, or for its reason once it hung up."""
_CHUNK: Final = 64 * 1024


class BlockingConnection:
    """A greeted connection that serves one request at a time. Made by `connect`; a context manager that closes it."""

    def __init__(self, sock: socket.socket, encoding: Encoding, max_frame: int = MAX_FRAME) -> None:
        """Takes a connected socket, whose encoding has not been announced yet."""
        self.welcome: Welcome | None = None
        self._sock = sock
        self._codec = Codec(encoding)
        self._splitter = FrameSplitter(max_frame)
        self._max_frame = max_frame
        self._preamble = encoding.value
        self._last_id = 0
        self._is_sending = False
        self._end = ""

    def __enter__(self) -> "BlockingConnection":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up, which cancels what is in flight. Closing twice is harmless."""
        self._hang_up("this side closed it")

    def greet(self, hello: Hello, seconds: float) -> Welcome:
        """Exchange greetings. Raises VersionRefused, PeerRefused, or ConnectionLost when no welcome comes in time."""
        deadline = time.monotonic() + seconds
        try:
            self._send(hello, deadline)
            self.welcome = take_answer(self._receive(deadline), hello)
        except TimeoutError as error:
            self.close()
            reason = f"no answer to the greeting within {seconds:g} s; the server hangs or is overloaded"
            raise ConnectionLost(reason) from error
        return self.welcome

    def request(
        self,
        op: str,
        args: object,
        response_type: type[R],
        *,
        request_id: str = "",
        meta: Mapping[str, str] | None = None,
        on_push: Callable[[msgspec.Raw], object] | None = None,
        timeout: float | None = None,
    ) -> R:
        """Ask for `op` and wait for its result, `timeout` seconds at most.

        `args` is encoded, unless it is `bytes` or `Raw`. `on_push` is called with each item as it comes; see `decode`.
        On KeyboardInterrupt, or when `on_push` raises, the request is cancelled, its end is awaited shortly, and the
        error goes on. After an interrupt, or when that end is not confirmed, the connection is closed.

        Raises RequestFailed, ConnectionLost, RequestTimeout, FrameTooLarge (nothing was sent), ReplyInvalid.
        """
        if self._end:
            raise ConnectionLost(self._end)
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        self._last_id += 1
        request = Request(
            id=self._last_id,
            op=op,
            args=self._codec.encode(args),
            request_id=request_id,
            meta=dict(meta or {}),
            progress=on_push is not None,
        )
        try:
            self._send(request, deadline)
            return self.decode(self._wait_for(request.id, on_push, deadline), response_type)
        except TimeoutError as error:
            self._abandon(request.id)
            raise RequestTimeout(op, timeout or 0.0) from error
        except WireError:
            raise
        except BaseException as error:
            self._abandon(request.id)
            if not isinstance(error, Exception):
                self._hang_up("an interrupt may have torn a frame")
            raise

    def decode(self, raw: msgspec.Raw, type_: type[R]) -> R:
        """The value in `raw`, which came over this connection. Raises ReplyInvalid."""
        try:
            return self._codec.decode(raw, type_)
        except msgspec.DecodeError as error:
            raise ReplyInvalid(
                f"the supervisor answered with something that is no {type_!r}: {error}; "
                "client and supervisor may be of versions that do not fit"
            ) from error

    def _wait_for(self, id_: int, on_push: Callable[[msgspec.Raw], object] | None, deadline: float) -> msgspec.Raw:
        while True:
            match self._receive(deadline):
                case Reply(id=id2, result=result) if id2 == id_:
                    return result
                case Failure(id=id2, code=code, message=message, details=details) if id2 == id_:
                    raise RequestFailed(code, message, details if details else None)
                case Push(id=id2, item=item) if id2 == id_ and on_push is not None:
                    on_push(item)
                case Goodbye(reason=reason):
                    self._hang_up(reason)
                    raise ConnectionLost(reason)
                case Reply() | Failure() | Push():
                    pass  # an item nobody reads, or of a request that was cancelled
                case other:
                    reason = f"the server sent a {type(other).__name__} frame, which only clients may"
                    self._hang_up(reason)
                    raise FrameInvalid(reason)

    def _abandon(self, id_: int) -> None:
        """Cancel the request and give the supervisor a moment to say that it has ended."""
        if self._is_sending:
            self._hang_up("a request was given up half sent")
            return
        deadline = time.monotonic() + _CANCEL_SECONDS
        try:
            self._send(Cancel(id=id_), deadline)
            self._wait_for(id_, None, deadline)
        except RequestFailed:
            pass  # "cancelled", as it should be
        except (WireError, OSError) as error:
            self._hang_up(f"the supervisor did not confirm a cancel ({error})")

    def _hang_up(self, reason: str) -> None:
        self._end = self._end or reason
        self._sock.close()

    def _send(self, frame: Hello | Request | Cancel, deadline: float) -> None:
        payload = self._codec.encode_frame(frame)
        data = self._preamble + frame_header(payload, self._max_frame) + payload
        self._is_sending = True
        try:
            self._limit_to(deadline)
            self._sock.sendall(data)
        except TimeoutError:
            raise
        except OSError as error:
            raise self._why_it_hung_up(error) from error
        self._is_sending = False
        self._preamble = b""

    def _receive(self, deadline: float) -> Frame:
        """The next frame. Raises TimeoutError, ConnectionLost, FrameInvalid or FrameTooLarge."""
        try:
            while (payload := self._splitter.next_payload()) is None:
                self._limit_to(deadline)
                if not (data := self._sock.recv(_CHUNK)):
                    inside = "inside a frame" if self._splitter.is_inside_frame else "before it answered"
                    raise ConnectionLost(f"the supervisor closed it {inside}")
                self._splitter.feed(data)
            return self._codec.decode_frame(payload)
        except TimeoutError:
            raise
        except OSError as error:
            self._hang_up(error.strerror or str(error))
            raise ConnectionLost(self._end) from error
        except WireError as error:
            self._hang_up(error.reason if isinstance(error, SessionLost) else str(error))
            raise

    def _why_it_hung_up(self, error: OSError) -> ConnectionLost:
        """What to raise when writing failed: the peer's own words, if it left any."""
        reason = f"the supervisor hung up ({error.strerror or error})"
        deadline = time.monotonic() + _CANCEL_SECONDS
        try:
            while not isinstance(frame := self._receive(deadline), Goodbye):
                continue
            reason = frame.reason
        except (WireError, OSError):
            pass  # it left none; the reason above stands
        self._hang_up(reason)
        return ConnectionLost(reason)

    def _limit_to(self, deadline: float) -> None:
        """Let the socket wait until `deadline`. Raises TimeoutError when that is over."""
        if deadline == math.inf:
            self._sock.settimeout(None)
            return
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time is over")
        self._sock.settimeout(left)


def connect(
    path: str | os.PathLike[str],
    *,
    client: str,
    timeout: float = 10.0,
    encoding: Encoding = Encoding.MSGPACK,
    versions: Versions = FIRST_VERSION,
    meta: Mapping[str, str] | None = None,
    max_frame: int = MAX_FRAME,
) -> BlockingConnection:
    """Connect to the supervisor's socket and exchange greetings, within `timeout` seconds each.

    Raises SocketAbsent, SocketRefused, PermissionDenied, ConnectTimeout, ConnectError; VersionRefused, PeerRefused,
    ConnectionLost.
    """
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # Python's own timeout makes the socket non-blocking, which turns a busy listener into an error at once.
        limit = struct.pack("ll", int(timeout), int(timeout % 1 * 1_000_000))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        with explained_connect(path):
            sock.connect(os.fspath(path))
        connection = BlockingConnection(sock, encoding, max_frame)
        connection.greet(greet(client, versions, dict(meta or {})), timeout)
    except BaseException:
        sock.close()
        raise
    return connection
