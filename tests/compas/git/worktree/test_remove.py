"""Nothing uncommitted, unmerged or unknown is ever deleted."""
# ruff: noqa: ASYNC220, ASYNC240 - the test plays the operator, who blocks nobody

import shutil
import subprocess
from pathlib import Path

import pytest

from compas.git.protocol.worktrees import EnsureWorktree, Removed, RemoveWorktree, TakeSnapshot
from compas.git.work.snapshot import take_snapshot
from compas.git.worktree.ensure import ensure_worktree
from compas.git.worktree.remove import remove_worktree
from tests.kit.git.git_operator import Repo, tree_of

pytestmark = pytest.mark.system


async def make(repo: Repo) -> str:
    made = await ensure_worktree(EnsureWorktree(repo=str(repo), thread="t1", base="main"))
    return made.path


async def remove(repo: Repo, target: str | None = "main", force: bool = False, **snapshots: str) -> Removed:
    request = RemoveWorktree(repo=str(repo), thread="t1", target=target, force=force, snapshots=snapshots)
    return await remove_worktree(request)


async def test_a_clean_merged_worktree_goes_with_its_branch(repo: Repo) -> None:
    path = await make(repo)
    repo.commit("work", at=path, w_txt="w")
    repo.git("merge", "-q", "compas/t1")
    repo.write(".git/info/exclude", "/.compas-worktrees/\n.env\n")
    repo.write(".env", "secret", at=path)
    done = await remove(repo)
    assert (done.worktree, done.branch, done.archive, done.ignored) == ("removed", "deleted", None, (".env",))
    assert not Path(path).exists()
    assert not repo.has("refs/heads/compas/t1")
    assert not repo.has("refs/compas/base/t1")
    again = await remove(repo)
    assert (again.worktree, again.branch) == ("absent", "absent")


@pytest.mark.parametrize("target", ["main", None, "gone"])
async def test_commits_that_the_target_does_not_contain_are_archived(repo: Repo, target: str | None) -> None:
    path = await make(repo)
    tip = repo.commit("unmerged", at=path, w_txt="w")
    done = await remove(repo, target)
    assert (done.worktree, done.branch, done.tip) == ("removed", "archived", tip)
    assert done.archive is not None
    assert done.archive.startswith("refs/compas/archive/compas/t1-")
    assert repo.tip(done.archive) == tip
    assert not repo.has("refs/heads/compas/t1")


async def test_a_dirty_worktree_is_kept_until_a_snapshot_holds_it(repo: Repo) -> None:
    path = await make(repo)
    repo.write("unsaved", at=path)
    kept = await remove(repo)
    assert (kept.worktree, kept.branch) == ("kept", "kept")
    assert "unsaved" in (kept.reason or "")
    assert repo.read("unsaved", at=path)
    taken = await take_snapshot(TakeSnapshot(of=tree_of(repo, path), execution="e1"))
    done = await remove(repo, e1=taken.commit)
    assert (done.worktree, done.snapshot) == ("removed", taken.commit)
    assert repo.git("show", f"{taken.commit}:unsaved")


async def test_force_snapshots_first(repo: Repo) -> None:
    path = await make(repo)
    repo.write("unsaved", "precious", at=path)
    done = await remove(repo, force=True)
    assert done.worktree == "removed"
    assert repo.git("show", f"{done.snapshot}:unsaved") == "precious"


async def test_commits_made_off_the_branch_are_kept_or_archived(repo: Repo) -> None:
    path = await make(repo)
    repo.git("checkout", "-q", "--detach", at=path)
    tip = repo.commit("detached", at=path, w_txt="w")
    assert (await remove(repo)).worktree == "kept"
    assert (await remove(repo, force=True)).worktree == "removed"
    assert tip in repo.git("for-each-ref", "--format=%(objectname)", "refs/compas/archive")


async def test_a_worktree_that_somebody_works_in_or_has_locked_is_kept(repo: Repo) -> None:
    path = await make(repo)
    with subprocess.Popen(["cat"], cwd=path, stdin=subprocess.PIPE) as somebody:
        kept = await remove(repo, force=True)
        somebody.kill()
    assert (kept.worktree, str(somebody.pid) in (kept.reason or "")) == ("kept", True)
    repo.git("worktree", "lock", path)
    assert (await remove(repo, force=True)).worktree == "kept"


async def test_a_repository_inside_that_no_snapshot_holds_keeps_it(repo: Repo) -> None:
    path = await make(repo)
    repo.git("init", "-q", "inner", at=path)
    repo.write("inner/file", at=path)
    taken = await take_snapshot(TakeSnapshot(of=tree_of(repo, path), execution="e1"))
    kept = await remove(repo, e1=taken.commit)
    assert (kept.worktree, "inner" in (kept.reason or "")) == ("kept", True)


async def test_what_is_not_ours_is_not_touched(repo: Repo) -> None:
    repo.git("worktree", "add", "-q", "-b", "compas/t1", str(repo.path / "own"))
    done = await remove(repo)
    assert (done.worktree, done.branch) == ("absent", "kept")
    assert (repo.path / "own" / "a.txt").exists()
    precious = repo.write(".compas-worktrees/t1/precious")
    await remove(repo, force=True)
    assert precious.exists()


async def test_a_worktree_whose_directory_is_gone_is_forgotten_and_its_branch_archived(repo: Repo) -> None:
    path = await make(repo)
    tip = repo.commit("unmerged", at=path, w_txt="w")
    shutil.rmtree(path)
    done = await remove(repo)
    assert (done.worktree, done.branch, repo.tip(done.archive or "")) == ("absent", "archived", tip)
    assert path not in repo.git("worktree", "list")
