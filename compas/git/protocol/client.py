"""The supervisor's side of the git worker: one typed async method per operation."""

import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final, TypeVar

from msgspec.structs import replace

from actors.remote.errors import RequestFailed, SessionLost
from actors.remote.process import HostSettings, ProcessExit, ProcessHost, open_process_host
from compas.git.errors import GitError, GitWorkerLost
from compas.git.protocol import messages as m
from compas.git.protocol.failures import restore

R = TypeVar("R")

Exchange = Callable[[m.Request], Awaitable[object]]
"""Sends one request to the worker and returns its decoded response."""


MODULE: Final = "compas.git.worker"
NOBODY: Final = m.Owner()


@contextlib.asynccontextmanager
async def open_git_worker(
    *,
    epoch: int,
    owner: m.Owner = NOBODY,
    env: Mapping[str, str] | None = None,
    log_fd: int | None = None,
    on_exit: Callable[[ProcessExit], None] | None = None,
) -> AsyncIterator["GitWorker"]:
    """Start a git worker and yield its client; restarting a lost one is the caller's matter.

    `owner` is the state directory that worktrees are made for and opened as. `env` replaces the inherited environment;
    `on_exit` is called once, when the process has ended. At the end of the block running operations are cancelled,
    except publications, which git finishes by itself.
    Raises ProcessStartError.
    """
    command = [sys.executable, "-m", MODULE, str(epoch)]
    settings = HostSettings(client="compas-supervisor", log_fd=log_fd)
    async with open_process_host(command, name="git worker", env=env, settings=settings, on_exit=on_exit) as host:
        yield GitWorker(_exchange_with(host), epoch, host.pid, owner)


def _exchange_with(host: ProcessHost) -> Exchange:
    async def exchange(request: m.Request) -> object:
        try:
            asked = m.Asked(request=request)
            return (await host.session.request(type(request).__name__, asked, m.Answered)).response
        except RequestFailed as failure:
            raise _error_of(host, failure) from failure
        except SessionLost as lost:
            text = f"the git worker ended during {type(request).__name__}: {lost.reason}; read the repository to see"
            raise GitWorkerLost(text) from lost

    return exchange


def _error_of(host: ProcessHost, failure: RequestFailed) -> GitError:
    details = {}
    if failure.details is not None and failure.code.startswith("git."):
        details = host.session.decode(failure.details, dict[str, str])
    return restore(failure.code, failure.message, details)


