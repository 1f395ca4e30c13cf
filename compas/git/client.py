"""The supervisor's side of the git worker: one typed async method per operation."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from compas.git import messages as m

R = TypeVar("R")

Exchange = Callable[[m.Request], Awaitable[object]]
"""Sends one request to the worker and returns its decoded response."""


class GitWorker:
    """A running git worker.

    Every method may raise GitRefused (nothing was changed, `code` says why), GitFailed, GitTimedOut, and GitWorkerLost
    when the worker ended first. Cancelling a method stops the git command behind it, except inside a publication.
    """

    def __init__(self, exchange: Exchange, epoch: int) -> None:
        self._exchange = exchange
        self.epoch = epoch

    async def _ask(self, request: m.Request, *responses: type[R]) -> R:
        answer = await self._exchange(request)
        assert isinstance(answer, responses), answer
        return answer

    async def describe(self, path: str) -> m.Repository:
        """Say what repository `path` belongs to; GitRefused `not_a_repository` where it belongs to none."""
        return await self._ask(m.Describe(path=path), m.Repository)

    async def resolve(self, repo: str, revision: str) -> str:
        """Return the commit that `revision` names; GitRefused `unknown_revision`."""
        return (await self._ask(m.Resolve(repo=repo, revision=revision), m.Resolved)).commit

    async def contains(self, repo: str, commit: str, branch: str) -> m.Contained:
        """Say whether the local branch `branch` contains `commit`."""
        return await self._ask(m.Contains(repo=repo, commit=commit, branch=branch), m.Contained)

    async def graph(self, repo: str, *revisions: str, limit: int = 50) -> str:
        """Draw the last `limit` commits of these revisions (of HEAD if none) for people."""
        request = m.Graph(repo=repo, revisions=revisions, limit=limit)
        return (await self._ask(request, m.GraphText)).text

    async def status(
        self, worktree: str, *, base: str | None = None, branch: str | None = None
    ) -> m.StatusReport:
        """Say what a checkout holds, ahead and behind of `base`, and whether HEAD is on `branch`."""
        return await self._ask(m.Status(worktree=worktree, base=base, branch=branch), m.StatusReport)

    async def diff(
        self,
        repo: str,
        base: str,
        tip: str,
        *,
        paths: tuple[str, ...] = (),
        stat: bool = False,
        from_merge_base: bool = True,
        max_bytes: int = 1_000_000,
    ) -> m.DiffText:
        """Return what `tip` changed since it left `base`, or, not `from_merge_base`, how the two differ."""
        request = m.Diff(
            repo=repo,
            base=base,
            tip=tip,
            paths=paths,
            stat=stat,
            from_merge_base=from_merge_base,
            max_bytes=max_bytes,
        )
        return await self._ask(request, m.DiffText)

    async def ensure_worktree(
        self, repo: str, thread: str, *, base: str | None, location: str | None = None
    ) -> m.Worktree:
        """Make, repair or reuse the worktree of `thread`; a repeat returns the same one (design §6 rules 1, 2)."""
        request = m.EnsureWorktree(epoch=self.epoch, repo=repo, thread=thread, base=base, location=location)
        return await self._ask(request, m.Worktree)

    async def remove_worktree(
        self, repo: str, thread: str, *, target: str | None, force: bool = False, location: str | None = None
    ) -> m.Removed:
        """Remove a thread's worktree and branch as far as nothing is lost by it (design §6 rule 4)."""
        request = m.RemoveWorktree(
            epoch=self.epoch, repo=repo, thread=thread, target=target, force=force, location=location
        )
        return await self._ask(request, m.Removed)

    async def snapshot(self, worktree: str, execution: str, message: str) -> m.Snapshot:
        """Record what is in `worktree` under `refs/compas/snap/<execution>`; a repeat returns the recorded one."""
        request = m.TakeSnapshot(epoch=self.epoch, worktree=worktree, execution=execution, message=message)
        return await self._ask(request, m.Snapshot)

    async def commit_all(self, worktree: str, message: str) -> m.Committed | m.NothingToCommit:
        """Commit everything in `worktree`; GitRefused `hook_refused` carries the hook's output."""
        request = m.CommitAll(epoch=self.epoch, worktree=worktree, message=message)
        return await self._ask(request, m.Committed, m.NothingToCommit)

    async def prepare_merge(
        self,
        repo: str,
        op: str,
        *,
        source: str,
        target: str,
        message: str,
        strategy: str = "merge",
        expected_source: str | None = None,
    ) -> m.PrepareResult:
        """Compute the merge of `source` into `target`; nothing a person looks at is touched."""
        request = m.PrepareMerge(
            epoch=self.epoch,
            repo=repo,
            op=op,
            source=source,
            target=target,
            message=message,
            strategy=strategy,
            expected_source=expected_source,
        )
        return await self._ask(request, m.Prepared, m.Conflicts, m.Refused)

    async def publish_merge(self, repo: str, op: str, prepared: m.Prepared) -> m.PublishResult:
        """Move the target and its checkouts to a prepared merge, or say why nothing was changed."""
        request = m.PublishMerge(epoch=self.epoch, repo=repo, op=op, prepared=prepared)
        return await self._ask(request, m.Published, m.TargetMoved, m.Refused)

    async def finish_merge(self, repo: str, op: str, *, target: str, target_old: str, new: str) -> m.Finished:
        """After a crash: say whether the logged merge is published, and complete its checkouts (design §6 rule 8)."""
        request = m.FinishMerge(
            epoch=self.epoch, repo=repo, op=op, target=target, target_old=target_old, new=new
        )
        return await self._ask(request, m.Finished)
