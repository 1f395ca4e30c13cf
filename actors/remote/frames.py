"""The messages of the wire, shared by the trio side and the blocking side; imports only msgspec.

A client's first byte chooses the encoding (`codec.Encoding`). Then both ways: four bytes of length, big-endian, and one
of these Structs. Fields may be added with a default and unknown ones are ignored, so that neighbouring versions talk.
"""

from typing import Final

import msgspec

CANCELLED: Final = "cancelled"
"""Failure code: the client cancelled the request."""
BUSY: Final = "busy"
"""Failure and refusal code: the server's limit of requests or connections is reached."""
INTERNAL: Final = "internal"
"""Failure code: the handler crashed; the server's log has the traceback."""
TOO_LARGE: Final = "too_large"
"""Failure code: the reply is over the frame limit."""
INVALID: Final = "invalid"
"""Failure code: the arguments do not have the operation's type."""
VERSION: Final = "version"
"""Refusal code: no protocol version in common."""


class _Frame(msgspec.Struct, frozen=True, kw_only=True, tag_field="t"):
    """What all frames share."""


class Hello(_Frame, frozen=True, kw_only=True, tag="hello"):
    """Client's first frame: the protocol versions it speaks, from `oldest` to `protocol`, and who it is."""

    protocol: int
    oldest: int
    client: str
    meta: dict[str, str] = {}


class Welcome(_Frame, frozen=True, kw_only=True, tag="welcome"):
    """Answer to `Hello`: the highest version both speak, the server's state and epoch, and what else it says."""

    protocol: int
    server: str
    state: str = "ready"
    epoch: int = 0
    meta: dict[str, str] = {}


class Refused(_Frame, frozen=True, kw_only=True, tag="refused"):
    """Answer to `Hello`: no, and why in words; the connection ends."""

    code: str
    message: str


class Request(_Frame, frozen=True, kw_only=True, tag="req"):
    """Ask for an operation.

    `request_id` makes a repeat recognisable, across connections too. `progress`: the client reads items pushed
    for this request. `window`: so many items may be under way unread (see `Credit`); 0: only the socket limits them.
    """

    id: int
    op: str
    args: msgspec.Raw
    request_id: str = ""
    meta: dict[str, str] = {}
    progress: bool = False
    window: int = 0


class Reply(_Frame, frozen=True, kw_only=True, tag="rep"):
    """The result of request `id`; nothing follows for it."""

    id: int
    result: msgspec.Raw


NO_DETAILS: Final = msgspec.Raw(b"")
"""A failure without details leaves the field out; msgspec knows no optional Raw."""


class Failure(_Frame, frozen=True, kw_only=True, tag="fail", omit_defaults=True):
    """Request `id` failed; nothing follows for it."""

    id: int
    code: str
    message: str
    details: msgspec.Raw = NO_DETAILS


class Cancel(_Frame, frozen=True, kw_only=True, tag="cancel"):
    """Client no longer wants request `id`; the server ends the task that serves it."""

    id: int


class Push(_Frame, frozen=True, kw_only=True, tag="push"):
    """One item of request `id`: progress, or an event of a subscription."""

    id: int
    item: msgspec.Raw


class Credit(_Frame, frozen=True, kw_only=True, tag="credit"):
    """Client has taken `n` more items of request `id`, so that as many more may be pushed."""

    id: int
    n: int


class Goodbye(_Frame, frozen=True, kw_only=True, tag="bye"):
    """The sender ends the connection, and why; requests in flight are over."""

    reason: str


Frame = Hello | Welcome | Refused | Request | Reply | Failure | Cancel | Push | Credit | Goodbye
