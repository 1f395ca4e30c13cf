"""What happens to a merge operation, in the stream of its target branch."""

from typing import Literal

import msgspec

from compas.domain.facts.event import Fact, MergeKind


class Conflict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One path that could not be merged, and how it conflicts."""

    path: str
    kind: str


class CloseAfter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a thread ends once its merge has been published."""

    status: Literal["completed", "failed"]
    by: str
    note: str | None = None


class MergeQueued(Fact, frozen=True, kw_only=True, tag="merge.queued"):
    """A merge operation waits for its turn. `source_tip` is the commit that was approved.

    `closes` is there where the merge and the end of its thread were asked for as one. With `force` no verdict and no
    missing snapshot stands in its way. `execution` is the run that asked for it, None for people. `review` is how the
    branch stood to its newest review then, empty in older logs. `looked_at` is where the log was when the thread was
    looked at for this, 0 in older logs.
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
    force: bool = False
    execution: str | None = None
    review: str = ""
    looked_at: int = 0


class MergeStarted(Fact, frozen=True, kw_only=True, tag="merge.started"):
    """The operation is at work; again, when its target moved before it was published."""

    op: str


class MergePrepared(Fact, frozen=True, kw_only=True, tag="merge.prepared"):
    """Intent: the target will be moved from `target_old` to `new_commit`, if it is still there."""

    op: str
    kind: MergeKind
    target_old: str
    new_commit: str


class MergeCompleted(Fact, frozen=True, kw_only=True, tag="merge.completed"):
    """Outcome: the target contains the source."""

    op: str
    new_commit: str
    summary: str


class MergeFailed(Fact, frozen=True, kw_only=True, tag="merge.failed"):
    """Outcome: the target was not moved, and why.

    `hand_back` is the intent to tell the agent whose work it is, and what to tell it.
    """

    op: str
    code: str
    reason: str
    conflicts: tuple[Conflict, ...] = ()
    hand_back: str = ""


class MergeHandedBack(Fact, frozen=True, kw_only=True, tag="merge.handed_back"):
    """Outcome: `agent` was told of its conflict and starts on it; it is empty when nobody does; `summary` tells why."""

    op: str
    summary: str
    agent: str = ""


class MergeCancelled(Fact, frozen=True, kw_only=True, tag="merge.cancelled"):
    """The operation was withdrawn before the target was to be moved."""

    op: str
    reason: str
