"""Worktrees made in advance: handed out only as they were made, never more than wanted, and sound after a crash."""
# ruff: noqa: ASYNC240 - the test plays the operator, who blocks nobody

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from compas.git.protocol.worktrees import EnsureWorktree, FillPool, Pool, Worktree
from compas.git.worktree.ensure import ensure_worktree
from compas.git.worktree.pool import fill_pool
from tests.kit.git.git_operator import Repo

pytestmark = pytest.mark.system


async def fill(repo: Repo, size: int = 1) -> Pool:
    return await fill_pool(FillPool(repo=str(repo), base="main", size=size))


async def ensure(repo: Repo, thread: str = "t1", *, pool: bool = True, begun_at: str | None = None) -> Worktree:
    request = EnsureWorktree(repo=str(repo), thread=thread, base="main", pool=pool, begun_at=begun_at)
    return await ensure_worktree(request)


def prepared(repo: Repo) -> list[Path]:
    return sorted((repo.path / ".compas-worktrees").glob(".pool-*"))


async def test_a_prepared_worktree_becomes_a_threads_own_and_the_pool_is_filled_again(repo: Repo) -> None:
    assert (await fill(repo)).ready == 1
    (waiting,) = prepared(repo)
    inode = waiting.stat().st_ino
    made = await ensure(repo)
    assert Path(made.path).stat().st_ino == inode, "it is that very directory"
    assert (made.created, made.branch, made.head, made.base) == (True, "compas/t1", repo.tip(), repo.tip())
    assert repo.git("symbolic-ref", "HEAD", at=made.path) == "refs/heads/compas/t1"
    assert repo.status(at=made.path) == ""
    assert prepared(repo) == []
    assert (await fill(repo)).ready == 1
    assert len(prepared(repo)) == 1
    assert (await ensure(repo)).created is False
    assert len(prepared(repo)) == 1, "what is there already needs no other"
    assert repo.status() == ""


async def test_a_pool_is_never_more_than_its_size_and_shrinks_with_it(repo: Repo) -> None:
    for size in (3, 3, 1, 0):
        assert (await fill(repo, size)).ready == size
        assert len(prepared(repo)) == size
    assert repo.git("worktree", "list").count("\n") == 0


async def test_what_is_handed_out_stands_at_the_base_of_today(repo: Repo) -> None:
    await fill(repo)
    tip = repo.commit("meanwhile", a_txt="new\n", c_txt="c\n")
    made = await ensure(repo)
    assert (made.head, made.base) == (tip, tip)
    assert (repo.read("a.txt", at=made.path), repo.read("c.txt", at=made.path)) == ("new\n", "c\n")
    assert repo.status(at=made.path) == ""


async def test_a_branch_that_is_there_already_is_checked_out_in_it(repo: Repo) -> None:
    await fill(repo)
    repo.git("branch", "compas/t1")
    repo.commit("meanwhile", a_txt="new\n")
    made = await ensure(repo, begun_at=repo.tip("compas/t1"))
    assert made.head == repo.tip("compas/t1") != repo.tip("main")
    assert repo.read("a.txt", at=made.path) == "a\n"


@pytest.mark.parametrize("touch", ["edited", "added", "ignored", "on a branch", "locked"])
async def test_one_that_somebody_has_touched_is_neither_handed_out_nor_taken_away(repo: Repo, touch: str) -> None:
    repo.commit("ignores", _gitignore="*.log\n")
    await fill(repo)
    (waiting,) = prepared(repo)
    match touch:
        case "edited":
            repo.write("a.txt", "mine\n", at=waiting)
        case "added":
            repo.write("mine", at=waiting)
        case "ignored":
            repo.write("mine.log", at=waiting)
        case "on a branch":
            repo.git("switch", "-q", "-c", "mine", at=waiting)
        case "locked":
            repo.git("worktree", "lock", str(waiting))
    made = await ensure(repo)
    assert waiting.exists()
    assert repo.status(at=made.path) == ""
    pool = await fill(repo)
    assert (pool.ready, "is left alone" in pool.notes[0]) == (1, True)
    assert waiting in prepared(repo)
    assert len(prepared(repo)) == 2


async def test_a_deleted_one_is_forgotten_and_made_again(repo: Repo) -> None:
    await fill(repo)
    (waiting,) = prepared(repo)
    subprocess.run(["rm", "-r", str(waiting)], check=True)  # noqa: TID251, ASYNC221 - the test plays the operator
    assert (await ensure(repo)).created
    assert (await fill(repo)).ready == 1
    assert len(prepared(repo)) == 1


async def test_a_change_of_what_the_main_checkout_shows_makes_them_anew(repo: Repo) -> None:
    repo.write("here/x")
    repo.write("there/y")
    repo.commit("directories")
    await fill(repo)
    repo.git("sparse-checkout", "set", "here")
    made = await ensure(repo)
    assert not (Path(made.path) / "there").exists()
    await fill(repo)
    (waiting,) = prepared(repo)
    assert not (waiting / "there").exists()


