"""A checkout of very many files is written by several processes, unless the repository's owner has said how many."""

from pathlib import Path

import pytest

from compas.git.command import Git
from compas.git.worktree.large_checkout import LARGE, for_checkout
from tests.kit.git.git_operator import Repo

pytestmark = pytest.mark.system


async def test_many_processes_write_what_is_large_enough_for_them(repo: Repo, tmp_path: Path) -> None:
    git = await for_checkout(Git(str(repo)))
    assert git.settings == (("checkout.workers", "0"), ("checkout.thresholdForParallelism", str(LARGE)))
    trace = tmp_path / "trace"
    shared = git.configured(("checkout.workers", "2"), ("checkout.thresholdForParallelism", "1"))
    shared = shared.having(GIT_TRACE=str(trace))
    await shared.run("worktree", "add", "--detach", str(tmp_path / "w"), "main")
    assert "checkout--worker" in trace.read_text()
    assert repo.status(at=tmp_path / "w") == ""


async def test_what_the_owner_of_a_repository_has_set_holds(repo: Repo) -> None:
    repo.git("config", "checkout.workers", "1")
    assert (await for_checkout(Git(str(repo)))).settings == ()
