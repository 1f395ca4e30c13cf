"""Operations on the threads of a batch: `batch_status` and `abandon_batch`."""

from typing import Annotated

import msgspec
from msgspec import Meta

from compas.api.operation import LARGEST_INTEGER, Operation, Request
from compas.api.threads import DiffSize

BatchName = Annotated[str, Meta(description="label that the threads share")]


class BatchStatusRequest(Request, frozen=True, kw_only=True):
    """Which batch to show, and how much of it."""

    batch_id: BatchName
    limit: Annotated[int, Meta(ge=1, le=1000, description="threads to list at most")] = 100
    offset: Annotated[int, Meta(ge=0, le=LARGEST_INTEGER, description="threads to pass over")] = 0
    details: Annotated[
        bool, Meta(description="tell as well what each is about, when it changed, its review and the size of its diff")
    ] = False


class BatchThread(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thread, with how its newest execution stands; times are UTC seconds.

    What is below `error` is there where details were asked for: `title` is its summary, or the first line of its first
    message, and `review` how its branch stands to its newest review.
    """

    thread_id: str
    status: str
    summary: str | None = None
    agent: str | None = None
    execution_status: str | None = None
    error: str | None = None
    title: str | None = None
    updated_at: float | None = None
    review: str | None = None
    diff: DiffSize | None = None


class BatchStatusResponse(msgspec.Struct, frozen=True, kw_only=True):
    """`thread_count`, `counts` and `work` are of the whole batch: by status of the thread and of its newest execution,
    which is `scheduled` when it is queued for a later time.

    The threads stand in the order in which they were opened; `next_offset` is where the following ones begin, None
    where there are none.
    """

    batch_id: str
    thread_count: int
    counts: dict[str, int]
    work: dict[str, int]
    threads: tuple[BatchThread, ...]
    more: bool = False
    next_offset: int | None = None


BATCH_STATUS = Operation(
    name="batch_status",
    request=BatchStatusRequest,
    response=BatchStatusResponse,
    doc="Show how the threads of a batch stand.",
    kind="read",
    positional=("batch_id",),
)


class AbandonBatchRequest(Request, frozen=True, kw_only=True):
    """Which threads to give up."""

    batch_id: BatchName
    sender: Annotated[str, Meta(description="who abandons them")] = msgspec.field(name="from", default="operator")


class AbandonBatchResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was given up. `threads_already_terminal` had ended before and are left as they are.

    `threads_left` could not be abandoned; `errors` has the first of them as `thread: reason`.
    """

    batch_id: str
    threads_abandoned: int
    threads_already_terminal: int
    total_executions_cancelled: int
    total_processes_killed: int
    threads_left: int = 0
    errors: tuple[str, ...] = ()


ABANDON_BATCH = Operation(
    name="abandon_batch",
    request=AbandonBatchRequest,
    response=AbandonBatchResponse,
    doc="Give up every thread of a batch that has not ended.",
    kind="write",
    positional=("batch_id",),
    flags={"sender": "--from"},
    details="What runs in them is ended; branches and worktrees are kept. Threads that have ended stay as they are.",
)
