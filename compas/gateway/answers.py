"""What tools answer where it is not simply the operation's response."""

import msgspec

from compas.api.activity import ExecutionEvent
from compas.api.dispatch import DispatchResponse
from compas.api.history import LogEvent
from compas.api.merges import MergeStatusResponse
from compas.api.waiting import WaitResponse
from compas.domain.advice import Said, advise, say


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


class SeenEvent(ExecutionEvent, frozen=True, kw_only=True, omit_defaults=True):
    """What an agent was seen doing, with what `since_event_index` and `since_timestamp` are taken from."""

    event_index: int
    timestamp_ms: int


class ActivityAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A page of what an agent was seen doing; the next one is asked for with `after` set to `next_after`.

    `missed` counts what could not be kept.
    """

    events: tuple[SeenEvent, ...]
    next_after: int
    missed: int
    status: str
    more: bool = False


class LogAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of an execution's output, from `offset` to `next_offset` of its log.

    Asked for by lines, it is `lines`, so many as `returned_lines` of the `total_lines`; asked for by bytes, it is
    `text`. `status` is the execution's, and `source` says where the text comes from; by bytes, both are there where the
    end was reached.
    """

    execution_id: str
    offset: int
    next_offset: int
    has_more: bool
    text: str | None = None
    lines: tuple[str, ...] | None = None
    returned_lines: int | None = None
    total_lines: int | None = None
    status: str | None = None
    source: str | None = None


class RecentMerge(msgspec.Struct, frozen=True, kw_only=True):
    """One of the newest merges, in short."""

    op_id: str
    thread_id: str
    target_branch: str
    strategy: str
    status: str
    queued_at: float


class MergeStatusAnswer(MergeStatusResponse, frozen=True, kw_only=True):
    """Merges as the original showed them, too: one that was asked for by its `op_id` with its fields at the top.

    Otherwise `recent` has the newest ones in short.
    """

    recent: tuple[RecentMerge, ...] | None = None
    op_id: str | None = None
    thread_id: str | None = None
    source_branch: str | None = None
    target_branch: str | None = None
    strategy: str | None = None
    requested_by: str | None = None
    status: str | None = None
    queued_at: float | None = None
    started_at: float | None = None
    finished_at: float | None = None
    duration_ms: int | None = None
    result_summary: str | None = None
    error_detail: str | None = None
    conflict_files: tuple[str, ...] | None = None
    commit_message: str | None = None
    suggested_actions: tuple[Said, ...] | None = None


def dispatched(response: DispatchResponse, answer: WaitAnswer | None = None) -> DispatchAnswer:
    """Return a dispatch with what came of it, if that was waited for, and what to do next."""
    fields = {name: getattr(response, name) for name in response.__struct_fields__}
    if answer is not None and answer.reason != "timeout":
        story = advise("why", thread_id=response.thread_id)
        fields["next_step"] = answer.next_step or say("the answer is here; ", story, " says what to do next")
    return DispatchAnswer(**fields, answer=answer)


def seen(event: ExecutionEvent) -> SeenEvent:
    """Return an event as a model gets it."""
    return SeenEvent(**msgspec.structs.asdict(event), event_index=event.index, timestamp_ms=round(event.at * 1000))


def merge_status_answer(response: MergeStatusResponse, *, of_one: bool) -> MergeStatusAnswer:
    """Return merges as a model gets them; `of_one` where it asked for one by its id."""
    fields = msgspec.structs.asdict(response)
    if of_one:
        (merge,) = response.merges
        there = set(merge.__struct_fields__) & set(MergeStatusAnswer.__struct_fields__)
        return MergeStatusAnswer(**fields | {name: getattr(merge, name) or None for name in there})
    names = RecentMerge.__struct_fields__
    recent = tuple(RecentMerge(**{name: getattr(one, name) for name in names}) for one in response.merges)
    return MergeStatusAnswer(**fields, recent=recent)
