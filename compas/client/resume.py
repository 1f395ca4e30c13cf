"""Decides how a request is put again after its connection was lost: nothing comes twice and nothing is missed."""

from typing import Generic, TypeVar

import msgspec

from compas.api.activity import ExecutionEvent, ExecutionEventsRequest
from compas.api.history import EventsRequest, LogChunkItem, LogEvent, LogRequest
from compas.api.waiting import WaitBegan, WaitRequest
from compas.client.errors import UnreachableError

Req = TypeVar("Req", bound=msgspec.Struct)
Res = TypeVar("Res", bound=msgspec.Struct)

RESTARTING = "restarting"
"""The failure code of a supervisor that makes way for the next one: the request is to be put to that."""
BEING_REPLACED = "the supervisor is being replaced"

MOST_LOSSES = 5
"""Connections that may be lost one soon after another: a request that kills each supervisor is not put for ever."""
STEADY_SECONDS = 60.0
"""A connection that lasted this long starts the count again."""


class Losses:
    """Counts the connections that one request has lost."""

    def __init__(self, op: str) -> None:
        self._op = op
        self._count = 0

    def add(self, trouble: str, lasted: float) -> None:
        """Count a connection that ended `lasted` seconds after the request was put to it.

        Raises UnreachableError when it is one too many.
        """
        self._count = 1 if lasted >= STEADY_SECONDS else self._count + 1
        if self._count > MOST_LOSSES:
            raise UnreachableError(
                f"the supervisor went away {self._count} times while it was asked for {self._op} ({trouble}); "
                "look at its log"
            )


class ResumableWait(Generic[Req]):
    """A wait that may have to be put several times; its time limit counts from the first."""

    def __init__(self, first: Req) -> None:
        self._first = first
        self._ahead = first
        self._asked = first

    def put(self, elapsed: float) -> Req:
        """Return the request to put now, `elapsed` seconds after the first one."""
        self._asked = with_time_left(self._ahead, elapsed)
        return self._asked

    def take(self, item: msgspec.Struct) -> None:
        """Take a pushed item: the next request goes on behind it."""
        self._ahead = after_item(self._ahead, item)

    def answer(self, response: Res) -> Res:
        """Return the response as the first request would have got it."""
        return with_whole_time(response, self._asked, self._first)


def with_time_left(request: Req, elapsed: float) -> Req:
    """Return the request with what is left of its time limit after `elapsed` seconds."""
    return msgspec.structs.replace(request, timeout_secs=max(0.0, _timeout(request) - elapsed))


def with_whole_time(response: Res, asked: msgspec.Struct, first: msgspec.Struct) -> Res:
    """Return the response naming the time limit of the `first` request where it names that of the last one `asked`."""
    if getattr(response, "timeout_secs", None) != _timeout(asked):
        return response
    return msgspec.structs.replace(response, timeout_secs=_timeout(first))


def _timeout(request: msgspec.Struct) -> float:
    return float(getattr(request, "timeout_secs"))  # noqa: B009 - every wait has this field, and no type says so


def after_item(request: Req, item: msgspec.Struct) -> Req:
    """Return the request that goes on behind `item`, the last one that came for it."""
    match request, item:
        case EventsRequest(), LogEvent():
            # A limit that is used up stays at 1: the supervisor ends such a stream, so it is not asked again.
            limit = request.limit if request.follow else max(1, request.limit - 1)
            return msgspec.structs.replace(request, after=item.position, limit=limit)
        case ExecutionEventsRequest(), ExecutionEvent():
            limit = request.limit if request.follow else max(1, request.limit - 1)
            return msgspec.structs.replace(request, execution_id=item.execution_id, after=item.index, limit=limit)
        case LogRequest(), LogChunkItem():
            # By the execution's own name: a thread's newest execution may be another one by now.
            left = None if request.limit is None else max(1, request.limit - item.text.count("\n"))
            return msgspec.structs.replace(
                request, execution_id=item.execution_id, offset=item.next_offset, tail=None, limit=left
            )
        case WaitRequest(since_reference=None), WaitBegan():
            return msgspec.structs.replace(request, after=item.after)
        case WaitRequest(), WaitBegan():
            return request
        case _:
            raise TypeError(f"no rule says how {type(request).__name__} goes on behind a {type(item).__name__}")