class GitWorker:
    """A running git worker.

    Every method may raise GitRefused (nothing was changed, `code` says why), GitFailed, GitTimedOut, and GitWorkerLost
    when the worker ended first. Cancelling a method stops the git command behind it, except inside a publication.
    """

    def __init__(self, exchange: Exchange, epoch: int, pid: int, owner: m.Owner = NOBODY) -> None:
        self._exchange = exchange
        self.epoch = epoch
        self.pid = pid
        self.owner = owner

    def _owned(self, of: m.ThreadWorktree) -> m.ThreadWorktree:
        return replace(of, owner=self.owner)

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
        """Say whether the local branch `branch` contains `commit`; GitRefused `thread_branch` for one of a thread."""
        return await self._ask(m.Contains(repo=repo, commit=commit, branch=branch), m.Contained)

    async def sides(self, *sides: m.Side) -> tuple[m.SideSeen, ...]:
        """Say of each branch what its tip and some commits hold, and where each leaves the target. Refuses nothing."""
        return (await self._ask(m.ReadSides(sides=sides), m.SidesRead)).sides

    async def graph(self, repo: str, *revisions: str, limit: int = 50) -> str:
        """Draw the last `limit` commits of these revisions (of HEAD if none) for people."""
        request = m.Graph(repo=repo, revisions=revisions, limit=limit)
        return (await self._ask(request, m.GraphText)).text

    async def status(self, of: m.ThreadWorktree, *, base: str | None = None, measure: bool = False) -> m.StatusReport:
        """Say what a worktree holds, ahead and behind of `base`, where its HEAD stands, and its size if asked."""
        request = m.Status(of=self._owned(of), base=base, measure=measure)
        return await self._ask(request, m.StatusReport)

    async def head(self, of: m.ThreadWorktree) -> m.HeadReport:
        """Say where the HEAD of a worktree stands, which takes no look at its files."""
        return await self._ask(m.AskHead(of=self._owned(of)), m.HeadReport)

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
        self,
        repo: str,
        thread: str,
        *,
        base: str | None,
        location: str | None = None,
        restore: str | None = None,
        pool: bool = False,
        begun_at: str | None = None,
    ) -> m.Worktree:
        """Make, repair or reuse the worktree of `thread`; a repeat returns the same one (design §6 rules 1, 2).

        `begun_at` is the commit where the thread's branch began, if the log knows one.
        """
        request = m.EnsureWorktree(
            epoch=self.epoch,
            repo=repo,
            thread=thread,
            base=base,
            location=location,
            restore=restore,
            pool=pool,
            begun_at=begun_at,
            owner=self.owner,
        )
        return await self._ask(request, m.Worktree)

    async def fill_pool(self, repo: str, *, base: str, size: int, location: str | None = None) -> m.Pool:
        """Keep `size` worktrees at the ready; a repeat makes no more."""
        request = m.FillPool(epoch=self.epoch, repo=repo, base=base, size=size, location=location)
        return await self._ask(request, m.Pool)

    async def ensure_reading_tree(
        self, repo: str, thread: str, commit: str, *, location: str | None = None
    ) -> m.Worktree:
        """Make or find the detached worktree of `thread` at a commit; a repeat returns the same one (design §5)."""
        request = m.EnsureReadingTree(
            epoch=self.epoch, repo=repo, thread=thread, commit=commit, location=location, owner=self.owner
        )
        return await self._ask(request, m.Worktree)

    async def furnish_worktree(
        self, of: m.ThreadWorktree, *, copy: tuple[str, ...] = (), link: tuple[str, ...] = ()
    ) -> m.Furnished:
        """Bring untracked files of the main checkout into a worktree; a repeat overwrites nothing."""
        request = m.FurnishWorktree(epoch=self.epoch, of=self._owned(of), copy=copy, link=link)
        return await self._ask(request, m.Furnished)

    async def remove_worktree(
        self,
        repo: str,
        thread: str,
        *,
        target: str | None,
        force: bool = False,
        clean_only: bool = False,
        dry_run: bool = False,
        location: str | None = None,
        snapshots: Mapping[str, str] = m.NO_SNAPSHOTS,
    ) -> m.Removed:
        """Remove a thread's worktree and branch as far as nothing is lost by it (design §6 rule 4).

        `snapshots` are those that the log knows of the thread: commits by execution.
        """
        request = m.RemoveWorktree(
            epoch=self.epoch,
            repo=repo,
            thread=thread,
            target=target,
            force=force,
            clean_only=clean_only,
            dry_run=dry_run,
            location=location,
            snapshots=dict(snapshots),
            owner=self.owner,
        )
        return await self._ask(request, m.Removed)

    async def snapshot(self, of: m.ThreadWorktree, execution: str, *, at: float | None = None) -> m.Snapshot:
        """Record what is in a worktree under `refs/compas/snap/<execution>`; a repeat returns the same commit.

        `at` dates it, in UTC seconds. GitRefused `snapshot_taken_over` where somebody else made that ref.
        """
        request = m.TakeSnapshot(epoch=self.epoch, of=self._owned(of), execution=execution, at=at)
        return await self._ask(request, m.Snapshot)

    async def commit_all(self, of: m.ThreadWorktree, message: str) -> m.Committed | m.NothingToCommit:
        """Commit everything in a worktree; GitRefused `hook_refused` carries the hook's output."""
        request = m.CommitAll(epoch=self.epoch, of=self._owned(of), message=message)
        return await self._ask(request, m.Committed, m.NothingToCommit)

    async def find_move(
        self,
        repo: str,
        known: str,
        now: str,
        *,
        threads: tuple[m.ThreadTip, ...] = (),
        published: tuple[str, ...] = (),
    ) -> m.Move:
        """Say how a target came from one commit to another, and which commits of threads are on its way."""
        request = m.FindMove(repo=repo, known=known, now=now, threads=threads, published=published)
        return await self._ask(request, m.Move)

    async def prepare_merge(
        self,
        repo: str,
        op: str,
        *,
        source: str,
        target: str,
        message: str,
        trailer: str = "",
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
            trailer=trailer,
            strategy=strategy,
            expected_source=expected_source,
        )
        return await self._ask(request, m.Prepared, m.Conflicts, m.Refused)

    async def verify_merge(
        self,
        repo: str,
        op: str,
        *,
        commit: str,
        command: str,
        timeout_secs: float,
        log: str,
        redaction_patterns: tuple[str, ...] | None = (),
    ) -> m.Verified:
        """Run a command on a merge commit in a checkout of its own; cancelling ends its whole process group."""
        request = m.VerifyMerge(
            epoch=self.epoch,
            repo=repo,
            op=op,
            commit=commit,
            command=command,
            timeout_secs=timeout_secs,
            log=log,
            redaction_patterns=redaction_patterns,
        )
        return await self._ask(request, m.Verified)

    async def clear_merge(self, repo: str, op: str) -> m.Cleared:
        """Remove what an operation that will not be published has left behind."""
        return await self._ask(m.ClearMerge(epoch=self.epoch, repo=repo, op=op), m.Cleared)

    async def publish_merge(self, repo: str, op: str, prepared: m.Prepared) -> m.PublishResult:
        """Move the target and its checkouts to a prepared merge, or say why nothing was changed."""
        request = m.PublishMerge(epoch=self.epoch, repo=repo, op=op, prepared=prepared)
        return await self._ask(request, m.Published, m.TargetMoved, m.Refused)

    async def finish_merge(self, repo: str, op: str, *, target: str, target_old: str, new: str) -> m.Finished:
        """After a crash: say whether the logged merge is published, and complete its checkouts (design §6 rule 8)."""
        request = m.FinishMerge(epoch=self.epoch, repo=repo, op=op, target=target, target_old=target_old, new=new)
        return await self._ask(request, m.Finished)
