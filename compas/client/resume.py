"""Decides how a request is put again after its connection was lost: nothing comes twice and nothing is missed.

Requests, items and answers are as JSON has them.
"""

from collections.abc import Mapping
from typing import Any

from compas.client.errors import UnreachableError

Arguments = Mapping[str, Any]
"""A request's fields by their names on the wire."""

RESTARTING = "restarting"
"""The failure code of a supervisor that makes way for the next one: the request is to be put to that."""
BEING_REPLACED = "the supervisor is being replaced"

MISFITS = frozenset({"invalid", "unknown_operation"})
"""Failure codes that may come of two versions: a field or an operation that only the newer side knows."""

MOST_LOSSES = 5
"""Connections that may be lost one soon after another: a request that kills each supervisor is not put for ever."""
STEADY_SECONDS = 60.0
"""A connection that lasted this long starts the count again."""

TIMEOUT = "timeout_secs"
"""The field of every wait, and of what answers it, that has its time limit."""


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


class ResumableWait:
    """A wait that may have to be put several times; its time limit counts from the first."""

    def __init__(self, op: str, first: Arguments) -> None:
        self._op = op
        self._first = first
        self._ahead = first
        self._asked = first

    def put(self, elapsed: float) -> Arguments:
        """Return the request to put now, `elapsed` seconds after the first one."""
        self._asked = with_time_left(self._ahead, elapsed)
        return self._asked

    def take(self, item: Arguments) -> None:
        """Take a pushed item: the next request goes on behind it."""
        self._ahead = after_item(self._op, self._ahead, item)

    def limit_told(self, told: float | None) -> float | None:
        """Return the time limit that the answer is to name, as the first request would have got it."""
        limit: float | None = self._first[TIMEOUT] if told == self._asked[TIMEOUT] else told
        return limit


def with_time_left(request: Arguments, elapsed: float) -> Arguments:
    """Return the wait with what is left of its time limit after `elapsed` seconds."""
    return {**request, TIMEOUT: max(0.0, request[TIMEOUT] - elapsed)}


def after_item(op: str, request: Arguments, item: Arguments) -> Arguments:
    """Return the request that goes on behind `item`, the last one that came for it."""
    match op:
        case "events":
            return {**request, "after": item["position"], "limit": _events_left(request)}
        case "execution_events":
            behind = {"execution_id": item["execution_id"], "after": item["index"]}
            return {**request, **behind, "limit": _events_left(request)}
        case "log":
            # By the execution's own name: a thread's newest execution may be another one by now.
            limit = request.get("limit")
            left = None if limit is None else max(1, limit - item["text"].count("\n"))
            place = item["next_line" if request.get("unit") == "lines" else "next_offset"]
            behind = {"execution_id": item["execution_id"], "offset": place}
            return {**request, **behind, "tail": None, "limit": left}
        case "wait" if request.get("since_reference") is None:
            return {**request, "after": item["after"]}
        case "wait":
            return request
        case _:
            raise LookupError(f"no rule says how {op} goes on behind an item")


def _events_left(request: Arguments) -> int:
    """Return the limit that is left. One that is used up stays at 1: the supervisor ends such a stream by itself."""
    limit: int = request["limit"]
    return limit if request.get("follow") else max(1, limit - 1)
