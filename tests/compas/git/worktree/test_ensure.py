"""A thread's worktree: made once, found again, repaired where that is safe, and refused in words where it is not."""
# ruff: noqa: ASYNC220, ASYNC240 - the test plays the operator, who blocks nobody

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from compas.git.errors import GitRefused
from compas.git.protocol.worktrees import EnsureWorktree, Worktree
from compas.git.worktree.ensure import ensure_worktree
from compas.git.worktree.registration import Registration, write_registration
from tests.kit.git.git_operator import NewRepo, Repo

pytestmark = pytest.mark.system


async def ensure(
    repo: object,
    thread: str = "t1",
    base: str | None = "main",
    location: str | None = None,
    begun_at: str | None = None,
) -> Worktree:
    request = EnsureWorktree(repo=str(repo), thread=thread, base=base, location=location, begun_at=begun_at)
    return await ensure_worktree(request)


async def refusal(repo: object, **more: str | None) -> str:
    with pytest.raises(GitRefused) as caught:
        await ensure(repo, **more)
    return caught.value.code


# proves: b-mcp-cli-merge 126
async def test_a_worktree_starts_at_the_base_and_not_where_the_operator_stands(repo: Repo) -> None:
    base = repo.tip()
    repo.git("checkout", "-q", "-b", "feature")
    repo.commit("feature", f_txt="f")
    made = await ensure(repo)
    assert (made.base, made.head, made.created, made.branch) == (base, base, True, "compas/t1")
    assert made.path == str(repo.path / ".compas-worktrees" / "t1")
    assert repo.git("symbolic-ref", "HEAD", at=made.path) == "refs/heads/compas/t1"


async def test_the_operators_status_and_files_show_nothing_of_it(repo: Repo) -> None:
    await ensure(repo)
    await ensure(repo, thread="t2")
    assert repo.status() == ""
    assert repo.read(".git/info/exclude").count(".compas-worktrees") == 1


async def test_a_repeat_returns_the_same_worktree_with_its_work(repo: Repo) -> None:
    made = await ensure(repo)
    repo.commit("work", at=made.path, new_txt="n")
    repo.write("draft", "unsaved", at=made.path)
    again = await ensure(repo, base=None)
    assert (again.path, again.base, again.created) == (made.path, made.base, False)
    assert again.head == repo.tip("compas/t1")
    assert repo.read("draft", at=made.path) == "unsaved"


# proves: a-core 60
async def test_repositories_of_one_name_do_not_collide_in_one_root(new_repo: NewRepo, tmp_path: Path) -> None:
    one, two = new_repo("x/app"), new_repo("y/app")
    root = str(tmp_path / "trees")
    first, second = await ensure(one, location=root), await ensure(two, location=root)
    assert first.path != second.path
    assert Path(first.path).parent.name.startswith("app-")
    assert not (one.path / ".git" / "info" / "exclude").exists()  # it is not in the operator's way


# proves: b-mcp-cli-merge 118
async def test_a_deleted_directory_is_made_again_at_the_same_tip(repo: Repo) -> None:
    made = await ensure(repo)
    tip = repo.commit("work", at=made.path, new_txt="n")
    other = await ensure(repo, thread="t2")
    shutil.rmtree(made.path)
    shutil.rmtree(other.path)
    again = await ensure(repo)
    assert (again.head, again.created) == (tip, True)
    assert repo.read("new.txt", at=made.path) == "n"
    assert "forgot the registration" in again.healed[0]
    assert other.path in repo.git("worktree", "list")  # only this one was forgotten


# proves: a-core 62
async def test_a_branch_without_worktree_is_attached_if_the_log_knows_it(repo: Repo) -> None:
    repo.git("branch", "compas/t1")
    tip = repo.tip("compas/t1")
    repo.commit("on main", m_txt="m")
    assert await refusal(repo, base=None) == "branch_of_another"
    made = await ensure(repo, base=None, begun_at=tip)
    assert (made.head, made.base, made.created) == (tip, tip, True)


async def test_a_worktree_moves_with_the_operator_and_is_still_known(repo: Repo, tmp_path: Path) -> None:
    made = await ensure(repo)
    again = await ensure(repo, location=str(tmp_path / "elsewhere"))
    assert (again.path, again.created) == (made.path, False)


async def test_an_occupied_path_is_left_alone(repo: Repo) -> None:
    precious = repo.write(".compas-worktrees/t1/precious")
    assert await refusal(repo) == "path_occupied"
    assert precious.exists()
    assert not repo.has("refs/heads/compas/t1")


async def test_a_link_in_place_of_the_worktree_is_refused(repo: Repo, tmp_path: Path) -> None:
    (repo.path / ".compas-worktrees").mkdir()
    os.symlink(tmp_path, repo.path / ".compas-worktrees" / "t1")
    assert await refusal(repo) == "path_occupied"


