"""Real repositories in a temporary directory, with no configuration but their own."""

import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from git_operator import NewRepo, Repo

from compas.git.client import GitWorker, open_git_worker

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


@pytest.fixture
def new_repo(tmp_path: Path) -> NewRepo:
    """Make a repository on branch main; `empty` leaves it without a commit."""

    def make(name: str = "repo", *, empty: bool = False) -> Repo:
        path = tmp_path / name
        path.mkdir(parents=True)
        repo = Repo(path)
        repo.git("init", "--quiet", "--initial-branch=main")
        repo.git("config", "user.name", "Operator")
        repo.git("config", "user.email", "operator@example.org")
        if not empty:
            repo.commit("first", a_txt="a\n", b_txt="b\n")
        return repo

    return make


@pytest.fixture
def repo(new_repo: NewRepo) -> Repo:
    return new_repo()


@pytest.fixture
async def worker() -> AsyncIterator[GitWorker]:
    async with open_git_worker(epoch=1) as client:
        yield client
