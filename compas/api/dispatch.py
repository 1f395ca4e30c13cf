"""Operation `dispatch`: give an agent something to do."""

from typing import Annotated

import msgspec
from msgspec import Meta

from compas.api.operation import IS_PATH, Operation, Request
from compas.domain.advice import Said


class DispatchRequest(Request, frozen=True, kw_only=True):
    """A message for an agent, in a new thread or an existing one."""

    to: Annotated[str, Meta(description="alias of the agent that should work")]
    body: Annotated[str, Meta(description="what it should do, in Markdown")]
    sender: Annotated[str, Meta(description="who asks")] = msgspec.field(name="from", default="operator")
    intent: Annotated[
        str,
        Meta(
            description="kind of message; dispatch, handoff and changes-requested start work, or what the config says"
        ),
    ] = "dispatch"
    thread_id: Annotated[str | None, Meta(description="thread to continue or to create; a new one by default")] = None
    repository: Annotated[
        str | None,
        Meta(
            description="listed repository for a new thread, by name or path; default: agent's, caller's, config's",
            extra=IS_PATH,
        ),
    ] = None
    batch: Annotated[str | None, Meta(description="label of threads that belong together")] = None
    summary: Annotated[str | None, Meta(description="one line that says what the thread is about")] = None
    skip_handoff: Annotated[bool, Meta(description="do not hand the reply to the next agent")] = False
    scheduled_for: Annotated[str | None, Meta(description="not before: RFC 3339, 2030-01-31T09:00:00+01:00")] = None


class DispatchResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The message is in the log; work that it makes is queued.

    `scheduled_for` is repeated as it was written, and `eligible_at` is the same moment in UTC seconds. `repository` is
    the one that the thread works in, where the config lists several; `note` says that the caller stands in another.
    """

    thread_id: str
    message_id: int
    reference: str
    next_step: Said
    execution_id: str | None = None
    reopened: bool = False
    previous_status: str | None = None
    await_chain: bool = False
    scheduled_for: str | None = None
    eligible_at: float | None = None
    warning: str | None = None
    repository: str | None = None
    note: str | None = None


DISPATCH = Operation(
    name="dispatch",
    request=DispatchRequest,
    response=DispatchResponse,
    doc="Give an agent a task, in a new thread or an existing one.",
    kind="write",
    positional=("to", "body"),
    flags={"thread_id": "--thread", "sender": "--from"},
    details="The agent works in a git worktree of its own; its reply goes where the config sends it. A thread that has "
    "ended is reopened. TEXT may be `-`: the task is then read from standard input.",
)
