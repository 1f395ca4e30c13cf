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
MergeKind = Literal["merge", "fast_forward"]


class _Event(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type"):
    """Shared form of events. A tag, once released, keeps its meaning; new fields need a default."""


# --- a thread's stream -------------------------------------------------------------------------------------------


class Reading(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The work that a thread is about and does not own: a commit that holds it, and where that work began.

    `commit` is a snapshot, so what was not committed is in it; `branch` is the name of the branch it belongs to.
    """

    repository: str
    commit: str
    base_commit: str
    branch: str


class ThreadOpened(_Event, frozen=True, kw_only=True, tag="thread.opened"):
    """A conversation began; `source_thread` is the thread whose fan-out made it, `reading` the work it is about."""

    thread: str
    batch: str | None = None
    summary: str | None = None
    source_thread: str | None = None
    reading: Reading | None = None


class ThreadDescribed(_Event, frozen=True, kw_only=True, tag="thread.described"):
    """A later message brought a batch or a summary; None keeps what was there (a-core 2)."""

    batch: str | None = None
    summary: str | None = None


class MessagePosted(_Event, frozen=True, kw_only=True, tag="message.posted"):
    """Somebody said something. The event's position in the log is the message's number, shown as `db:<n>`.

    `depth` counts the handoffs between the lineage's first message and this one. `execution` is the run that
    wrote it, None for people and schedules.
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


class FannedOut(_Event, frozen=True, kw_only=True, tag="thread.fanned_out"):
    """An execution's reply went to several agents, each in a new thread of its own."""

    execution: str
    threads: tuple[str, ...]


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
    """Outcome: the worktree is there. `instance` names this very directory: one made again later has another.

    One for `reading` is detached at `base_commit`, and its branch is never made.
    """

    repository: str
    path: str
    branch: str
    base: str
    base_commit: str
    instance: str = ""
    reading: bool = False


class WorktreeFurnished(_Event, frozen=True, kw_only=True, tag="worktree.furnished"):
    """Outcome: files of the main checkout were brought into the worktree; `notes` says what was left out and why."""

    execution: str
    repository: str
    instance: str
    copied: int = 0
    linked: int = 0
    notes: tuple[str, ...] = ()


class SetupStarted(_Event, frozen=True, kw_only=True, tag="setup.started"):
    """Intent: the repository's setup command is run in the worktree."""

    execution: str
    repository: str
    instance: str
    command: str


class SetupEnded(_Event, frozen=True, kw_only=True, tag="setup.ended"):
    """Outcome: an empty `problem` means that it succeeded, and is not run again in this directory."""

    execution: str
    repository: str
    instance: str
    problem: str = ""


class WorkCommitted(_Event, frozen=True, kw_only=True, tag="work.committed"):
    """Everything in a worktree was committed by word of a client."""

    repository: str
    commit: str
    files: int


class WorktreeRemovalPlanned(_Event, frozen=True, kw_only=True, tag="worktree.removal_planned"):
    """Intent: the worktree is torn down and removed; nothing starts in its thread until that is over.

    With `force`, uncommitted changes are snapshotted and do not keep it.
    """

    repository: str
    path: str
    by: str
    force: bool = False


class WorktreeRemoved(_Event, frozen=True, kw_only=True, tag="worktree.removed"):
    """Outcome: it is gone, and what became of its branch.

    `tip` is where the branch stood, `archive` the ref that keeps it where no target contains it, `snapshot` the commit
    that holds what was not committed. `ignored` names the files git ignores that went with it, the first ones.
    """

    repository: str
    path: str
    branch: str
    fate: Literal["deleted", "archived", "absent", "kept"]
    tip: str | None = None
    archive: str | None = None
    snapshot: str | None = None
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class WorktreeKept(_Event, frozen=True, kw_only=True, tag="worktree.kept"):
    """Outcome: it could not be removed without losing something, or not at all; it stays where it is."""

    repository: str
    path: str
    reason: str


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
    """What a worktree held after an execution, committed or not. `files` names the first of the `total` uncommitted."""

    commit: str
    head: str
    dirty: bool = False
    files: tuple[str, ...] = ()
    total: int = 0


class ExecutionEnded(_Event, frozen=True, kw_only=True, tag="execution.ended"):
    """The execution is over, once and for all. `preview` is at most 4096 characters of its reply, or its error.

    `usage` is what this execution spent; `counted` is what its CLI has counted for the whole conversation, where it
    counts only that. `resets_at` says when an exhausted allowance is there again, in UTC seconds.
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


class MergeQueued(_Event, frozen=True, kw_only=True, tag="merge.queued"):
    """A merge operation waits for its turn. `source_tip` is the commit that was approved."""

    op: str
    thread: str
    repository: str
    source: str
    target: str
    strategy: str
    requested_by: str
    message: str
    source_tip: str


class MergeStarted(_Event, frozen=True, kw_only=True, tag="merge.started"):
    """The operation is at work."""

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
    """Outcome: the target was not moved, and why."""

    op: str
    code: str
    reason: str
    conflicts: tuple[Conflict, ...] = ()


class MergeCancelled(_Event, frozen=True, kw_only=True, tag="merge.cancelled"):
    """The operation was withdrawn before it began."""

    op: str
    reason: str


# --- the stream of leased ports ------------------------------------------------------------------------------------


class PortsLeased(_Event, frozen=True, kw_only=True, tag="ports.leased"):
    """A thread's worktree of a repository has these ports, and no other; this replaces what it had before."""

    thread: str
    repository: str
    ports: tuple[int, ...]


class PortsReleased(_Event, frozen=True, kw_only=True, tag="ports.released"):
    """The worktree is gone, and its ports are free again."""

    thread: str
    repository: str


# --- the supervisor's own stream ---------------------------------------------------------------------------------


class SupervisorStarted(_Event, frozen=True, kw_only=True, tag="supervisor.started"):
    """A supervisor took over the state directory."""

    pid: int
    boot_id: str
    version: str


class SupervisorStopped(_Event, frozen=True, kw_only=True, tag="supervisor.stopped"):
    """It left in good order; `mode` says what became of running agents."""

    mode: Literal["drained", "now", "detached", "idle"]


ThreadEvent = (
    ThreadOpened
    | ThreadDescribed
    | MessagePosted
    | FannedOut
    | ExecutionQueued
    | WorktreePlanned
    | WorktreeReady
    | WorktreeFurnished
    | SetupStarted
    | SetupEnded
    | WorkCommitted
    | WorktreeRemovalPlanned
    | WorktreeRemoved
    | WorktreeKept
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
MergeEvent = MergeQueued | MergeStarted | MergePrepared | MergeCompleted | MergeFailed | MergeCancelled
PortsEvent = PortsLeased | PortsReleased
SupervisorEvent = SupervisorStarted | SupervisorStopped
Event = ThreadEvent | MergeEvent | PortsEvent | SupervisorEvent


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


PORTS_STREAM = "ports"
SUPERVISOR_STREAM = "supervisor"
