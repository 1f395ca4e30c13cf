"""What is done in a worktree after an agent has worked there: commit if configured so, and record a snapshot."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
import trio

from compas.domain.events import CommitBegun, SnapshotTaken, WorktreeReady
from compas.domain.execution import Outcome
from compas.domain.specs import AgentSpec
from compas.git.errors import GitError, GitRefused
from compas.git.protocol.thread_worktree import ThreadWorktree
from compas.git.protocol.worktrees import CommitAll, Snapshot, TakeSnapshot
from compas.git.work.head_words import head_elsewhere
from compas.orchestrator.asking_git import ask_within_limit
from compas.orchestrator.executions.workspace import tree_of
from compas.orchestrator.services import Services
from compas.text import counted

log = logging.getLogger("compas.execution")

FILES_NAMED = 50


@dataclass(frozen=True, kw_only=True)
class Work:
    """An execution that has ended, and the worktree that it worked in; `began_at` dates its snapshot, by the log."""

    thread: str
    execution: str
    tree: WorktreeReady
    subject: str
    began_at: float | None

    @property
    def of(self) -> ThreadWorktree:
        """The worktree, as git is asked for it."""
        return tree_of(self.thread, self.tree)


Begin = Callable[[CommitBegun], Awaitable[object]]
"""Logs that a commit begins, so that people see what is waited for."""


async def record_work(
    services: Services, work: Work, agent: AgentSpec | None, outcome: Outcome, *, begin: Begin, stop: trio.Event
) -> Outcome:
    """Return the outcome with the snapshot of what is in the worktree; a dirty one is described in the reply.

    Work is kept whatever became of the agent. Where git refuses, the reply or the error says so: the work is
    still in the worktree. May be repeated after a crash. A commit that hangs is ended after `git_timeout_secs`, and
    when `stop` is set; what there is is recorded all the same.
    """
    tree, moved = work.tree, ""
    troubles: list[str] = []
    if agent is not None and agent.commit == "auto" and outcome.status == "completed" and not tree.reading:
        try:
            moved = await _commit(services, work, begin, stop)
        except GitError as err:
            troubles.append(f"The work could not be committed: {err}")
    try:
        asked = TakeSnapshot(of=work.of, execution=work.execution, at=work.began_at)
        taken = await ask_within_limit(services, asked, "recording what is in the worktree")
    except GitError as err:
        log.error("no snapshot of %s: %s", tree.path, err, extra={"action": "snapshot_failed"})
        troubles.append(f"No snapshot of the worktree could be recorded: {err}")
        return _with_notes(msgspec.structs.replace(outcome, unrecorded=str(err)), troubles)
    snapshot = SnapshotTaken(
        commit=taken.commit,
        head=taken.head,
        dirty=taken.dirty,
        files=tuple(change.path for change in taken.files[:FILES_NAMED]),
        total=taken.total,
        tree=taken.tree,
        head_on=taken.head_on,
    )
    if moved or taken.head_moved:
        troubles.append(f"{moved or taken.head_moved}.")
    if taken.head_on:
        troubles.append(f"Nothing of this can be merged yet: {head_elsewhere(tree.path, taken.head_on, tree.branch)}.")
    outcome = msgspec.structs.replace(outcome, snapshot=snapshot)
    if taken.dirty:
        troubles.append(_describe(tree, taken))
    return _with_notes(outcome, troubles)


async def _commit(services: Services, work: Work, begin: Begin, stop: trio.Event) -> str:
    """Commit, and return what was put right before. Raises GitError."""
    tree, limit = work.tree, services.config.git_timeout_secs
    about = {"execution": work.execution, "repository": tree.repository, "instance": tree.instance}
    await begin(CommitBegun(**about, limit_secs=limit))

    async def cancel_when_told(scope: trio.CancelScope) -> None:
        await stop.wait()
        scope.cancel()

    trouble: GitError = GitRefused("stopped", "its execution was told to stop, so the commit was ended")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(cancel_when_told, nursery.cancel_scope)
        asked = CommitAll(of=work.of, message=work.subject)
        try:
            return (await ask_within_limit(services, asked, "the commit")).head_moved
        except GitError as err:  # out of a nursery it would come as one of a group
            trouble = err
        finally:
            nursery.cancel_scope.cancel()
    raise trouble


def _describe(tree: WorktreeReady, taken: Snapshot) -> str:
    """Say what is not committed (a-core 69, b-mcp-cli-merge 121)."""
    where = f"detached at {tree.base_commit[:12]}" if tree.reading else f"branch {tree.branch}"
    lines = [
        "## Worktree Status",
        "",
        f"Uncommitted changes in {tree.path} ({where}), {counted(taken.total, 'file')}:",
        "",
        *(f"    {change.letter} {change.path}" for change in taken.files[:FILES_NAMED]),
    ]
    if taken.total > FILES_NAMED:
        lines.append(f"    and {taken.total - FILES_NAMED} more")
    return "\n".join(lines)


def _with_notes(outcome: Outcome, notes: list[str]) -> Outcome:
    if not notes:
        return outcome
    if outcome.status == "completed":
        return msgspec.structs.replace(outcome, reply="\n\n".join([outcome.reply or "", *notes]).strip())
    return msgspec.structs.replace(outcome, error="\n\n".join([outcome.error, *notes]).strip())
