"""Whether a thread's work is in its target branch: asked of the commits, not of a record of merges."""

from dataclasses import dataclass

from compas.git.errors import GitError, GitRefused
from compas.orchestrator.handlers.desk import Desk
from compas.store.projections.worktrees import WorktreeRow, worktrees_of_thread


@dataclass(frozen=True, slots=True)
class MergeGate:
    """`refusal` says why the thread may not be completed; `note` what is worth telling although it may."""

    refusal: str | None = None
    note: str | None = None


async def why_unmerged(desk: Desk, thread: str) -> MergeGate:
    """Look at every worktree of a thread (b-mcp-cli-merge 57-61).

    A merge by hand counts, and so does having nothing to merge; one commit after the last merge does not.
    """
    trees = await desk.services.store.query(lambda reader: worktrees_of_thread(reader, thread))
    notes: list[str] = []
    for tree in trees:
        if tree.path is None:
            continue
        found = await _look(desk, thread, tree)
        if found.refusal is not None:
            return found
        if found.note is not None:
            notes.append(found.note)
    return MergeGate(note="; ".join(notes) or None)


async def _look(desk: Desk, thread: str, tree: WorktreeRow) -> MergeGate:
    git = desk.services.git
    target = desk.services.config.default_merge_target
    try:
        tip = await git.retry(lambda worker: worker.resolve(tree.repository, f"refs/heads/{tree.branch}"))
    except GitRefused:
        return MergeGate(note=f"the branch {tree.branch} is gone; nothing was left to merge")
    except GitError as err:
        return MergeGate(refusal=f"it could not be found out whether thread {thread} is merged: {err}")
    try:
        contained = await git.retry(lambda worker: worker.contains(tree.repository, tip, target))
        report = await git.retry(lambda worker: worker.status(tree.path or "", branch=tree.branch))
    except GitError as err:
        return MergeGate(refusal=f"it could not be found out whether thread {thread} is merged: {err}")
    if not contained.contained:
        return MergeGate(
            refusal=f"thread {thread} has no completed merge: {tree.branch} ({tip[:12]}) is not in {target}. "
            f"Merge it first (`compas merge {thread}`, or by hand), or close the thread as failed."
        )
    if not report.clean:
        listed = ", ".join(entry.path for entry in report.entries[:5])
        return MergeGate(
            refusal=f"the worktree {tree.path} has uncommitted changes ({listed}). Commit and merge them, "
            f"or close the thread as failed, which keeps them."
        )
    return MergeGate(note=f"nothing to merge: {target} contains {tree.branch}" if tip == tree.base_commit else None)
