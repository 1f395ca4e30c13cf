"""The supervisor's side of the git worker: starts its process, and asks it."""

import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final, Protocol, TypeVar

from msgspec.structs import replace

from actors.remote.errors import RequestFailed, SessionLost
from actors.remote.process import HostSettings, ProcessExit, ProcessHost, open_process_host
from compas.git.errors import GitError, GitWorkerLost
from compas.git.protocol.failures import restore
from compas.git.protocol.request import Request
from compas.git.protocol.thread_worktree import Owner, ThreadWorktree

R = TypeVar("R")

MODULE: Final = "compas.git.worker"
NOBODY: Final = Owner()


class Exchange(Protocol):
    """Brings one request to the worker, and its answer back."""

    async def __call__(self, request: Request[R]) -> R:
        """Return the answer."""
        ...


class GitWorker:
    """A running git worker; `owner` is whose the worktrees are that it is asked about."""

    def __init__(self, exchange: Exchange, epoch: int, pid: int, owner: Owner = NOBODY) -> None:
        self._exchange = exchange
        self.epoch = epoch
        self.pid = pid
        self.owner = owner

    async def ask(self, request: Request[R]) -> R:
        """Return the answer to a request, in the name of this supervisor.

        Raises GitRefused (nothing was changed, `code` says why), GitFailed, GitTimedOut, and GitWorkerLost when the
        worker ended first. Cancelling it stops the git command behind it, except inside a publication.
        """
        return await self._exchange(self._signed(request))

    def _signed(self, request: Request[R]) -> Request[R]:
        said: dict[str, object] = {"epoch": self.epoch, "owner": self.owner}
        of = getattr(request, "of", None)
        if isinstance(of, ThreadWorktree):
            said["of"] = replace(of, owner=self.owner)
        return replace(request, **{name: said[name] for name in said.keys() & {*request.__struct_fields__}})


@contextlib.asynccontextmanager
async def open_git_worker(
    *,
    epoch: int,
    owner: Owner = NOBODY,
    env: Mapping[str, str] | None = None,
    log_fd: int | None = None,
    on_exit: Callable[[ProcessExit], None] | None = None,
) -> AsyncIterator[GitWorker]:
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
    async def exchange(request: Request[R]) -> R:
        name = type(request).__name__
        try:
            return await host.session.request(name, request, request.answer_type())
        except RequestFailed as failure:
            raise _error_of(host, failure) from failure
        except SessionLost as lost:
            text = f"the git worker ended during {name}: {lost.reason}; read the repository to see"
            raise GitWorkerLost(text) from lost

    return exchange


def _error_of(host: ProcessHost, failure: RequestFailed) -> GitError:
    details = {}
    if failure.details is not None and failure.code.startswith("git."):
        details = host.session.decode(failure.details, dict[str, str])
    return restore(failure.code, failure.message, details)
