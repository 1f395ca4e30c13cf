"""Real repositories in a temporary directory, with no configuration but their own."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from compas.git.protocol.client import GitWorker, open_git_worker
from compas.git.protocol.worktrees import EnsureWorktree
from compas.git.worker import Worker
from compas.git.worktree.ensure import ensure_worktree
from tests.kit.git.git_operator import NewRepo, Repo, Tree

ISOLATED = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}


@pytest.fixture(autouse=True)
def isolated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    for name, value in ISOLATED.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """One repository without, and one with a commit, made once: copying them is much faster than git."""
    made = {}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ISOLATED.items():
            patch.setenv(name, value)
        for empty in (True, False):
            repo = Repo(tmp_path_factory.mktemp("original"))
            repo.git("init", "--quiet", "--initial-branch=main", "--template=")
            repo.git("config", "user.name", "Operator")
            repo.git("config", "user.email", "operator@example.org")
            if not empty:
                repo.commit("first", a_txt="a\n", b_txt="b\n")
            made[empty] = repo.path
    return made


@pytest.fixture
def new_repo(tmp_path: Path, originals: dict[bool, Path]) -> NewRepo:
    """Make a repository on branch main; `empty` leaves it without a commit."""

    def make(name: str = "repo", *, empty: bool = False) -> Repo:
        return Repo(shutil.copytree(originals[empty], tmp_path / name))

    return make


@pytest.fixture
def repo(new_repo: NewRepo) -> Repo:
    return new_repo()


@pytest.fixture
async def tree(repo: Repo) -> Tree:
    """The worktree of thread t1, which starts at main."""
    made = await ensure_worktree(EnsureWorktree(repo=str(repo), thread="t1", base="main"))
    return Tree(Path(made.path), repo)


@pytest.fixture
def worker() -> GitWorker:
    """The operations without a process between: what comes after a worker's death needs no second one to die."""
    return GitWorker(Worker(epoch=1).perform, epoch=1, pid=os.getpid())


@pytest.fixture
async def process() -> AsyncIterator[GitWorker]:
    """A git worker as the supervisor has it."""
    async with open_git_worker(epoch=1) as client:
        yield client
