"""Which commit a reviewer's verdict is about, decided when its execution ends."""

from compas.domain.events import SnapshotTaken
from compas.domain.thread import Run, Thread


def judged_by(state: Thread, run: Run, snapshot: SnapshotTaken | None) -> str | None:
    """Return the commit that a verdict of this run is about; None where it is about nothing but its own work.

    That is the work that was handed over to it, or that its thread was opened to read, or, without handed work, what
    the thread's branch held when it started. What a run has made itself it cannot judge (docs/decisions/0020).
    """
    work = state.messages[run.queued.message].posted.work
    if work is not None:
        return work.snapshot
    requested = run.requested
    if requested is None or not requested.tip:
        return None
    if requested.worktree and state.reading is None:
        before = state.left.get(requested.workdir)
        if snapshot is None or has_moved(tip=requested.tip, before=before, after=snapshot):
            return None
    return requested.tip


def has_moved(*, tip: str, before: SnapshotTaken | None, after: SnapshotTaken) -> bool:
    """Say whether a run left something else in its worktree than it found there.

    `tip` is where the branch stood at its start, empty where the log does not say. `before` is what the run before it
    left: what is uncommitted since then is not this run's.
    """
    if before is None or (tip and before.head != tip):
        return after.commit != tip
    if after.head != before.head:
        return True
    return after.commit != before.commit and not (after.tree and after.tree == before.tree)
