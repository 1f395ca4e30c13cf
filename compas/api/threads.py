"""Operations `status` and `transcript`: how threads stand, and what was said in them."""

from typing import Annotated

import msgspec
from msgspec import Meta

from compas.api.operation import Operation, Request
from compas.api.parameters import ThreadName


class StatusRequest(Request, frozen=True, kw_only=True):
    """Which threads to show. What is not asked for is not sent, so that an older supervisor answers too."""

    thread_id: Annotated[str | None, Meta(description="only this thread")] = None
    agent: Annotated[str | None, Meta(description="only threads this agent worked in last")] = None
    batch_id: Annotated[str | None, Meta(description="only threads of this batch")] = None
    text: Annotated[
        str | None, Meta(description="only with all these words in thread, batch, summary, agent, status or error")
    ] = None
    limit: Annotated[int, Meta(ge=1, le=1000, description="rows to show at most")] = 50
    after: Annotated[str | None, Meta(description="go on behind this thread")] = None
    open_first: Annotated[
        bool, Meta(description="threads that are neither completed nor abandoned before the others")
    ] = False
    details: Annotated[
        bool, Meta(description="tell as well what each is about, who judged it, its branch and its cost")
    ] = False
    diffs: Annotated[
        bool, Meta(description="count the lines that the work of each open thread changes, which asks git")
    ] = False


class DiffSize(msgspec.Struct, frozen=True, kw_only=True):
    """How much a thread's work changes: files, and lines in those that are text."""

    files: int
    added: int
    deleted: int


class GivenVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """Who judged a thread's work, an agent or a person, and what they said last: approve or request_changes."""

    by: str
    verdict: str


class ThreadDetails(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of a thread beside how it stands.

    `title` is its summary, or the first line of its first message; `worker` is the agent that was given that. Of the
    `executions` that have ended, `priced` told their cost; what none of them told is None. `branch` is where its own
    work is, in `repository`.
    """

    title: str = ""
    worker: str | None = None
    verdicts: tuple[GivenVerdict, ...] = ()
    executions: int = 0
    priced: int = 0
    cost_usd: float | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    repository: str | None = None
    branch: str | None = None


class BatchTotal(msgspec.Struct, frozen=True, kw_only=True):
    """How all threads of a batch stand, each counted once; `done` are completed, `failed` failed and wait for a word.

    The rest is open: it works, waits, or was abandoned.
    """

    batch_id: str
    threads: int
    working: int
    done: int
    failed: int


class StatusRow(msgspec.Struct, frozen=True, kw_only=True):
    """A thread with its newest execution. Times are UTC seconds.

    `eligible_at` is when a queued execution may start at the earliest, `verdict` what a review came to, and
    `last_intent` the intent of the thread's newest message. `answers_to` is the agent that gets the thread's answer;
    None where it is for the operator. `review` is how the thread's branch stands to its newest review: approved,
    changes_requested, changed_since_the_approval, changed_since_the_review, not_reviewed or no_snapshot; `review_note`
    says so in a sentence where one thread is asked for. Both are None where there is no branch. `remark` says, where
    one thread is asked for, that its worktree is not where its work is looked for. `stale_since` is when something last
    moved in an active thread in which nothing has for `stale_active_secs`; None in any other. `source_thread` is the
    thread whose fan-out opened this one. `repository` is the one that it works in, where the config lists several.
    `title` is the first line of its first message, where it has no summary. `details` and `diff` are there where they
    were asked for, the latter where git tells it in a moment.
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
    stale_since: float | None = None
    source_thread: str | None = None
    repository: str | None = None
    title: str | None = None
    details: ThreadDetails | None = None
    diff: DiffSize | None = None


class NextSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule and its next time: `at` in UTC seconds, `local` as the clocks of its zone show it."""

    name: str
    at: float
    local: str


class StatusResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The newest threads first; `total` counts all that match. `config_notices` is that of `health`.

    Where there are more, the next ones are listed with `after` set to `next_after`; a thread in which something has
    happened since stands before them.

    `next_schedule` is the schedule that fires next, and when. `batches`, where details were asked for, counts whole
    batches: those of the threads listed.
    """

    threads: tuple[StatusRow, ...]
    total: int
    scheduled_count: int = 0
    config_notices: tuple[str, ...] = ()
    next_schedule: NextSchedule | None = None
    batches: tuple[BatchTotal, ...] = ()
    next_after: str | None = None


STATUS = Operation(
    name="status",
    request=StatusRequest,
    response=StatusResponse,
    doc="Show threads and what is being done in them.",
    kind="read",
    positional=("thread_id",),
    flags={"batch_id": "--batch"},
)


class TranscriptRequest(Request, frozen=True, kw_only=True):
    """Which thread to read, and how much of it: all of it, or the newest messages, or those before one."""

    thread_id: ThreadName
    limit: Annotated[int, Meta(ge=1, le=10_000, description="newest messages to read")] | None = None
    before: Annotated[str | None, Meta(description="messages before this one")] = None


class TranscriptMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message. `depth` counts the handoffs between the first message of its chain and this one."""

    id: int
    reference: str
    sender: str = msgspec.field(name="from")
    to: str
    intent: str
    body: str
    created_at: float
    execution_id: str | None = None
    skip_handoff: bool = False
    depth: int = 0


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
    """A conversation. `earlier` counts the messages before those that are shown; `before` set to the reference
    `earlier_before` reads them, None where there are none. The executions are all of the thread's.

    `children` are the threads that its fan-outs opened, the oldest first: what their agents say stands there.
    """

    thread_id: str
    thread_status: str | None = None
    summary: str | None = None
    batch_id: str | None = None
    messages: tuple[TranscriptMessage, ...] = ()
    executions: tuple[TranscriptExecution, ...] = ()
    children: tuple[str, ...] = ()
    earlier: int = 0
    earlier_before: str | None = None


TRANSCRIPT = Operation(
    name="transcript",
    request=TranscriptRequest,
    response=TranscriptResponse,
    doc="Read the conversation of a thread.",
    kind="read",
    positional=("thread_id",),
)
