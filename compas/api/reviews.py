"""Operations `verdict`, by which a reviewer at work says what it thinks, and `approve` and `request_changes`, by which
people do."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from compas.api.operation import Operation, Request
from compas.api.parameters import RepositoryPath, ThreadName
from compas.domain.advice import Said


class VerdictRequest(Request, frozen=True, kw_only=True):
    """What the reviewer thinks."""

    verdict: Annotated[Literal["approve", "request_changes"], Meta(description="whether the work is good as it is")]


class VerdictResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The verdict counts when the execution ends well; a later one replaces it. `judged` is the commit it is about."""

    execution_id: str
    thread_id: str
    verdict: str
    judged: str | None = None


VERDICT = Operation(
    name="verdict",
    request=VerdictRequest,
    response=VerdictResponse,
    doc="Say, as a reviewer at work, whether the work is good.",
    kind="write",
    positional=("verdict",),
    details="For agents, inside an execution. A last line `Verdict: approve` or `Verdict: request changes` of a reply "
    "does the same.",
)


class ApproveRequest(Request, frozen=True, kw_only=True):
    """Which work is good."""

    thread_id: ThreadName
    commit: Annotated[
        str | None, Meta(description="what was looked at, commit or snapshot; the branch's tip by default")
    ] = None
    repository: RepositoryPath = None
    note: Annotated[str | None, Meta(description="a remark, kept with it")] = None
    sender: Annotated[str, Meta(description="who approves it")] = msgspec.field(name="from", default="operator")


class ApproveResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The commit is approved, whatever agents say of it. `warning` says where the branch holds something else."""

    thread_id: str
    repository: str
    branch: str
    commit: str
    next_step: Said
    warning: str | None = None


APPROVE = Operation(
    name="approve",
    request=ApproveRequest,
    response=ApproveResponse,
    doc="Say, as a person, that a thread's work is good.",
    kind="write",
    positional=("thread_id",),
    flags={"sender": "--from"},
    details="It outranks what agents say of the same files, before and after, and holds for as long as the branch "
    "holds exactly that. Nothing is merged by it.",
)


class RequestChangesRequest(Request, frozen=True, kw_only=True):
    """Which work is to be changed, and how."""

    thread_id: ThreadName
    body: Annotated[str, Meta(description="what is to be changed, in Markdown")]
    repository: RepositoryPath = None
    sender: Annotated[str, Meta(description="who asks for it")] = msgspec.field(name="from", default="operator")


class RequestChangesResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The commit is not to be merged as it is, and `agent`, whose work it is, has been told what to change."""

    thread_id: str
    repository: str
    branch: str
    commit: str
    agent: str
    execution_id: str
    reference: str
    next_step: Said
    reopened: bool = False


REQUEST_CHANGES = Operation(
    name="request_changes",
    request=RequestChangesRequest,
    response=RequestChangesResponse,
    doc="Ask, as a person, for changes to a thread's work.",
    kind="write",
    positional=("thread_id", "body"),
    flags={"sender": "--from"},
    details="TEXT goes to the agent that last worked in the thread's worktree. A thread that has ended is reopened; "
    "one that was abandoned is not.",
)
