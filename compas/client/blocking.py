"""Speaks JSON to the supervisor over a plain blocking socket, for commands that have to start in milliseconds.

Imports the standard library and what of the wire needs no more: neither trio nor msgspec (design §2). Values are those
of `json`; an object in an answer is an `Answer`.
"""

import json
import math
import os
import socket
import struct
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final, NoReturn

from actors.remote.connecting import explained_connect
from actors.remote.errors import (
    FrameInvalid,
    PeerRefused,
    ReplyInvalid,
    RequestFailed,
    RequestTimeout,
    SessionLost,
    VersionRefused,
    WireError,
)
from actors.remote.framing import MAX_FRAME, Encoding, FrameSplitter, frame_header
from actors.remote.versions import FIRST_VERSION, Versions, check_choice
from compas.client.answer import Answer

Frame = dict[str, Any]
"""A frame of the protocol (`actors.remote.frames`) as JSON has it: `t` names its kind."""

ConnectionLost = SessionLost
"""The connection ended before the request was answered; whether it took effect is not known."""

_CANCEL_SECONDS: Final = 1.0
"""How long to wait for the supervisor to confirm a cancel, or for its reason once it hung up."""
_CHUNK: Final = 64 * 1024
_VERSION: Final = "version"
"""The code of a refusal because of the protocol's version."""


