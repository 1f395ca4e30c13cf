"""What can go wrong between two processes, each with what was tried, what was found and what to do."""
# ruff: noqa: N818 - the names say what happened to the connection or the request

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import msgspec  # the MCP relay knows these errors and starts without it


class WireError(Exception):
    """Root of everything this package raises about a connection or a request on it."""


class FrameTooLarge(WireError):
    """A frame is larger than the limit of the side that looked at it; nothing of it was sent or kept."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"a frame of {size} bytes is over the limit of {limit} bytes; ask for less at a time")
        self.size = size
        self.limit = limit


class FrameInvalid(WireError):
    """The bytes of a frame are not a message of this protocol."""


class EncodingUnknown(WireError):
    """The first byte of a connection names no encoding."""


class TransportEnded(WireError):
    """The peer closed the connection between two frames."""


class TransportBroken(WireError):
    """The connection ended inside a frame, was reset, or a send on it was cancelled half way."""


class TransportClosed(WireError):
    """This side closed the transport and then used it."""


class ConnectError(WireError):
    """The socket could not be connected to; the cause is the operating system's error."""


class SocketAbsent(ConnectError):
    """Nothing exists at the socket's path: nobody has started the server."""


class SocketRefused(ConnectError):
    """The socket file exists but nobody listens on it: the server that made it is gone."""


class PermissionDenied(ConnectError):
    """The operating system forbids the connection, as in an agent's sandbox; starting a server will not help."""


class ConnectTimeout(ConnectError):
    """The listener exists but does not accept: it hangs, or its queue of new connections is full."""


class SessionLost(WireError):
    """The connection ended before the request was answered; whether it took effect is not known."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the connection was lost: {reason}")
        self.reason = reason


class PeerRefused(WireError):
    """The server answered the greeting with a refusal."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class VersionRefused(PeerRefused):
    """Client and server have no protocol version in common; the message says which side to upgrade."""

    def __init__(self, message: str) -> None:
        super().__init__("version", message)


class RequestFailed(WireError):
    """The server answered the request with a failure; `details` is still encoded, `None` if there are none.

    A client that speaks JSON without msgspec has decoded them.
    """

    def __init__(self, code: str, message: str, details: "msgspec.Raw | None" = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.details = details


class ReplyInvalid(WireError):
    """The reply arrived but does not have the type that was asked for."""


class RequestTimeout(WireError):
    """No answer within the caller's time; the request was cancelled, but may have taken effect before."""

    def __init__(self, op: str, seconds: float) -> None:
        super().__init__(f"{op} was not answered within {seconds:g} s and was cancelled; ask with more time")
        self.op = op
        self.seconds = seconds


class CallError(Exception):
    """Raised by a handler to answer its request with a failure of this code; `details` is any encodable value."""

    def __init__(self, code: str, message: str, details: object = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.details = details
