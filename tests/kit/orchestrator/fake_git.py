"""A git worker over repositories in memory: worktrees, snapshots, and three-way merges by file."""

import math
from typing import TypeVar

import trio
from msgspec.structs import replace

from compas.git.errors import GitRefused, GitWorkerLost
from compas.git.protocol.merging import Verified, VerifyMerge
from compas.git.protocol.request import Request
from tests.kit.orchestrator import fake_git_merging, fake_git_reading, fake_git_worktrees
from tests.kit.orchestrator.fake_repository import FakeRepo, FakeRepositories

R = TypeVar("R")

ANSWERS = {**fake_git_reading.ANSWERS, **fake_git_worktrees.ANSWERS, **fake_git_merging.ANSWERS}


class FakeGit:
    """Behaves as GitWorker does, for what the orchestrator asks of it.

    `asked` lists the operations in order, by the names of their requests, `verified` the commits that were checked.
    `losses` says of an operation whether its next calls lose the worker
    "before" or "after" they took effect; `held` lets the next calls of an operation wait for their event first.
    `refused` has the words with which the next calls of an operation are refused.
    """

    def __init__(self) -> None:
        self.repos = FakeRepositories()
        self.asked: list[str] = []
        self.verified: list[str] = []
        self.losses: dict[str, list[str]] = {}
        self.held: dict[str, list[trio.Event]] = {}
        self.refused: dict[str, list[str]] = {}

    def repo(self, path: str = "/repo") -> FakeRepo:
        """Make a repository."""
        return self.repos.setdefault(path, FakeRepo(path))

    async def ask(self, request: Request[R]) -> R:
        """Answer as `GitWorker.ask` does; a check that is held is ended at its time limit."""
        operation, began, loss = type(request).__name__, trio.current_time(), ""
        if isinstance(request, VerifyMerge):
            self.verified.append(request.commit)
        with trio.move_on_after(getattr(request, "timeout_secs", math.inf)) as limit:
            loss = await self._begin(operation)
        answer = ANSWERS[type(request)](self.repos, request)
        if isinstance(answer, Verified):
            ended = {"outcome": "timed_out", "code": None} if limit.cancelled_caught else {}
            answer = replace(answer, seconds=trio.current_time() - began, **ended)
        if loss:
            self._lose(operation)
        return answer

    async def _begin(self, operation: str) -> str:
        self.asked.append(operation)
        await trio.lowlevel.checkpoint()
        if self.held.get(operation):
            await self.held[operation].pop(0).wait()
        if self.refused.get(operation):
            raise GitRefused("refused", self.refused[operation].pop(0))
        loss = self.losses[operation].pop(0) if self.losses.get(operation) else ""
        if loss == "before":
            self._lose(operation)
        return loss

    def _lose(self, operation: str) -> None:
        raise GitWorkerLost(f"the git worker ended during {operation}; read the repository to see")
