"""A thread's branch or worktree that somebody has deleted by hand: what is left, and where the commits are."""

from compas.git.errors import GitRefused
from compas.git.protocol.reading import Resolve, Status, StatusReport
from compas.git.protocol.thread_worktree import ThreadWorktree
from compas.orchestrator.services import Services
from compas.store.projections.execution_queries import executions_of_thread

SNAPSHOTS = "refs/compas/snap/"
ARCHIVED_SNAPSHOTS = "refs/compas/snapshots"


async def tip_of_branch(services: Services, thread: str, repository: str, branch: str) -> str:
    """Return the commit of a thread's branch.

    Raises GitError; GitRefused `branch_gone`, which says where its commits are.
    """
    try:
        return (await services.git.ask(Resolve(repo=repository, revision=f"refs/heads/{branch}"))).commit
    except GitRefused as refused:
        if refused.code != "unknown_revision":
            raise
        where = await _where_it_stood(services, thread, repository, branch)
        raise GitRefused("branch_gone", f"the branch {branch} is gone from {repository}. {where}") from refused


async def _where_it_stood(services: Services, thread: str, repository: str, branch: str) -> str:
    runs = await services.store.query(lambda reader: executions_of_thread(reader, thread))
    recorded = [run for run in runs if run.snapshot_commit and run.repository in (None, "", repository)]
    if not recorded:
        return "No execution has recorded what was on it; `git reflog` may still know"
    last = recorded[-1]
    commit = (last.snapshot_head or last.snapshot_commit or "")[:12]
    ref = ARCHIVED_SNAPSHOTS if last.snapshot_archived else f"{SNAPSHOTS}{last.execution}"
    return (
        f"Its last execution left it at {commit}, and {ref} keeps that: `git branch {branch} {commit}` brings it back"
    )


async def report_if_there(services: Services, of: ThreadWorktree) -> StatusReport | None:
    """Return what a thread's worktree holds; None where its folder is gone, so that its branch is all there is.

    Raises GitError.
    """
    try:
        return await services.git.ask(Status(of=of))
    except GitRefused as refused:
        if refused.code != "worktree_missing":
            raise
        return None
