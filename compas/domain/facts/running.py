"""What happens to an execution."""

from typing import Literal

import msgspec

from compas.domain.facts.event import Category, EndStatus, Fact, Verdict


class ExecutionQueued(Fact, frozen=True, kw_only=True, tag="execution.queued"):
    """A message made work for an agent. `not_before` is UTC seconds: a schedule's or a retry's due time.

    With `fresh_session` the CLI's earlier conversation in this thread is not resumed. A `handover` follows on one that
    had become too long: the new one is told what was done in it.
    """

    execution: str
    message: str
    agent: str
    backend: str
    attempt: int = 0
    not_before: float | None = None
    reason: Literal["", "scheduled", "retry", "crash", "handover"] = ""
    fresh_session: bool = False
    prompt_hash: str | None = None


class ExecutionRequested(Fact, frozen=True, kw_only=True, tag="execution.requested"):
    """Intent: a runner is told to host this execution; its spec is on disk already.

    `tip` is the commit that it finds to look at: where `branch` of `repository` stood then, the thread's own, or what
    its thread was opened to read. All three are empty where there is none. `below` is how far below `workdir` the agent
    starts.
    """

    execution: str
    workdir: str
    worktree: bool = False
    resume_session: str | None = None
    timeout_secs: float | None = None
    repository: str = ""
    branch: str = ""
    tip: str = ""
    below: str = ""

    @property
    def starts_in(self) -> str:
        """The directory that the agent starts in."""
        return f"{self.workdir}/{self.below}" if self.below else self.workdir


class ExecutionStarted(Fact, frozen=True, kw_only=True, tag="execution.started"):
    """Outcome: the runner recorded the agent's process and released it.

    What is below `started_at` names its processes for good, so that they can be ended whatever became of the runner's
    own files: start times in the unit of the platform's process table, and the digest of the mark in their
    environment. Logs of earlier versions have none of it: 0 and empty.
    """

    execution: str
    pid: int
    started_at: float
    boot_id: str = ""
    start_time: int = 0
    runner_pid: int = 0
    runner_start_time: int = 0
    mark: str = ""


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
    """What a worktree held after an execution, committed or not. `files` names the first of the `total` uncommitted.

    `tree` is the tree of `commit`, empty in older logs.
    `head_on` says, for people, where HEAD stood when that was not the thread's branch; empty when it was.
    """

    commit: str
    head: str
    dirty: bool = False
    files: tuple[str, ...] = ()
    total: int = 0
    tree: str = ""
    head_on: str = ""


class ExecutionEnded(Fact, frozen=True, kw_only=True, tag="execution.ended"):
    """The execution is over, once and for all. `preview` is at most 4096 characters of its reply, or its error.

    `usage` is what this execution spent; `counted` is what its CLI has counted for the whole conversation, where it
    counts only that. `resets_at` says when an exhausted allowance is there again, in UTC seconds. `judged` is the
    commit that the verdict is about, None where that is its own work. `unrecorded` says why git could not record what
    it left in its worktree.
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
    unrecorded: str = ""


class VerdictGiven(Fact, frozen=True, kw_only=True, tag="verdict.given"):
    """A reviewer said, while it was at work, what it thinks; the last word counts, if its execution ends well."""

    execution: str
    verdict: Verdict


class ExecutionCancelled(Fact, frozen=True, kw_only=True, tag="execution.cancelled"):
    """Intent: it never starts, or its processes are ended; nothing it says counts any more."""

    execution: str
    reason: str


class ExecutionStopped(Fact, frozen=True, kw_only=True, tag="execution.stopped"):
    """Outcome of a cancellation: its processes are gone and its worktree is free again.

    `unrecorded` says why git could not record what it left there.
    """

    execution: str
    process: ProcessEnd | None = None
    snapshot: SnapshotTaken | None = None
    unrecorded: str = ""


class PersonJudged(Fact, frozen=True, kw_only=True, tag="person.judged"):
    """A person said what they think of a commit of the thread's branch in `repository`; the last word on it counts."""

    verdict: Verdict
    repository: str
    commit: str
    by: str
    note: str = ""