class BlockingConnection:
    """A greeted connection that serves one request at a time. Made by `connect`; a context manager that closes it."""

    def __init__(self, sock: socket.socket, max_frame: int = MAX_FRAME) -> None:
        """Takes a connected socket, on which nothing has been sent yet."""
        self.welcome: Frame = {}
        self._sock = sock
        self._splitter = FrameSplitter(max_frame)
        self._max_frame = max_frame
        self._preamble = Encoding.JSON.value
        self._last_id = 0
        self._is_sending = False
        self._end = ""

    def __enter__(self) -> "BlockingConnection":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def agreed(self) -> Mapping[str, str]:
        """What the supervisor's welcome says beyond versions and states."""
        meta = self.welcome.get("meta")
        return meta if isinstance(meta, dict) else {}

    def close(self) -> None:
        """Hang up, which cancels what is in flight. Closing twice is harmless."""
        self._hang_up("this side closed it")

    def greet(self, client: str, versions: Versions, meta: Mapping[str, str], seconds: float) -> Frame:
        """Exchange greetings. Raises VersionRefused, PeerRefused, or ConnectionLost when no welcome comes in time."""
        deadline = time.monotonic() + seconds
        hello = {"protocol": versions.newest, "oldest": versions.oldest, "client": client, "meta": dict(meta)}
        try:
            self._send({"t": "hello", **hello}, deadline)
            self.welcome = _welcome(self._receive(deadline), versions, client)
        except TimeoutError as error:
            self.close()
            reason = f"no answer to the greeting within {seconds:g} s; the server hangs or is overloaded"
            raise ConnectionLost(reason) from error
        return self.welcome

    def request(
        self,
        op: str,
        args: object,
        *,
        request_id: str = "",
        meta: Mapping[str, str] | None = None,
        on_push: Callable[[Any], object] | None = None,
        timeout: float | None = None,
    ) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Ask for `op` with arguments that JSON can hold, and wait for its result, `timeout` seconds at most.

        `on_push` is called with each item as it comes. On KeyboardInterrupt, or when `on_push` raises, the request is
        cancelled, its end is awaited shortly, and the error goes on. After an interrupt, or when that end is not
        confirmed, the connection is closed.

        Raises RequestFailed, ConnectionLost, RequestTimeout, FrameTooLarge (nothing was sent), ReplyInvalid.
        """
        if self._end:
            raise ConnectionLost(self._end)
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        self._last_id += 1
        asked = {"t": "req", "id": self._last_id, "op": op, "args": args, "progress": on_push is not None}
        try:
            self._send({**asked, "request_id": request_id, "meta": dict(meta or {})}, deadline)
            return self._wait_for(self._last_id, on_push, deadline)
        except TimeoutError as error:
            self._abandon(self._last_id)
            raise RequestTimeout(op, timeout or 0.0) from error
        except WireError:
            raise
        except BaseException as error:
            self._abandon(self._last_id)
            if not isinstance(error, Exception):
                self._hang_up("an interrupt may have torn a frame")
            raise

    def _wait_for(self, id_: int, on_push: Callable[[Any], object] | None, deadline: float) -> Any:  # noqa: ANN401
        while True:
            match self._receive(deadline):
                case {"t": "rep", "id": id2, "result": result} if id2 == id_:
                    return result
                case {"t": "fail", "id": id2, "code": str(code), "message": str(message)} as failure if id2 == id_:
                    raise RequestFailed(code, message, failure.get("details"))
                case {"t": "push", "id": id2, "item": item} if id2 == id_ and on_push is not None:
                    on_push(item)
                case {"t": "bye", "reason": str(reason)}:
                    self._hang_up(reason)
                    raise ConnectionLost(reason)
                case {"t": "rep" | "fail" | "push", "id": int()}:
                    pass  # an item nobody reads, or of a request that was cancelled
                case other:
                    kind = str(other["t"]).capitalize()
                    reason = f"the server sent a {kind} frame, which only clients may, or one without its fields"
                    self._hang_up(reason)
                    raise FrameInvalid(reason)

    def _abandon(self, id_: int) -> None:
        """Cancel the request and give the supervisor a moment to say that it has ended."""
        if self._is_sending:
            self._hang_up("a request was given up half sent")
            return
        deadline = time.monotonic() + _CANCEL_SECONDS
        try:
            self._send({"t": "cancel", "id": id_}, deadline)
            self._wait_for(id_, None, deadline)
        except RequestFailed:
            pass  # "cancelled", as it should be
        except (WireError, OSError) as error:
            self._hang_up(f"the supervisor did not confirm a cancel ({error})")

    def _hang_up(self, reason: str) -> None:
        self._end = self._end or reason
        self._sock.close()

    def _send(self, frame: Frame, deadline: float) -> None:
        payload = json.dumps(frame, separators=(",", ":")).encode()
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
            return _frame_in(payload)
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
            while (frame := self._receive(deadline))["t"] != "bye":
                continue
            reason = str(frame.get("reason", reason))
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


def fields_of(answer: object) -> Answer:
    """Return an answer that has to be an object. Raises ReplyInvalid."""
    if isinstance(answer, Answer):
        return answer
    raise ReplyInvalid(
        f"the supervisor answered with something that is no object: {answer!r:.100}; "
        "client and supervisor may be of versions that do not fit"
    )


def _frame_in(payload: bytes) -> Frame:
    try:
        frame = json.loads(payload, object_hook=Answer)
    except (ValueError, RecursionError) as error:
        _no_frame(payload, str(error))
    if not isinstance(frame, dict) or not isinstance(frame.get("t"), str):
        _no_frame(payload, "it is no object with a kind")
    return frame


def _no_frame(payload: bytes, found: str) -> NoReturn:
    raise FrameInvalid(
        f"the peer sent {len(payload)} bytes that are no frame of this protocol ({found}); "
        "one side is broken or speaks something else"
    )


def _welcome(answer: Frame, spoken: Versions, client: str) -> Frame:
    """The server's welcome. Raises VersionRefused, PeerRefused, SessionLost (it said goodbye) or FrameInvalid."""
    match answer:
        case {"t": "welcome", "protocol": int(protocol), "server": str(server)}:
            check_choice(protocol, spoken, server=server, client=client)
            return answer
        case {"t": "refused", "code": str(code), "message": str(message)}:
            raise VersionRefused(message) if code == _VERSION else PeerRefused(code, message)
        case {"t": "bye", "reason": str(reason)}:
            raise SessionLost(reason)
        case _:
            raise FrameInvalid(f"expected the server's welcome, got a {answer['t']} frame")


def connect(
    path: str | os.PathLike[str],
    *,
    client: str,
    timeout: float = 10.0,
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
        connection = BlockingConnection(sock, max_frame)
        connection.greet(client, versions, meta or {}, timeout)
    except BaseException:
        sock.close()
        raise
    return connection
