"""Whether a thread's work is in its target branch: asked of the commits, not of a record of merges."""

from dataclasses import dataclass

from compas.domain.advice import Said, advise, say
from compas.domain.at_rest import merge_of
from compas.git.errors import GitError, GitRefused
from compas.git.protocol.reading import Contains
from compas.orchestrator.executions.workspace import tree_of
from compas.orchestrator.handler_context import HandlerContext
from compas.orchestrator.merges.targets import held_among, holders
from compas.orchestrator.worktrees.gone import report_if_there, tip_of_branch
from compas.store.connection import Reader
from compas.store.projections.merges import MergeRow, merges_of_thread
from compas.store.projections.threads import thread_by_id
from compas.store.projections.worktrees import WorktreeRow, worktrees_of_thread


@dataclass(frozen=True, slots=True)
class MergeGate:
    """`refusal` says why the thread may not be completed; `note` what is worth telling although it may."""

    refusal: Said | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class _Targets:
    """The branches that may hold a thread's work; `held` says of those that nothing is merged into why that is, and
    `remedy` how the work gets into one."""

    names: tuple[str, ...]
    held: dict[str, str]
    remedy: Said


async def why_unmerged(context: HandlerContext, thread: str) -> MergeGate:
    """Look at every worktree of a thread (b-mcp-cli-merge 57-61).

    A merge by hand counts, and so does having nothing to merge, and a merge into another branch than the configured
    one; one commit after the last merge does not.
    """

    configured = context.services.config.default_merge_target

    def read(reader: Reader) -> list[tuple[WorktreeRow, _Targets, list[MergeRow]]]:
        merges = merges_of_thread(reader, thread)
        row, trees = thread_by_id(reader, thread), worktrees_of_thread(reader, thread)
        several = sum(tree.path is not None and not tree.reading for tree in trees) > 1
        is_abandoned = row is not None and row.status == "Abandoned"
        found = []
        for tree in trees:
            targets = holders(reader, tree.repository, merges, configured)
            here = [row for row in merges if row.repository == tree.repository and row.target in targets]
            held = held_among(reader, tree.repository, targets)
            remedy = _remedy(tree, several=several, is_abandoned=is_abandoned)
            found.append((tree, _Targets(targets, held, remedy), here))
        return found

    notes: list[str] = []
    for tree, targets, merges_here in await context.services.store.query(read):
        if tree.reading or (tree.path is None and tree.archive is None):
            continue  # it only looked at another thread's work, or nothing of it is left outside its target
        if tree.path is None:
            found = await _look_at_archived(context, thread, tree, targets.names, merges_here)
        else:
            found = await _look(context, thread, tree, targets, merges_here)
        if found.refusal is not None:
            return found
        if found.note is not None:
            notes.append(found.note)
    return MergeGate(note="; ".join(notes) or None)


def _remedy(tree: WorktreeRow, *, several: bool, is_abandoned: bool) -> Said:
    """Say how a thread's work is merged and the thread closed: one that was abandoned is reopened for that."""
    thread = tree.thread
    merge = merge_of(thread, tree.repository, several=several)
    both = say(", merge and close it in one (`", advise("close", thread_id=thread, merge=True), "`),")
    first = say(advise("reopen", thread_id=thread), "`, then `") if is_abandoned else ""
    in_one = "" if several or is_abandoned else both
    return say("Merge it first (`", first, merge, "`, or by hand)", in_one, " or close the thread as failed.")


async def _look_at_archived(
    context: HandlerContext, thread: str, tree: WorktreeRow, targets: tuple[str, ...], merges: list[MergeRow]
) -> MergeGate:
    """Judge work whose worktree was removed before it was merged: a ref keeps it (design §6 rule 4)."""
    tip = tree.tip or ""
    try:
        if await _holder(context, tree, tip, targets) or await _taken_over(context, tree, tip, merges):
            return MergeGate()
    except GitError as err:
        return MergeGate(refusal=f"it could not be found out whether thread {thread} is merged: {err}")
    return MergeGate(
        refusal=f"the work of thread {thread} is not in {' or '.join(targets)}; its worktree was removed, and "
        f"{tree.archive} keeps it. Merge that by hand, dispatch again, which brings the branch back, or close the "
        "thread as failed."
    )


async def _look(
    context: HandlerContext, thread: str, tree: WorktreeRow, targets: _Targets, merges: list[MergeRow]
) -> MergeGate:
    try:
        tip = await tip_of_branch(context.services, thread, tree.repository, tree.branch)
    except GitRefused as refused:
        gone = f"the branch {tree.branch} is gone; nothing was left to merge"
        return MergeGate(note=refused.message if refused.code == "branch_gone" else gone)
    except GitError as err:
        return MergeGate(refusal=f"it could not be found out whether thread {thread} is merged: {err}")
    try:
        target = await _holder(context, tree, tip, targets.names) or await _taken_over(context, tree, tip, merges)
        report = await report_if_there(context.services, tree_of(thread, tree))
    except GitError as err:
        return MergeGate(refusal=f"it could not be found out whether thread {thread} is merged: {err}")
    if report is not None and report.head_on:
        return MergeGate(
            refusal=f"the worktree {tree.path} stands {report.head_on}, not on {tree.branch}, so work may be there "
            f"that nothing has merged. Bring it to {tree.branch} there, or close the thread as failed, which keeps it."
        )
    if target is None:
        where = f"{tree.branch} ({tip[:12]}) is not in {' or '.join(targets.names)}"
        return MergeGate(refusal=say(f"thread {thread} has no completed merge: {where}. ", targets.remedy))
    if target in targets.held:
        # Completing it would take its branch away, and the target may still be put back.
        merge = advise("merge", thread_id=thread)
        return MergeGate(refusal=say(f"{targets.held[target]} `", merge, "` says how to decide about that."))
    if report is not None and not report.clean:
        listed = ", ".join(entry.path for entry in report.entries[:5])
        return MergeGate(
            refusal=f"the worktree {tree.path} has uncommitted changes ({listed}). Commit and merge them, "
            f"or close the thread as failed, which keeps them."
        )
    return MergeGate(note=f"nothing to merge: {target} contains {tree.branch}" if tip == tree.base_commit else None)


async def _holder(context: HandlerContext, tree: WorktreeRow, tip: str, targets: tuple[str, ...]) -> str | None:
    """Return the first of these branches that contains the work. Raises GitError when none does and one is unknown."""
    trouble: GitError | None = None
    for target in targets:
        try:
            found = await context.services.git.ask(Contains(repo=tree.repository, commit=tip, branch=target))
        except GitError as err:
            if not (isinstance(err, GitRefused) and err.code == "thread_branch"):
                trouble = err
            continue
        if found.contained:
            return target
    if trouble is not None:
        raise trouble
    return None


async def _taken_over(context: HandlerContext, tree: WorktreeRow, tip: str, merges: list[MergeRow]) -> str | None:
    """Return the branch that has this very work in other commits: replayed or squashed, and still there."""
    for row in reversed(merges):
        if row.status == "completed" and row.source_tip == tip and row.new_commit is not None:
            found = await context.services.git.ask(
                Contains(repo=tree.repository, commit=row.new_commit, branch=row.target)
            )
            if found.contained:
                return row.target
    return None
