"""Which commit a reviewer's verdict is about, decided when its execution ends."""

from compas.domain.events import SnapshotTaken
from compas.domain.thread import Run, Thread


def judged_by(state: Thread, run: Run, snapshot: SnapshotTaken | None) -> str | None:
    """Return the commit that a verdict of this run is about; None where it is about nothing but its own work.

    That is the work that was handed over to it, or that its thread was opened to read, or, without handed work, what
    the thread's branch held when it started. What a run has made itself it cannot judge (docs/decisions/0020).
    """
    judged, requested = judged_now(state, run), run.requested
    is_handed = state.messages[run.queued.message].posted.work is not None
    if judged is None or requested is None or is_handed or not requested.worktree or state.reading is not None:
        return judged
    before = state.left.get(requested.workdir)
    if snapshot is None or has_moved(tip=judged, before=before, after=snapshot):
        return None
    return judged


def judged_now(state: Thread, run: Run) -> str | None:
    """Return what a verdict of a run is about as long as it leaves that as it is; None where there is nothing."""
    work = state.messages[run.queued.message].posted.work
    if work is not None:
        return work.snapshot
    return (run.requested.tip or None) if run.requested is not None else None


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
