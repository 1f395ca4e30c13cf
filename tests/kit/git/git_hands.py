"""A person at a repository, real or in memory, for the suites of the git worker."""

import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import pytest
import trio

from compas.git.protocol.client import GitWorker
from compas.git.protocol.merging import Prepared, PrepareMerge, PrepareResult
from compas.git.protocol.thread_worktree import ThreadWorktree
from compas.git.protocol.worktrees import EnsureWorktree, Worktree
from compas.git.worker import Worker
from tests.kit.ceiling import CEILING
from tests.kit.orchestrator.fake_git import FakeGit
from tests.kit.orchestrator.fake_repository import FakeRepo


class Hands(Protocol):
    """A person at a repository of either kind; its main checkout is on main, with a README."""

    path: str
    git: GitWorker

    def commit(self, branch: str, subject: str, *, at: str | None = "", **files: str) -> str:
        """Commit files on a branch, where it is checked out: in its worktree, at a path, or, for None, nowhere."""

    def switch(self, checkout: str, branch: str) -> None:
        """Make a branch where a checkout stands, and stand on it."""

    def write(self, checkout: str, **files: str) -> None:
        """Leave files in a checkout."""

    def read(self, checkout: str, name: str) -> str:
        """Return a file of a checkout."""

    def tip(self, branch: str) -> str:
        """Return the commit a branch is at."""

    def point(self, name: str, branch: str) -> None:
        """Make a branch that is only another name of a branch."""

    def move(self, branch: str, commit: str) -> None:
        """Put a branch on a commit, without a word to anybody and without its checkout."""

    def merge_by_hand(self, source: str) -> str:
        """Merge a branch into main with a merge commit; return that."""


class FakeHands:
    """At a repository in memory."""

    def __init__(self) -> None:
        self.git = FakeGit()
        self._repo: FakeRepo = self.git.repo("/repo")
        self.path = self._repo.path
        self.write = self._repo.write

    def commit(self, branch: str, subject: str, *, at: str | None = "", **files: str) -> str:
        return self._repo.commit(branch, subject, **files)

    def switch(self, checkout: str, branch: str) -> None:
        place = self._repo.checkouts[checkout]
        self._repo.tips[branch] = self._repo.tips[place.branch]
        place.branch = branch

    def read(self, checkout: str, name: str) -> str:
        return self._repo.checkouts[checkout].files[name]

    def tip(self, branch: str) -> str:
        return self._repo.tips[branch]

    def point(self, name: str, branch: str) -> None:
        self._repo.symbolic[name] = branch

    def move(self, branch: str, commit: str) -> None:
        self._repo.tips[branch] = commit

    def merge_by_hand(self, source: str) -> str:
        old, tip = self._repo.tips["main"], self._repo.tips[source]
        tree = {**self._repo.commits[old].tree, **self._repo.commits[tip].tree}
        made = self._repo.store((old, tip), tree, f"Merge {source}")
        self._repo.move("main", old, made)
        return made


class RealHands:
    """At a repository on disk."""

    def __init__(self, git: GitWorker, path: Path) -> None:
        self.git = git
        self.path = str(path)

    def run(self, *command: str, at: str | None = None) -> str:
        done = subprocess.run(  # noqa: TID251 - the test plays the operator, outside the loop
            ["git", *command], cwd=at or self.path, check=True, capture_output=True, encoding="utf-8"
        )
        return done.stdout.strip()

    def commit(self, branch: str, subject: str, *, at: str | None = "", **files: str) -> str:
        if at is None:
            at = f"{self.path}-{subject}"
            self.run("worktree", "add", "--quiet", at, branch)
            made = self.commit(branch, subject, at=at, **files)
            self.run("worktree", "remove", at)
            return made
        at = at or (
            self.path if branch == "main" else f"{self.path}/.compas-worktrees/{branch.removeprefix('compas/')}"
        )
        self.write(at, **files)
        self.run("add", "--all", at=at)
        self.run("commit", "--quiet", "-m", subject, at=at)
        return self.tip(branch)

    def switch(self, checkout: str, branch: str) -> None:
        self.run("switch", "--quiet", "--create", branch, at=checkout)

    def write(self, checkout: str, **files: str) -> None:
        for name, content in files.items():
            (Path(checkout) / name.replace("_", ".")).write_text(content)

    def read(self, checkout: str, name: str) -> str:
        return (Path(checkout) / name).read_text()

    def tip(self, branch: str) -> str:
        return self.run("rev-parse", f"refs/heads/{branch}")

    def point(self, name: str, branch: str) -> None:
        self.run("symbolic-ref", f"refs/heads/{name}", f"refs/heads/{branch}")

    def move(self, branch: str, commit: str) -> None:
        self.run("update-ref", f"refs/heads/{branch}", commit)

    def merge_by_hand(self, source: str) -> str:
        self.run("merge", "--quiet", "--no-ff", "--no-edit", source)
        return self.tip("main")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one repository; copying it is faster than git."""
    path = tmp_path_factory.mktemp("original") / "repo"
    path.mkdir()
    hands = RealHands(None, path)
    hands.run("init", "--quiet", "--initial-branch=main", "--template=")
    hands.run("config", "user.name", "Op")
    hands.run("config", "user.email", "op@example.org")
    hands.commit("main", "begin", README="begin\n")
    return path


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.system)])
async def hands(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Hands]:
    with trio.fail_after(CEILING):
        if request.param == "fake":
            yield FakeHands()
            return
        for name in [name for name in os.environ if name.startswith("GIT_")]:
            monkeypatch.delenv(name)
        for name, value in {
            "HOME": str(tmp_path),
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
        }.items():
            monkeypatch.setenv(name, value)
        path = shutil.copytree(request.getfixturevalue("original"), tmp_path / "repo")
        # Without a process between: what is promised here is git's work, not the carrier's.
        yield RealHands(GitWorker(Worker(epoch=1).perform, epoch=1, pid=os.getpid()), path)


async def worktree(hands: Hands, thread: str = "t1") -> Worktree:
    return await hands.git.ask(EnsureWorktree(repo=hands.path, thread=thread, base="main"))


def of(hands: Hands, tree: Worktree, thread: str = "t1") -> ThreadWorktree:
    return ThreadWorktree(repo=hands.path, thread=thread, path=tree.path)


async def prepare(hands: Hands, op: str = "op1", **fields: str) -> PrepareResult:
    sides = {"source": "compas/t1", "target": "main", "message": "Merge it"}
    return await hands.git.ask(PrepareMerge(repo=hands.path, op=op, **sides | fields))


async def prepared(hands: Hands, op: str = "op1", **fields: str) -> Prepared:
    found = await prepare(hands, op, **fields)
    assert isinstance(found, Prepared), found
    return found
