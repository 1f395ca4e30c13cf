"""The git worker: a process that serves the operations of this package to the supervisor that started it."""

import logging
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal, TypeVar

import trio

from actors.remote.call import Call
from actors.remote.child import serve_parent
from actors.remote.errors import CallError
from actors.remote.frames import INVALID
from actors.remote.handshake import WelcomeInfo
from actors.remote.server import ServerSettings
from compas.git.command import shown
from compas.git.diff import diff
from compas.git.errors import GitError, GitRefused
from compas.git.locate import locate
from compas.git.look import OLDEST, git_version
from compas.git.merge.prepare import prepare_merge
from compas.git.merge.publish import publish_merge
from compas.git.merge.recover import clear_merge, finish_merge
from compas.git.merge.verify import verify_merge
from compas.git.protocol.failures import carry
from compas.git.protocol.merging import ClearMerge, FinishMerge, PrepareMerge, PublishMerge, VerifyMerge
from compas.git.protocol.reading import AskHead, Contains, Describe, Diff, Graph, Locate, ReadSides, Resolve, Status
from compas.git.protocol.request import Mutation, Request
from compas.git.protocol.request_text import refuse_nul
from compas.git.protocol.targets import FindMove
from compas.git.protocol.worktrees import (
    ArchiveSnapshots,
    CommitAll,
    EnsureReadingTree,
    EnsureWorktree,
    FillPool,
    FurnishWorktree,
    RemoveWorktree,
    TakeSnapshot,
)
from compas.git.repository import contains, describe, graph, resolve
from compas.git.status import head, status
from compas.git.target.move import find_move
from compas.git.target.sides import read_sides
from compas.git.work.archived_snapshots import archive_snapshots
from compas.git.work.commit import commit_all
from compas.git.work.snapshot import take_snapshot
from compas.git.worktree.ensure import ensure_worktree
from compas.git.worktree.furnish import furnish_worktree
from compas.git.worktree.pool import fill_pool
from compas.git.worktree.reading_tree import ensure_reading_tree
from compas.git.worktree.remove import remove_worktree

NAME: Final = "compas-git-worker"
SHORT: Final = 16
LONG: Final = max(2, os.cpu_count() or 2)
CHECKS: Final = 8
IN_FLIGHT: Final = 512
"""Requests beyond these are refused as busy; long jobs wait in here without keeping a short one from its lane."""

_LONGEST_PLACE: Final = 300
"""How much of a path an error repeats."""

R = TypeVar("R")

Lane = Literal["short", "long", "check"]
"""`check` is for what runs the operator's own commands, which take as long as they take."""
Operation = Callable[[Any], Awaitable[Any]]

OPERATIONS: Final[dict[type[Request[Any]], tuple[Lane, Operation]]] = {
    Describe: ("short", describe),
    Locate: ("short", locate),
    Resolve: ("short", resolve),
    Contains: ("short", contains),
    ReadSides: ("short", read_sides),
    Graph: ("short", graph),
    Status: ("short", status),
    AskHead: ("short", head),
    Diff: ("short", diff),
    FindMove: ("short", find_move),
    PrepareMerge: ("short", prepare_merge),
    PublishMerge: ("short", publish_merge),
    FinishMerge: ("short", finish_merge),
    ClearMerge: ("short", clear_merge),
    VerifyMerge: ("check", verify_merge),
    EnsureWorktree: ("long", ensure_worktree),
    EnsureReadingTree: ("long", ensure_reading_tree),
    FillPool: ("long", fill_pool),
    FurnishWorktree: ("long", furnish_worktree),
    RemoveWorktree: ("long", remove_worktree),
    TakeSnapshot: ("long", take_snapshot),
    CommitAll: ("long", commit_all),
    ArchiveSnapshots: ("long", archive_snapshots),
}
_BY_NAME: Final = {request.__name__: request for request in OPERATIONS}


class Worker:
    """Serves requests: each in its lane, mutations only for the newest supervisor it has heard of."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        sizes: dict[Lane, int] = {"short": SHORT, "long": LONG, "check": CHECKS}
        self._is_git_known = False
        self._lanes = {lane: trio.CapacityLimiter(size) for lane, size in sizes.items()}

    async def serve(self, call: Call) -> object:
        """Answer one call; raises CallError carrying a GitError."""
        if call.op not in _BY_NAME:
            raise CallError(INVALID, f"the git worker has no operation {call.op!r}")
        try:
            return await self.perform(call.decode(_BY_NAME[call.op]))
        except GitError as error:
            code, message, details = carry(error)
            raise CallError(code, message, details) from error

    async def perform(self, request: Request[R]) -> R:
        """Perform a request. Raises GitError; GitRefused `old_epoch` for one from a supervisor that was replaced,
        `git_too_old`, `bad_value` for text with a NUL byte; a plain GitError leaves open how far it came."""
        refuse_nul(request)
        await self._refuse_old_git()
        if isinstance(request, Mutation):
            if request.epoch < self.epoch:
                message = (
                    f"supervisor number {request.epoch} asked for a change, but number {self.epoch} has taken over; "
                    "nothing was changed"
                )
                raise GitRefused("old_epoch", message)
            self.epoch = request.epoch
        lane, operation = OPERATIONS[type(request)]
        async with self._lanes[lane]:
            try:
                answer: R = await operation(request)
            except OSError as error:  # a disk that is full, a name that is too long, a directory of somebody else's
                place = f" at {shown(os.fsencode(error.filename))[:_LONGEST_PLACE]}" if error.filename else ""
                text = f"{type(request).__name__} ended in the middle{place}: {error.strerror or error}"
                raise GitError(f"{text}; correct that, and ask again") from error
        return answer

    async def _refuse_old_git(self) -> None:
        """Ask once what git is installed. Raises GitRefused `git_too_old`, GitFailed and what `git_version` does."""
        if not self._is_git_known:
            found = await trio.to_thread.run_sync(git_version, os.environ)
            if found < OLDEST:
                number, oldest = (".".join(map(str, version)) for version in (found, OLDEST))
                message = (
                    f"git {number} is too old, and would not heed what compas tells it; install git {oldest} or later"
                )
                raise GitRefused("git_too_old", message)
            self._is_git_known = True


async def main(epoch: int) -> None:
    """Serve the parent until it is gone."""
    worker = Worker(epoch)
    settings = ServerSettings(welcome=WelcomeInfo(server=NAME, epoch=epoch), max_in_flight=IN_FLIGHT)
    await serve_parent(worker.serve, settings)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s git worker: %(message)s")
    trio.run(main, int(sys.argv[1]))
