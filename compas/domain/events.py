"""Every event the log can hold: facts, in the past tense, never changed once written."""

from typing import Literal

import msgspec

ThreadStatus = Literal["Active", "Completed", "Failed", "Abandoned"]
ExecutionStatus = Literal[
    "queued", "picked_up", "executing", "completed", "failed", "timed_out", "crashed", "cancelled"
]
EndStatus = Literal["completed", "failed", "timed_out", "crashed"]
Category = Literal[
    "", "agent_error", "transient", "quota_exhausted", "auth_failure", "stale_session", "timeout", "killed", "unknown"
]
"""Why an execution failed; empty for a success."""
Verdict = Literal["approve", "request_changes", ""]
MergeKind = Literal["merge", "fast_forward", "rebase", "squash"]


class _Event(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type"):
    """Shared form of events. A tag, once released, keeps its meaning; new fields need a default."""


# --- a thread's stream -------------------------------------------------------------------------------------------


class ThreadOpened(_Event, frozen=True, kw_only=True, tag="thread.opened"):
    """A conversation began; `source_thread` is the thread whose fan-out made it, and `task` what that began with."""

    thread: str
    batch: str | None = None
    summary: str | None = None
    source_thread: str | None = None
    task: str | None = None


class ThreadDescribed(_Event, frozen=True, kw_only=True, tag="thread.described"):
    """A later message brought a batch or a summary; None keeps what was there (a-core 2)."""

    batch: str | None = None
    summary: str | None = None


class WorkUnderReview(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The work that a handoff is about: the commit that holds it, and where it was made."""

    repository: str
    path: str
    branch: str
    base: str
    base_commit: str
    snapshot: str


class MessagePosted(_Event, frozen=True, kw_only=True, tag="message.posted"):
    """Somebody said something. The event's position in the log is the message's number, shown as `db:<n>`.

    `depth` counts the handoffs between the lineage's first message and this one. `execution` is the run that
    wrote it, None for people and schedules; `verdict` is what that run came to, and `work` what it left, where the
    message hands it on.
    """

    message: str
    sender: str
    recipient: str
    intent: str
    body: str
    batch: str | None = None
    skip_handoff: bool = False
    depth: int = 0
    execution: str | None = None
    verdict: Verdict = ""
    work: WorkUnderReview | None = None


class FannedOut(_Event, frozen=True, kw_only=True, tag="handoff.fanned_out"):
    """A reply went to several agents, each in a thread of its own, which the same append opened.

    With `join`, that agent gets all their answers once every one of these threads has come to rest.
    """

    execution: str
    threads: tuple[str, ...]
    agents: tuple[str, ...]
    depth: int
    join: str | None = None


class Joined(_Event, frozen=True, kw_only=True, tag="handoff.joined"):
    """The threads of a fan-out have come to rest, and what follows from their answers is in the same append."""

    execution: str


class ExecutionQueued(_Event, frozen=True, kw_only=True, tag="execution.queued"):
    """A message made work for an agent. `not_before` is UTC seconds: a schedule's or a retry's due time.

    With `fresh_session` the CLI's earlier conversation in this thread is not resumed.
    """

    execution: str
    message: str
    agent: str
    backend: str
    attempt: int = 0
    not_before: float | None = None
    reason: Literal["", "scheduled", "retry", "crash"] = ""
    fresh_session: bool = False
    prompt_hash: str | None = None


class WorktreePlanned(_Event, frozen=True, kw_only=True, tag="worktree.planned"):
    """Intent: a worktree of `repository` will be made on `branch`, starting at `base`."""

    execution: str
    repository: str
    branch: str
    base: str


class WorktreeReady(_Event, frozen=True, kw_only=True, tag="worktree.ready"):
    """Outcome: the worktree is there."""

    repository: str
    path: str
    branch: str
    base: str
    base_commit: str


class ExecutionRequested(_Event, frozen=True, kw_only=True, tag="execution.requested"):
    """Intent: a runner is told to host this execution; its spec is on disk already."""

    execution: str
    workdir: str
    worktree: bool = False
    resume_session: str | None = None
    timeout_secs: float | None = None


class ExecutionStarted(_Event, frozen=True, kw_only=True, tag="execution.started"):
    """Outcome: the runner recorded the agent's process and released it."""

    execution: str
    pid: int
    started_at: float


class Usage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an execution cost, as far as its backend says; None is unknown, never zero."""

    cost_usd: float | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_cached: int | None = None
    turns: int | None = None


class ProcessEnd(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the agent's process tree ended. Seconds and kilobytes; `kind` is the runner's word for it."""

    kind: str
    exit_code: int | None = None
    signal: int | None = None
    duration_secs: float = 0.0
    user_secs: float = 0.0
    system_secs: float = 0.0
    max_rss_kb: int = 0
    cut_bytes: int = 0
    leftovers_ended: int = 0
    nothing_left: bool = True


class SnapshotTaken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a worktree held after an execution, committed or not."""

    commit: str
    head: str
    dirty: bool = False
    files: tuple[str, ...] = ()


class ExecutionEnded(_Event, frozen=True, kw_only=True, tag="execution.ended"):
    """The execution is over, once and for all. `preview` is at most 4096 characters of its reply, or its error.

    `usage` is what this execution spent; `counted` is what its CLI has counted for the whole conversation, where it
    counts only that. `resets_at` says when an exhausted allowance is there again, in UTC seconds. `judged` is the
    commit that the verdict is about.
    """

    execution: str
    status: EndStatus
    category: Category = ""
    error: str = ""
    preview: str = ""
    session: str | None = None
    usage: Usage = Usage()
    counted: Usage = Usage()
    resets_at: float | None = None
    process: ProcessEnd | None = None
    snapshot: SnapshotTaken | None = None
    verdict: Verdict = ""
    judged: str | None = None


class ExecutionCancelled(_Event, frozen=True, kw_only=True, tag="execution.cancelled"):
    """Intent: it never starts, or its processes are ended; nothing it says counts any more."""

    execution: str
    reason: str


class ExecutionStopped(_Event, frozen=True, kw_only=True, tag="execution.stopped"):
    """Outcome of a cancellation: its processes are gone and its worktree is free again."""

    execution: str
    process: ProcessEnd | None = None
    snapshot: SnapshotTaken | None = None


class ThreadClosed(_Event, frozen=True, kw_only=True, tag="thread.closed"):
    """The operator ended the thread."""

    status: Literal["Completed", "Failed"]
    by: str


class ThreadFailed(_Event, frozen=True, kw_only=True, tag="thread.failed"):
    """An execution failed for good and took its thread with it."""

    execution: str


class ThreadAbandoned(_Event, frozen=True, kw_only=True, tag="thread.abandoned"):
    """The thread was given up."""

    by: str


class ThreadReopened(_Event, frozen=True, kw_only=True, tag="thread.reopened"):
    """A thread that had ended is Active again."""

    previous: ThreadStatus
    by: str


# --- the stream of one target branch in one repository -----------------------------------------------------------


class Conflict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One path that could not be merged, and how it conflicts."""

    path: str
    kind: str


class CloseAfter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a thread ends once its merge has been published."""

    status: Literal["completed", "failed"]
    by: str
    note: str | None = None


class MergeQueued(_Event, frozen=True, kw_only=True, tag="merge.queued"):
    """A merge operation waits for its turn. `source_tip` is the commit that was approved.

    `closes` is there where the merge and the end of its thread were asked for as one.
    """

    op: str
    thread: str
    repository: str
    source: str
    target: str
    strategy: str
    requested_by: str
    message: str
    source_tip: str
    closes: CloseAfter | None = None


class MergeStarted(_Event, frozen=True, kw_only=True, tag="merge.started"):
    """The operation is at work; again, when its target moved before it was published."""

    op: str


class MergePrepared(_Event, frozen=True, kw_only=True, tag="merge.prepared"):
    """Intent: the target will be moved from `target_old` to `new_commit`, if it is still there."""

    op: str
    kind: MergeKind
    target_old: str
    new_commit: str


class MergeCompleted(_Event, frozen=True, kw_only=True, tag="merge.completed"):
    """Outcome: the target contains the source."""

    op: str
    new_commit: str
    summary: str


class MergeFailed(_Event, frozen=True, kw_only=True, tag="merge.failed"):
    """Outcome: the target was not moved, and why.

    `hand_back` is the intent to tell the agent whose work it is, and what to tell it.
    """

    op: str
    code: str
    reason: str
    conflicts: tuple[Conflict, ...] = ()
    hand_back: str = ""


class MergeHandedBack(_Event, frozen=True, kw_only=True, tag="merge.handed_back"):
    """Outcome: the agent was told of its conflict, or why it was not."""

    op: str
    summary: str


class MergeCancelled(_Event, frozen=True, kw_only=True, tag="merge.cancelled"):
    """The operation was withdrawn before the target was to be moved."""

    op: str
    reason: str


# --- the stream of one backend -----------------------------------------------------------------------------------


class BreakerOpened(_Event, frozen=True, kw_only=True, tag="breaker.opened"):
    """The backend is left alone until then, in UTC seconds, because of so many failures in a row."""

    backend: str
    failures: int
    category: Category
    until: float


class BreakerClosed(_Event, frozen=True, kw_only=True, tag="breaker.closed"):
    """The backend is used again."""

    backend: str
    why: str


# --- the supervisor's own stream ---------------------------------------------------------------------------------


class SupervisorStarted(_Event, frozen=True, kw_only=True, tag="supervisor.started"):
    """A supervisor took over the state directory."""

    pid: int
    boot_id: str
    version: str


class SupervisorStopped(_Event, frozen=True, kw_only=True, tag="supervisor.stopped"):
    """It left in good order; `mode` says what became of running agents."""

    mode: Literal["drained", "now", "detached", "idle"]


class ConfigLoaded(_Event, frozen=True, kw_only=True, tag="config.loaded"):
    """A configuration came into force; `digest` is the SHA-256 of its file.

    `changed` names the keys that differ from before, never their values; `waiting` those that are used only after a
    restart. `notes` are sentences about what follows, such as why more executions run now.
    """

    digest: str
    changed: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class ConfigRefused(_Event, frozen=True, kw_only=True, tag="config.refused"):
    """The config file cannot be used as it is, so the last good one stays in force; `digest` is empty without a file.

    `errors` says what is wrong and where; of many, the first ones, and how many more there are.
    """

    digest: str
    errors: tuple[str, ...]


ThreadEvent = (
    ThreadOpened
    | ThreadDescribed
    | MessagePosted
    | FannedOut
    | Joined
    | ExecutionQueued
    | WorktreePlanned
    | WorktreeReady
    | ExecutionRequested
    | ExecutionStarted
    | ExecutionEnded
    | ExecutionCancelled
    | ExecutionStopped
    | ThreadClosed
    | ThreadFailed
    | ThreadAbandoned
    | ThreadReopened
)
MergeEvent = (
    MergeQueued | MergeStarted | MergePrepared | MergeCompleted | MergeFailed | MergeHandedBack | MergeCancelled
)
BackendEvent = BreakerOpened | BreakerClosed
SupervisorEvent = SupervisorStarted | SupervisorStopped | ConfigLoaded | ConfigRefused
Event = ThreadEvent | MergeEvent | BackendEvent | SupervisorEvent


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """An event as the log holds it.

    `position` orders the whole log from 1 without gaps; `version` orders one stream from 1. `at` is UTC seconds.
    `causation` names what led to it (a request, an execution, an operation); `lineage` is the operator's or
    schedule's dispatch it descends from, empty outside threads.
    """

    position: int
    stream: str
    version: int
    event: Event
    at: float
    causation: str = ""
    lineage: str = ""
    epoch: int = 0


def thread_stream(thread: str) -> str:
    """Name the stream of a thread."""
    return f"thread:{thread}"


def merge_stream(repository: str, target: str) -> str:
    """Name the stream of a target branch; two repositories never share one (b-mcp-cli-merge 100)."""
    return f"merge:{repository}:{target}"


def backend_stream(backend: str) -> str:
    """Name the stream of a backend."""
    return f"backend:{backend}"


SUPERVISOR_STREAM = "supervisor"
