"""A wait as an MCP task: its name, which says all that the wait needs, and how it is shown to a client.

Nothing is kept of a task: its name says which thread is waited for, and the supervisor knows how that stands. So a task
outlives the gateway that began it.
"""

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from compas.api.dispatch import DispatchResponse
from compas.api.waiting import LONGEST_TIMEOUT_SECS, PendingExecution, WaitRequest, WaitResponse
from compas.errors import CompasError
from compas.gateway.answers import DispatchAnswer, WaitAnswer, dispatched

POLL_MS: Final = 2000
"""How long a client should leave between two looks."""
LONGEST_NAME: Final = 4096
_PREFIX: Final = "wait."
_LATEST = 253402300799
"""The end of the year 9999 in UTC seconds: the last that a date can show."""
_MOST_PENDING = 5
"""Pieces of work under way that a client is told of."""

Shape = dict[str, Any]
Seconds = Annotated[float, Meta(ge=0, le=_LATEST)]


WAITED: Final = ("thread_id", "intent", "since_reference", "dispatch", "await_chain")
"""Fields of WaitRequest that stay the same from look to look."""


class UnknownTaskError(CompasError):
    """The name of a task that nobody has been given."""


class Sent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The dispatch whose answer is waited for, as far as the answer repeats it."""

    message_id: int
    reference: str
    execution_id: str | None = None
    reopened: bool = False
    previous_status: str | None = None
    scheduled_for: str | None = None
    eligible_at: float | None = None
    warning: str | None = None


class Awaited(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a task waits for.

    `since` is when it began in UTC seconds, and `limit` how many seconds it takes at most, None for as long as there is
    work. `sent` is there where the task began with a dispatch. The rest are fields of WaitRequest.
    """

    since: Seconds
    limit: Annotated[float, Meta(ge=0, le=LONGEST_TIMEOUT_SECS)] | None = None
    sent: Sent | None = None
    thread_id: str
    intent: str | None = None
    since_reference: str | None = None
    dispatch: str | None = None
    await_chain: bool = False

    @property
    def wait(self) -> WaitRequest:
        """What to ask the supervisor, which only looks."""
        return WaitRequest(timeout_secs=0, **{name: getattr(self, name) for name in WAITED})

    def is_over(self, now: float) -> bool:
        """Tell whether its time is over."""
        return self.limit is not None and now >= self.since + self.limit


def awaiting(wait: WaitRequest, *, since: float, limit: float | None, sent: Sent | None = None) -> Awaited:
    """Return what a task waits for that stands for this wait; `limit` in seconds from `since`."""
    return Awaited(since=since, limit=limit, sent=sent, **{name: getattr(wait, name) for name in WAITED})


def name_of(awaited: Awaited) -> str:
    """Return the name of a task."""
    return _PREFIX + base64.urlsafe_b64encode(msgspec.json.encode(awaited)).decode().rstrip("=")


def read_name(name: str) -> Awaited:
    """Return what the task of this name waits for. Raises UnknownTaskError."""
    text = name.removeprefix(_PREFIX)
    if text == name or len(name) > LONGEST_NAME or not name.isascii():
        raise UnknownTaskError("there is no such task")
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=Awaited)
    except (ValueError, binascii.Error, msgspec.DecodeError) as error:
        raise UnknownTaskError("there is no such task") from error


def answer_of(awaited: Awaited, seen: WaitResponse) -> WaitAnswer | DispatchAnswer:
    """Return what the call is answered with, now that the task is over."""
    if seen.reason == "timeout":
        seen = msgspec.structs.replace(seen, timeout_secs=awaited.limit)
    answer = WaitAnswer(**{name: getattr(seen, name) for name in seen.__struct_fields__})
    if awaited.sent is None:
        return answer
    response = DispatchResponse(
        thread_id=awaited.thread_id,
        await_chain=awaited.await_chain,
        next_step=answer.next_step or "",
        **msgspec.structs.asdict(awaited.sent),
    )
    return dispatched(response, answer)


def created(awaited: Awaited) -> Shape:
    """Return what a call is answered with that goes on as a task."""
    return {"resultType": "task", **_task(awaited, "working")}


def working(awaited: Awaited, seen: WaitResponse) -> Shape:
    """Return a task whose thread is at work still."""
    return {**_task(awaited, "working"), "statusMessage": _standing(seen)}


def completed(awaited: Awaited, seen: WaitResponse, result: Shape) -> Shape:
    """Return a task that is over: `result` is what the call would have been answered with."""
    return {**_task(awaited, "completed", at=seen.settled_at or seen.created_at), "result": result}


def _task(awaited: Awaited, status: str, at: float | None = None) -> Shape:
    return {
        "taskId": name_of(awaited),
        "status": status,
        "createdAt": _written(awaited.since),
        "lastUpdatedAt": _written(max(awaited.since, at or 0)),
        "ttlMs": None,
        "pollIntervalMs": POLL_MS,
    }


def _standing(seen: WaitResponse) -> str:
    if not seen.pending:
        return f"nothing is under way in thread {seen.thread_id}"
    more = len(seen.pending) - _MOST_PENDING
    shown = ", ".join(map(_of, seen.pending[:_MOST_PENDING]))
    return shown + (f" and {more} more" if more > 0 else "")


def _of(pending: PendingExecution) -> str:
    return f"{pending.agent} is {pending.status} in thread {pending.thread_id}"


def _written(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
