"""Decides how a request is put again after its connection was lost: nothing comes twice and nothing is missed."""

from typing import TypeVar

import msgspec

from compas.api.history import EventsRequest, LogChunkItem, LogEvent, LogRequest
from compas.api.waiting import WaitBegan, WaitRequest

Req = TypeVar("Req", bound=msgspec.Struct)
Res = TypeVar("Res", bound=msgspec.Struct)


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
        case LogRequest(), LogChunkItem():
            # By the execution's own name: a thread's newest execution may be another one by now.
            return msgspec.structs.replace(request, execution_id=item.execution_id, offset=item.next_offset, tail=None)
        case WaitRequest(since_reference=None), WaitBegan():
            return msgspec.structs.replace(request, after=item.after)
        case WaitRequest(), WaitBegan():
            return request
        case _:
            raise TypeError(f"no rule says how {type(request).__name__} goes on behind a {type(item).__name__}")
