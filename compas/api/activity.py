"""Operation `execution_events`: what an agent was seen doing."""

from typing import Annotated

import msgspec
from msgspec import Meta

from compas.api.executions import ExecutionName, WhichExecution
from compas.api.operation import LARGEST_INTEGER, Operation, Request


class ExecutionEventsRequest(Request, frozen=True, kw_only=True):
    """Which part of it to read."""

    execution_id: ExecutionName
    which: WhichExecution = None
    after: Annotated[int, Meta(ge=-1, le=LARGEST_INTEGER, description="only events after this index")] = -1
    since_timestamp: Annotated[
        int, Meta(ge=0, le=LARGEST_INTEGER, description="only from this time on, UTC milliseconds")
    ] = 0
    limit: Annotated[int, Meta(ge=1, le=10_000, description="events to read at most")] = 1000
    follow: Annotated[bool, Meta(description="go on until the execution ends")] = False


class ExecutionEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that an agent was seen doing. `index` counts from 0 within the execution; `at` is UTC seconds.

    `kind` is tool_call, tool_result, message, turn_complete, usage, retrying, error or session. `failed` marks a tool
    result that is an error, or a call that is told together with its result.
    """

    execution_id: str
    index: int
    at: float
    kind: str
    summary: str
    tool: str | None = None
    failed: bool = False
    detail: str = ""


class ExecutionEventsResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Where to go on reading. The events themselves are pushed one by one before it.

    `missed` counts what the agent did and nobody kept; `status` is the execution's.
    """

    execution_id: str
    next_after: int
    missed: int
    status: str
    more: bool = False


EXECUTION_EVENTS = Operation(
    name="execution_events",
    request=ExecutionEventsRequest,
    response=ExecutionEventsResponse,
    item=ExecutionEvent,
    doc="Show what an agent was seen doing, step by step.",
    kind="stream",
    positional=("execution_id",),
    flags={"which": "--execution"},
)
