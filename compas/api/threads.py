"""Operations on threads: `status`, `transcript`, `close`, `abandon`."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from compas.api.operation import IS_PATH, Operation

ThreadName = Annotated[str, Meta(description="thread")]
RepositoryPath = Annotated[str | None, Meta(description="needed where the thread works in several", extra=IS_PATH)]
Force = Annotated[
    bool,
    Meta(description="only on the operator's word: merge it whatever reviewers say"),
]


class StatusRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which threads to show."""

    thread_id: Annotated[str | None, Meta(description="only this thread")] = None
    agent: Annotated[str | None, Meta(description="only threads this agent worked in last")] = None
    batch_id: Annotated[str | None, Meta(description="only threads of this batch")] = None
    limit: Annotated[int, Meta(ge=1, le=1000, description="rows to show at most")] = 50


class StatusRow(msgspec.Struct, frozen=True, kw_only=True):
    """A thread with its newest execution. Times are UTC seconds.

    `eligible_at` is when a queued execution may start at the earliest, `verdict` what a review came to, and
    `last_intent` the intent of the thread's newest message. `answers_to` is the agent that gets the thread's answer;
    None where it is for the operator. `review` is how the thread's branch stands to its newest review: approved,
    changes_requested, changed_since_the_approval, changed_since_the_review, not_reviewed or no_snapshot; `review_note`
    says so in a sentence where one thread is asked for. Both are None where there is no branch. `remark` says, where
    one thread is asked for, that its worktree is not where its work is looked for.
    """

    thread_id: str
    thread_status: str
    updated_at: float
    batch_id: str | None = None
    summary: str | None = None
    agent: str | None = None
    execution_id: str | None = None
    execution_status: str | None = None
    attempt: int | None = None
    started_at: float | None = None
    duration_ms: int | None = None
    error: str | None = None
    prompt_hash: str | None = None
    eligible_at: float | None = None
    verdict: str | None = None
    last_intent: str | None = None
    answers_to: str | None = None
    review: str | None = None
    review_note: str | None = None
    remark: str | None = None


class StatusResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The newest threads first; `total` counts all that match. `config_notices` is that of `health`."""

    threads: tuple[StatusRow, ...]
    total: int
    scheduled_count: int = 0
    config_notices: tuple[str, ...] = ()


STATUS = Operation(
    name="status",
    request=StatusRequest,
    response=StatusResponse,
    doc="Show threads and what is being done in them.",
    kind="read",
    positional=("thread_id",),
    flags={"batch_id": "--batch"},
)


class TranscriptRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which thread to read."""

    thread_id: ThreadName


class TranscriptMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message."""

    id: int
    reference: str
    sender: str = msgspec.field(name="from")
    to: str
    intent: str
    body: str
    created_at: float
    execution_id: str | None = None
    skip_handoff: bool = False


class TranscriptExecution(msgspec.Struct, frozen=True, kw_only=True):
    """One execution."""

    id: str
    agent: str
    backend: str
    status: str
    attempt: int
    dispatch_message_id: int | None
    queued_at: float
    started_at: float | None = None
    finished_at: float | None = None
    duration_ms: int | None = None
    exit_code: int | None = None
    signal: int | None = None
    error: str | None = None
    category: str | None = None
    session_id: str | None = None
    snapshot: str | None = None
    prompt_hash: str | None = None


class TranscriptResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation; an unknown thread has no status and nothing in it (b-mcp-cli-merge 55)."""

    thread_id: str
    thread_status: str | None = None
    summary: str | None = None
    batch_id: str | None = None
    messages: tuple[TranscriptMessage, ...] = ()
    executions: tuple[TranscriptExecution, ...] = ()


TRANSCRIPT = Operation(
    name="transcript",
    request=TranscriptRequest,
    response=TranscriptResponse,
    doc="Read the conversation of a thread.",
    kind="read",
    positional=("thread_id",),
)


class CloseMerge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The merge that a thread is closed with."""

    target_branch: Annotated[str | None, Meta(description="branch to merge into; the configured one by default")] = None
    strategy: Annotated[str | None, Meta(description="how to merge; the configured one by default")] = None
    force: Force = False
    accept_target: Annotated[
        str | None, Meta(description="only on the operator's word: the commit at which to keep a moved target")
    ] = None


class CloseRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to end a thread."""

    thread_id: ThreadName
    status: Annotated[Literal["completed", "failed"], Meta(description="how it ended")] = "completed"
    sender: Annotated[str, Meta(description="who closes it")] = msgspec.field(name="from", default="operator")
    note: Annotated[str | None, Meta(description="a last word, kept in the thread")] = None
    merge: Annotated[
        CloseMerge | None, Meta(description="merge its branch first, and close it once that is done; {} for defaults")
    ] = None


class CloseResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The thread has ended; `note` says what was found, such as that there was nothing to merge.

    With `merge_op_id` it has not ended yet: it does once that merge has completed, and stays as it is if it fails.
    `review` and `warning` are those of the merge.
    """

    thread_id: str
    status: str
    note: str | None = None
    merge_op_id: str | None = None
    review: str = ""
    warning: str | None = None
    next_step: str | None = None


CLOSE = Operation(
    name="close",
    request=CloseRequest,
    response=CloseResponse,
    doc="End a thread as completed or failed.",
    kind="write",
    positional=("thread_id",),
    flags={"sender": "--from"},
    details="Completing a thread asks that its work is in the target branch; the branch itself is looked at, so a "
    "merge by hand counts too.",
)


class AbandonRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which thread to give up."""

    thread_id: ThreadName
    sender: Annotated[str, Meta(description="who abandons it")] = msgspec.field(name="from", default="operator")


class AbandonResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The thread is given up. Its commits are kept; cleanup takes the worktree once nothing is lost by it."""

    thread_id: str
    status: str
    executions_cancelled: int = 0
    processes_killed: int = 0
    worktree_branch: str | None = None


ABANDON = Operation(
    name="abandon",
    request=AbandonRequest,
    response=AbandonResponse,
    doc="Give a thread up: end what runs, start nothing more.",
    kind="write",
    positional=("thread_id",),
    flags={"sender": "--from"},
)