async def test_a_repository_with_submodules_has_no_pool_and_says_so(repo: Repo) -> None:
    repo.commit("declared", _gitmodules='[submodule "x"]\n path = x\n url = ./x\n')
    pool = await fill(repo)
    assert pool.ready == 0
    assert "submodules" in pool.notes[0]


async def test_many_threads_at_once_get_one_each(repo: Repo) -> None:
    await fill(repo, 2)
    found: list[Worktree] = []

    async def one(thread: str) -> None:
        found.append(await ensure(repo, thread))

    async with trio.open_nursery() as nursery:
        for number in range(4):
            nursery.start_soon(one, f"t{number}")
    assert len({made.path for made in found}) == len({made.branch for made in found}) == 4
    assert all(repo.status(at=made.path) == "" for made in found)
    assert prepared(repo) == []


PROGRAM = """
import sys, trio
from compas.git.protocol.worktrees import EnsureWorktree, FillPool
from compas.git.worktree.pool import fill_pool
from compas.git.worktree.ensure import ensure_worktree
if sys.argv[2] == "fill":
    trio.run(fill_pool, FillPool(repo=sys.argv[1], base="main", size=1))
else:
    trio.run(ensure_worktree, EnsureWorktree(repo=sys.argv[1], thread="t1", base="main", pool=True))
"""


def die(repo: Repo, what: str, point: str) -> None:
    """Do it in a process that kills itself at a point."""
    environ = {**os.environ, "COMPAS_FAILPOINT": point}
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(repo), what], env=environ, check=False)  # noqa: TID251
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize("point", ["git.pool_claimed", "git.pool_moved", "git.worktree_added"])
async def test_a_crash_while_one_is_handed_out_is_healed(repo: Repo, point: str) -> None:
    await fill(repo)
    die(repo, "ensure", point)
    made = await ensure(repo)
    assert repo.git("symbolic-ref", "HEAD", at=made.path) == "refs/heads/compas/t1"
    assert (repo.status(at=made.path), made.head) == ("", repo.tip())
    assert (await fill(repo)).ready == 1
    assert len(prepared(repo)) == 1
    assert repo.git("worktree", "list").count("\n") == 2


async def test_a_crash_while_one_is_prepared_leaves_no_half_made_one(repo: Repo) -> None:
    die(repo, "fill", "git.pool_made")
    assert len(prepared(repo)) == 1
    made = await ensure(repo)
    assert made.created
    assert (await fill(repo)).ready == 1
    assert len(prepared(repo)) == 1


@pytest.mark.parametrize(
    "left",
    ["a directory", "a directory and what git knows", "the link alone", "what git knows", "files without an index"],
)
async def test_whatever_git_leaves_when_it_is_ended_while_it_makes_one_is_taken_away(repo: Repo, left: str) -> None:
    die(repo, "fill", "git.pool_made")
    (half,) = prepared(repo)
    known = repo.path / ".git" / "worktrees" / half.name.replace(".", "-")
    assert known.is_dir()
    if left != "files without an index":
        for name in ("a.txt", "b.txt"):
            (half / name).unlink()
    (known / "index").unlink()
    if left in ("a directory", "a directory and what git knows", "what git knows"):
        (half / ".git").unlink()
    if left == "a directory":
        shutil.rmtree(known)
    if left == "what git knows":
        half.rmdir()
    pool = await fill(repo)
    assert (pool.ready, pool.notes) == (1, ())
    assert len(prepared(repo)) == 1
    assert half not in prepared(repo)
    assert repo.git("worktree", "list").count("\n") == 1


@pytest.mark.parametrize("is_known", [True, False])
async def test_files_that_are_no_worktree_any_more_are_left_alone_and_keep_no_pool_from_being_filled(
    repo: Repo, is_known: bool
) -> None:
    die(repo, "fill", "git.pool_made")
    (half,) = prepared(repo)
    (half / ".git").unlink()
    if not is_known:
        shutil.rmtree(repo.path / ".git" / "worktrees" / half.name.replace(".", "-"))
    pool = await fill(repo)
    assert (pool.ready, len(pool.notes)) == (1, 1)
    assert f"{half} holds files" in pool.notes[0]
    assert (half / "a.txt").exists()
    assert (await fill(repo)).notes == ()


async def test_a_move_that_git_has_not_noted_is_healed(repo: Repo) -> None:
    await fill(repo)
    (waiting,) = prepared(repo)
    die(repo, "ensure", "git.pool_claimed")
    waiting.rename(repo.path / ".compas-worktrees" / "t1")  # what `git worktree move` does first
    assert (await fill(repo)).ready == 1, "filling meanwhile does no harm"
    made = await ensure(repo)
    assert repo.git("symbolic-ref", "HEAD", at=made.path) == "refs/heads/compas/t1"
    assert repo.status(at=made.path) == ""