@pytest.mark.parametrize("thread", ["..", ".", "a/b", "-x", "a..b", "x.lock", "", "a b", "x."])
async def test_an_id_that_is_no_safe_name_is_refused(repo: Repo, thread: str) -> None:
    assert await refusal(repo, thread=thread) == "bad_id"


async def test_a_missing_base_names_similar_branches(repo: Repo) -> None:
    repo.git("branch", "develop")
    with pytest.raises(GitRefused, match="develop") as caught:
        await ensure(repo, base="develp")
    assert caught.value.code == "no_such_branch"


async def test_refusals_say_which_kind_they_are(repo: Repo, new_repo: NewRepo, tmp_path: Path) -> None:
    assert await refusal(repo, base=None) == "base_required"
    assert await refusal(new_repo("empty", empty=True)) == "empty_repository"
    assert await refusal(tmp_path / "home") == "not_a_repository"
    assert await refusal(tmp_path / "nowhere") == "no_such_directory"


async def test_a_branch_that_the_operator_has_checked_out_is_refused(repo: Repo) -> None:
    repo.git("checkout", "-q", "-b", "compas/t1")
    with pytest.raises(GitRefused, match=str(repo)) as caught:
        await ensure(repo)
    assert caught.value.code == "branch_checked_out"


async def test_a_worktree_on_another_branch_is_refused_and_in_a_rebase_accepted(repo: Repo) -> None:
    made = await ensure(repo)
    repo.commit("theirs", at=made.path, a_txt="theirs")
    repo.commit("ours", a_txt="ours")
    repo.git("rebase", "main", at=made.path, check=False)
    assert (await ensure(repo)).created is False
    repo.git("rebase", "--abort", at=made.path)
    repo.git("switch", "-q", "-c", "own", at=made.path)
    assert await refusal(repo) == "wrong_branch"


async def test_the_locks_of_a_killed_git_are_removed_when_nobody_works_there(repo: Repo) -> None:
    made = await ensure(repo)
    git_dir = repo.git("rev-parse", "--absolute-git-dir", at=made.path)
    lock = Path(git_dir, "index.lock")
    lock.touch()
    again = await ensure(repo)
    assert not lock.exists()
    assert str(lock) in again.healed[0]


async def test_the_lock_of_a_git_that_may_be_running_is_left_alone(repo: Repo) -> None:
    made = await ensure(repo)
    lock = Path(repo.git("rev-parse", "--absolute-git-dir", at=made.path), "index.lock")
    lock.touch()
    with subprocess.Popen(["cat"], cwd=made.path, stdin=subprocess.PIPE) as somebody:
        assert await refusal(repo) == "worktree_busy"
        assert lock.exists()
        somebody.kill()


async def test_a_half_made_worktree_of_ours_is_completed(repo: Repo) -> None:
    made = await ensure(repo)
    git_dir = Path(repo.git("rev-parse", "--absolute-git-dir", at=made.path))
    (git_dir / "locked").write_text("initializing")
    (git_dir / "index.lock").touch()
    (git_dir / "index").unlink()
    Path(made.path, "a.txt").unlink()
    write_registration(str(repo.path / ".git"), Registration(thread="t1", path=made.path, ready=False))
    again = await ensure(repo)
    assert "completed" in again.healed[0]
    assert repo.status(at=made.path) == ""
    assert repo.read("a.txt", at=made.path) == "a\n"
    assert "locked" not in repo.git("worktree", "list", "--porcelain")


async def test_a_half_made_worktree_without_a_file_is_made_again(repo: Repo) -> None:
    made = await ensure(repo)
    git_dir = Path(repo.git("rev-parse", "--absolute-git-dir", at=made.path))
    (git_dir / "locked").write_text("initializing")
    (git_dir / "HEAD").write_text("0" * 40 + "\n")
    for name in ("a.txt", "b.txt"):
        Path(made.path, name).unlink()
    write_registration(str(repo.path / ".git"), Registration(thread="t1", path=made.path, ready=False))
    again = await ensure(repo)
    assert again.created
    assert repo.status(at=made.path) == ""


async def test_a_bare_repository_and_a_subdirectory_have_worktrees_too(repo: Repo, tmp_path: Path) -> None:
    repo.git("clone", "-q", "--bare", str(repo), str(tmp_path / "bare.git"))
    made = await ensure(tmp_path / "bare.git")
    assert made.path == str(tmp_path / "bare.git" / "compas-worktrees" / "t1")
    repo.write("sub/dir/file")
    assert (await ensure(repo.path / "sub")).path == str(repo.path / ".compas-worktrees" / "t1")
