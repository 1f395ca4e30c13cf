"""Operations `why`, `diagnose` and `session_info`: where a thread stands, how it came to that, what to do about it."""

from typing import Annotated

import msgspec
from msgspec import Meta

from compas.api.operation import Operation, Request
from compas.api.parameters import ThreadName
from compas.domain.advice import Said


class DiagnoseRequest(Request, frozen=True, kw_only=True):
    """Which thread to look at."""

    thread_id: ThreadName


class DiagnoseResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Where a thread stands, what is in its way, and what can be done, the best first.

    `latest_execution_*` are of the execution that was queued last, and None when there was none.
    """

    thread_id: str
    thread_status: str
    summary: str | None
    message_count: int
    execution_count: int
    latest_execution_id: str | None
    latest_execution_status: str | None
    latest_execution_agent: str | None
    latest_execution_error: str | None
    latest_execution_duration_ms: int | None
    standing: str
    blockers: tuple[str, ...]
    suggestions: tuple[Said, ...]


DIAGNOSE = Operation(
    name="diagnose",
    request=DiagnoseRequest,
    response=DiagnoseResponse,
    doc="Say what keeps a thread from going on, and what to do about it.",
    kind="read",
    positional=("thread_id",),
    details="`why` tells how it came to that, step by step.",
)


class SessionInfoRequest(Request, frozen=True, kw_only=True):
    """Whose conversations to name."""

    thread_id: Annotated[str | None, Meta(description="name the conversations of this thread's agents")] = None


class Conversation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A session of an agent's CLI, and how a person goes on with it by hand.

    `resume_command` is a line for a shell; it is left out for a CLI that cannot do it. `in_use` says that an agent is
    speaking in it now: wait for its end.
    """

    agent: str
    backend: str
    session_id: str
    workdir: str | None = None
    resume_command: str | None = None
    in_use: bool = False


class SessionInfoResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who serves these operations, and the conversations of a thread's agents. `db_path` is the event log."""

    server: str
    version: str
    agent_count: int
    db_path: str
    thread_id: str | None = None
    conversations: tuple[Conversation, ...] = ()


SESSION_INFO = Operation(
    name="session_info",
    request=SessionInfoRequest,
    response=SessionInfoResponse,
    doc="Name the conversations of a thread's agents, and how to go on with them by hand.",
    kind="read",
    positional=("thread_id",),
)


class WhyRequest(Request, frozen=True, kw_only=True):
    """Which thread to explain."""

    thread_id: ThreadName


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the explanation. `depth` is how far it is from the message that began it all."""

    position: int
    at: float
    depth: int
    what: str
    because: str = ""


class WhyResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Where a thread stands, what it waits for, what to do next, and how it came to this.

    `review` is how its branch stands to its newest review, and `review_note` says so; None without a branch.
    `repository` is the one that it works in, where the config lists several.
    """

    thread_id: str
    thread_status: str
    standing: str
    next_step: Said
    causes: tuple[Cause, ...]
    review: str | None = None
    review_note: str | None = None
    repository: str | None = None


WHY = Operation(
    name="why",
    request=WhyRequest,
    response=WhyResponse,
    doc="Explain where a thread stands and how it came to that.",
    kind="read",
    positional=("thread_id",),
)
