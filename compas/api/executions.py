"""Operation `executions`: which executions a thread has, so that any of them can be chosen."""

from typing import Annotated

import msgspec
from msgspec import Meta

from compas.api.operation import Operation, Request

ExecutionName = Annotated[str, Meta(description="execution, or a thread for its newest one")]
WhichExecution = Annotated[str | None, Meta(description="of its executions: a number, from 1, or id")]


class ExecutionsRequest(Request, frozen=True, kw_only=True):
    """Whose executions to list, and which of them is meant."""

    execution_id: Annotated[str, Meta(description="thread, or one of its executions")]
    which: WhichExecution = None


class ExecutionListing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One execution. `number` counts those of its thread from 1, in the order in which they were queued.

    `attempt` counts from 0. `has_steps` says that its CLI tells what it does, step by step, and that
    `execution_events` has it.
    """

    number: int
    execution_id: str
    agent: str
    backend: str
    status: str
    queued_at: float
    attempt: int = 0
    started_at: float | None = None
    duration_ms: int | None = None
    error: str | None = None
    has_steps: bool = False


class ExecutionsResponse(msgspec.Struct, frozen=True, kw_only=True):
    """All executions of a thread, the oldest first. `chosen` is the number of the one that is meant."""

    thread_id: str
    chosen: int
    executions: tuple[ExecutionListing, ...]


EXECUTIONS = Operation(
    name="executions",
    request=ExecutionsRequest,
    response=ExecutionsResponse,
    doc="List the executions of a thread, with the numbers that `log` takes.",
    kind="read",
    positional=("execution_id",),
    flags={"which": "--execution"},
)
