"""Operations that show what happened: `events`, `log` and `diff`."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from compas.api.executions import ExecutionName, WhichExecution
from compas.api.operation import LARGEST_INTEGER, Operation, Request
from compas.api.parameters import ThreadName


class EventsRequest(Request, frozen=True, kw_only=True):
    """Which part of the log to read."""

    thread_id: Annotated[str | None, Meta(description="only events of this thread and its merges")] = None
    after: Annotated[int, Meta(ge=0, le=LARGEST_INTEGER, description="only events after this position")] = 0
    limit: Annotated[int, Meta(ge=1, le=10_000, description="events to read at most")] = 1000
    follow: Annotated[bool, Meta(description="go on with new events as they happen")] = False


class LogEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event. `data` is its content; `at` is UTC seconds."""

    position: int
    at: float
    stream: str
    type: str
    causation: str
    lineage: str
    epoch: int
    data: dict[str, object]


class EventsResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Where to go on reading. The events themselves are pushed one by one before it."""

    next_after: int
    more: bool = False


EVENTS = Operation(
    name="events",
    request=EventsRequest,
    response=EventsResponse,
    item=LogEvent,
    doc="Read the event log, whole or of one thread.",
    kind="stream",
    positional=("thread_id",),
)


class LogRequest(Request, frozen=True, kw_only=True):
    """Which part of an execution's output to read."""

    execution_id: ExecutionName
    which: WhichExecution = None
    offset: Annotated[int, Meta(ge=0, le=LARGEST_INTEGER, description="how much to skip")] = 0
    unit: Annotated[Literal["lines", "bytes"], Meta(description="what the offset counts")] = "bytes"
    tail: Annotated[int, Meta(ge=0, le=100_000, description="only the last lines, this many")] | None = None
    limit: Annotated[int, Meta(ge=1, le=100_000, description="lines to read at most, from the offset on")] | None = None
    follow: Annotated[bool, Meta(description="go on until the execution ends")] = False


class LogChunkItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A piece of the log: whole lines, as far as the agent has written them.

    Its offsets are bytes. Where lines are counted, `next_line` is the number of the one behind it; the first is 0.
    """

    execution_id: str
    offset: int
    next_offset: int
    text: str
    next_line: int | None = None


class LogResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Where to go on reading, in the unit that was asked for. The text itself is pushed in chunks before it.

    `source` tells the log from what was recorded of the answer, which is shown when there is no log any more. `more`
    says that the limit was reached before the end. Where lines are counted, `total_lines` is how many there are.
    """

    execution_id: str
    next_offset: int
    status: str
    source: Literal["log_file", "output_preview"] = "log_file"
    more: bool = False
    total_lines: int | None = None


LOG = Operation(
    name="log",
    request=LogRequest,
    response=LogResponse,
    item=LogChunkItem,
    doc="Read what an execution printed.",
    kind="stream",
    positional=("execution_id",),
    flags={"which": "--execution"},
)


class DiffRequest(Request, frozen=True, kw_only=True):
    """Which work to compare with its target."""

    thread_id: ThreadName
    stat: Annotated[bool, Meta(description="only name files and count lines")] = False


class DiffFile(msgspec.Struct, frozen=True, kw_only=True):
    """Lines added and deleted in one file; None for a binary one."""

    path: str
    added: int | None
    deleted: int | None


class DiffResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What the thread's work changes, from where it left the target branch to `tip`.

    `uncommitted` says that `tip` is a snapshot which holds more than the branch does. `review` is how the branch stands
    to its newest review, and `review_note` says so. `remark` says, in a sentence, that the worktree is not where this
    work is looked for.
    """

    thread_id: str
    branch: str
    base: str
    tip: str
    uncommitted: bool
    text: str
    truncated: bool
    files: tuple[DiffFile, ...]
    review: str | None = None
    review_note: str | None = None
    remark: str = ""


DIFF = Operation(
    name="diff",
    request=DiffRequest,
    response=DiffResponse,
    doc="Show what a thread's work changes.",
    kind="read",
    positional=("thread_id",),
)
