"""What happens in a thread: it is opened, spoken in, and ended."""

from typing import Literal

import msgspec

from compas.domain.facts.event import Fact, ThreadStatus, Verdict


class Occasion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The run of a schedule that a thread is. `slot` is its time as the clocks of the schedule's zone show it.

    It began `late_secs` after it was due, and stands for `missed` earlier slots as well. Without a slot, `by` had it
    run at once.
    """

    schedule: str
    slot: str = ""
    late_secs: int = 0
    missed: int = 0
    by: str = ""


class ThreadOpened(Fact, frozen=True, kw_only=True, tag="thread.opened"):
    """A conversation began; `source_thread` is the thread whose fan-out made it, and `task` what that began with.

    `answers_to` is the agent that gets the answer together with those of the fan-out's other threads. `repository` is
    the directory that agents work in instead of their own, and `occasion` the schedule's run that it is.
    """

    thread: str
    batch: str | None = None
    summary: str | None = None
    source_thread: str | None = None
    task: str | None = None
    answers_to: str | None = None
    repository: str | None = None
    occasion: Occasion | None = None


class ThreadDescribed(Fact, frozen=True, kw_only=True, tag="thread.described"):
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


class MessagePosted(Fact, frozen=True, kw_only=True, tag="message.posted"):
    """Somebody said something. The event's position in the log is the message's number, shown as `db:<n>`.

    `depth` counts the handoffs between the lineage's first message and this one. `execution` is the run that
    wrote it, None for people and schedules; `verdict` is what that run came to, and `work` what it left, where the
    message hands it on. `origin` names the terminal or the editor that a person dispatched it from,
    where that is known.
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
    origin: str = ""


class FannedOut(Fact, frozen=True, kw_only=True, tag="handoff.fanned_out"):
    """A reply went to several agents, each in a thread of its own, which the same append opened.

    With `join`, that agent gets all their answers once every one of these threads has come to rest.
    """

    execution: str
    threads: tuple[str, ...]
    agents: tuple[str, ...]
    depth: int
    join: str | None = None


class Joined(Fact, frozen=True, kw_only=True, tag="handoff.joined"):
    """The threads of a fan-out have come to rest, and what follows from their answers is in the same append."""

    execution: str


class ThreadClosed(Fact, frozen=True, kw_only=True, tag="thread.closed"):
    """The operator ended the thread."""

    status: Literal["Completed", "Failed"]
    by: str


class ThreadFailed(Fact, frozen=True, kw_only=True, tag="thread.failed"):
    """An execution failed for good and took its thread with it."""

    execution: str


class ThreadAbandoned(Fact, frozen=True, kw_only=True, tag="thread.abandoned"):
    """The thread was given up."""

    by: str


class ThreadReopened(Fact, frozen=True, kw_only=True, tag="thread.reopened"):
    """A thread that had ended is Active again."""

    previous: ThreadStatus
    by: str
