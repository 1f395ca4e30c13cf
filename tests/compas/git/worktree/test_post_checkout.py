"""A `post-checkout` hook that fails when git has written everything: the worktree is used, and the hook named."""

import pytest

from compas.git.errors import GitRefused
from compas.git.merge.prepare import prepare_merge
from compas.git.protocol.merging import Prepared, PrepareMerge
from compas.git.protocol.worktrees import EnsureReadingTree, EnsureWorktree, FillPool, Worktree
from compas.git.worktree.ensure import ensure_worktree
from compas.git.worktree.pool import fill_pool
from compas.git.worktree.reading_tree import ensure_reading_tree
from tests.kit.git.git_operator import Repo

pytestmark = pytest.mark.system

FAILS = "echo 'lfs was not found' >&2; exit 2"


async def ensure(repo: Repo, *, pool: bool = False) -> Worktree:
    return await ensure_worktree(EnsureWorktree(repo=str(repo), thread="t1", base="main", pool=pool))


async def test_a_worktree_is_made_and_the_hook_named(repo: Repo) -> None:
    repo.hook("post-checkout", FAILS)
    made = await ensure(repo)
    assert repo.git("branch", "--show-current", at=made.path) == "compas/t1"
    assert repo.status(at=made.path) == ""
    (note,) = made.healed
    assert "post-checkout" in note
    assert "lfs was not found" in note
    assert "HEAD is now at" not in note
    assert (await ensure(repo)).path == made.path


async def test_so_is_one_out_of_the_pool(repo: Repo) -> None:
    repo.hook("post-checkout", FAILS)
    assert (await fill_pool(FillPool(repo=str(repo), base="main", size=1))).ready == 1
    made = await ensure(repo, pool=True)
    assert repo.git("branch", "--show-current", at=made.path) == "compas/t1"
    assert any("lfs was not found" in note for note in made.healed)


async def test_so_is_one_to_read_in(repo: Repo) -> None:
    repo.hook("post-checkout", FAILS)
    request = EnsureReadingTree(repo=str(repo), thread="t1", commit=repo.tip("main"))
    made = await ensure_reading_tree(request)
    assert repo.status(at=made.path) == ""
    assert "lfs was not found" in made.healed[0]


async def test_it_stands_in_the_way_of_no_merge(repo: Repo) -> None:
    made = await ensure(repo)
    repo.commit("work", at=made.path, w_txt="1")
    repo.commit("other work", o_txt="1")
    repo.hook("post-checkout", FAILS)
    repo.hook("commit-msg", "exit 0")
    request = PrepareMerge(repo=str(repo), op="op1", source="compas/t1", target="main", message="")
    assert isinstance(await prepare_merge(request), Prepared)


async def test_a_checkout_that_fails_itself_is_still_refused(repo: Repo) -> None:
    repo.commit("filtered", _gitattributes="*.bin filter=x\n", one_bin="1")
    repo.git("config", "filter.x.smudge", "no-such-program")
    repo.git("config", "filter.x.required", "true")
    repo.hook("post-checkout", FAILS)
    with pytest.raises(GitRefused, match="no-such-program") as caught:
        await ensure(repo)
    assert caught.value.code == "worktree_failed"
