"""What callers hand to the log and what they get back."""

from collections.abc import Callable, Mapping

import msgspec

from compas.domain.events import Event, Recorded
from compas.domain.requests import RequestId


class NewEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event to be appended to the end of a stream."""

    stream: str
    event: Event
    causation: str = ""
    lineage: str = ""


class Append(msgspec.Struct, frozen=True, kw_only=True):
    """One command's events: all of them are recorded, or none.

    `expected` names the version each stream must be at; a stream that is not named is not checked. With a `request`,
    the response (or what the function makes of the recorded events) is kept beside it for a while
    (`domain/retention.py`), a request of compas' own for good.
    """

    events: tuple[NewEvent, ...]
    expected: Mapping[str, int] = {}
    request: RequestId | None = None
    response: bytes | Callable[[tuple[Recorded, ...]], bytes] = b""


class Appended(msgspec.Struct, frozen=True, kw_only=True):
    """The events are in the log, durable, and their read models are up to date."""

    recorded: tuple[Recorded, ...]
    response: bytes = b""


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody else appended to the stream first; nothing was recorded. Read it again and decide anew."""

    stream: str
    expected: int
    actual: int


class Repeated(msgspec.Struct, frozen=True, kw_only=True):
    """The request was answered before: its first answer, and what it recorded then. Nothing was recorded now."""

    response: bytes
    recorded: tuple[Recorded, ...]


class Reused(msgspec.Struct, frozen=True, kw_only=True):
    """The name of the request belongs to another one, of the operation `used_for`. Nothing was recorded now."""

    used_for: str


class Faulted(msgspec.Struct, frozen=True, kw_only=True):
    """A defect of ours in this command's events, response or read models; nothing of it was recorded."""

    error: Exception


Outcome = Appended | Conflict | Repeated | Reused | Faulted


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """Counters since the store was opened; an idle supervisor leaves them alone."""

    statements: int
    transactions: int
    appended_events: int
