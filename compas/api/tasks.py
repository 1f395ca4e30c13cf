"""Operation `tasks`: what agents did, do and will do."""

from typing import Annotated

import msgspec
from msgspec import Meta

from compas.api.operation import Operation, Request


class TasksRequest(Request, frozen=True, kw_only=True):
    """Which executions to show."""

    filter: Annotated[
        str | None, Meta(description="scheduled, running, ended, or a status such as failed; all by default")
    ] = None
    agent: Annotated[str | None, Meta(description="only this agent's")] = None
    batch_id: Annotated[str | None, Meta(description="only in threads of this batch")] = None
    thread_id: Annotated[str | None, Meta(description="only in this thread")] = None
    text: Annotated[
        str | None, Meta(description="only with all these words in thread, agent, batch, summary, status or error")
    ] = None
    every: Annotated[bool, Meta(description="every execution of each thread")] = False
    after: Annotated[str | None, Meta(description="go on behind this execution")] = None
    limit: Annotated[int, Meta(ge=1, le=1000, description="executions to list at most")] = 20


class TaskRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One execution. Times are UTC seconds; what its backend did not tell is left out.

    `eligible_at` is when it may start at the earliest, `eligible_at_rfc3339` the same moment as the original wrote it,
    and `eligible_reason` why not at once: scheduled, retry, crash. `title` is the thread's summary, or the first line
    of its first message.
    """

    execution_id: str
    thread_id: str
    agent: str
    backend: str
    execution_status: str
    attempt: int
    queued_at: float
    batch_id: str | None = None
    summary: str | None = None
    title: str = ""
    started_at: float | None = None
    finished_at: float | None = None
    duration_ms: int | None = None
    eligible_at: float | None = None
    eligible_at_rfc3339: str | None = None
    eligible_reason: str | None = None
    error: str | None = None
    category: str | None = None
    verdict: str | None = None
    cost_usd: float | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    exit_code: int | None = None
    prompt_hash: str | None = None


class TasksResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Executions, queued last first; scheduled ones by their time, the soonest first.

    With `more`, the next ones are listed with `after` set to `next_after`.
    """

    tasks: tuple[TaskRow, ...]
    more: bool = False
    next_after: str | None = None


TASKS = Operation(
    name="tasks",
    request=TasksRequest,
    response=TasksResponse,
    doc="List executions: the newest of each thread, or every one.",
    kind="read",
    flags={"batch_id": "--batch", "thread_id": "--thread"},
    details="The filter `scheduled` lists everything that is queued for a later time.",
)
