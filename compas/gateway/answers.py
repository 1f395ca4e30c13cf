"""What tools answer where it is not simply the operation's response."""

import msgspec

from compas.api.activity import ExecutionEvent
from compas.api.dispatch import DispatchResponse
from compas.api.history import LogEvent
from compas.api.waiting import WaitResponse


class WaitAnswer(WaitResponse, frozen=True, kw_only=True, omit_defaults=True):
    """A wait whose time limit may have been lowered: then `clamped` is true, and both limits are named."""

    clamped: bool = False
    requested_timeout_secs: float | None = None
    effective_timeout_secs: float | None = None
    hint: str | None = None


class DispatchAnswer(DispatchResponse, frozen=True, kw_only=True, omit_defaults=True):
    """A dispatched task; with `wait`, what came of it."""

    answer: WaitAnswer | None = None


class EventsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the event log; the next one is asked for with `after` set to `next_after`."""

    events: tuple[LogEvent, ...]
    next_after: int
    more: bool = False


class ActivityAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A page of what an agent was seen doing; the next one is asked for with `after` set to `next_after`.

    `missed` counts what could not be kept.
    """

    events: tuple[ExecutionEvent, ...]
    next_after: int
    missed: int
    status: str
    more: bool = False


class LogAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of an execution's output: bytes `offset` to `next_offset` of its log.

    `status` is the execution's, and `source` says where the text comes from, where the end was reached.
    """

    execution_id: str
    offset: int
    next_offset: int
    has_more: bool
    text: str
    status: str | None = None
    source: str | None = None
