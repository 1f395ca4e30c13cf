"""A worktree and its branch belong to one state directory; another one is told whose they are."""

from pathlib import Path

import pytest

from compas.git.errors import GitRefused
from compas.git.protocol.client import GitWorker
from compas.git.protocol.reading import Status
from compas.git.protocol.thread_worktree import Owner
from compas.git.protocol.worktrees import (
    CommitAll,
    EnsureReadingTree,
    EnsureWorktree,
    FurnishWorktree,
    RemoveWorktree,
    TakeSnapshot,
    Worktree,
)
from compas.git.worker import Worker
from compas.git.worktree.owner import IDENTITY
from compas.git.worktree.registration import Registration, read_registration, write_registration
from tests.kit.git.git_operator import Repo, tree_of

pytestmark = pytest.mark.system


def compas_of(directory: Path, name: str) -> GitWorker:
    """Return the git of a compas with this state directory."""
    directory.mkdir(exist_ok=True)
    (directory / IDENTITY).write_text(f"{name}\n")
    return GitWorker(Worker(epoch=1).perform, epoch=1, pid=1, owner=Owner(path=str(directory), name=name))


@pytest.fixture
def ours(tmp_path: Path) -> GitWorker:
    return compas_of(tmp_path / "ours", "1111")


@pytest.fixture
def theirs(tmp_path: Path) -> GitWorker:
    return compas_of(tmp_path / "theirs", "2222")


async def ensure(git: GitWorker, repo: Repo, **more: str) -> Worktree:
    return await git.ask(EnsureWorktree(repo=str(repo), thread="t1", base="main", **more))


async def test_a_thread_of_the_same_name_elsewhere_gets_no_worktree_and_no_branch(
    repo: Repo, ours: GitWorker, theirs: GitWorker
) -> None:
    made = await ensure(ours, repo)
    tip = repo.commit("our work", at=made.path, w_txt="w\n")
    of = tree_of(repo, made.path)
    for call in (
        lambda: ensure(theirs, repo),
        lambda: ensure(theirs, repo, begun_at=tip),
        lambda: theirs.ask(EnsureReadingTree(repo=str(repo), thread="t1", commit=tip)),
        lambda: theirs.ask(TakeSnapshot(of=of, execution="e1")),
        lambda: theirs.ask(CommitAll(of=of, message="x")),
        lambda: theirs.ask(Status(of=of)),
        lambda: theirs.ask(FurnishWorktree(of=of)),
        lambda: theirs.ask(RemoveWorktree(repo=str(repo), thread="t1", target="main", force=True)),
    ):
        with pytest.raises(GitRefused, match=r"belongs to the compas with the state directory .*/ours,") as caught:
            await call()
        assert caught.value.code == "worktree_of_another"
        assert "use another name for the thread" in caught.value.message
    assert repo.tip("compas/t1") == tip
    assert (await ours.ask(Status(of=of))).clean


async def test_an_owner_that_is_gone_is_said_to_be(repo: Repo, ours: GitWorker, theirs: GitWorker) -> None:
    await ensure(ours, repo)
    (Path(ours.owner.path) / IDENTITY).unlink()
    with pytest.raises(GitRefused, match=r"state directory .*/ours is gone"):
        await ensure(theirs, repo)


async def test_a_state_directory_that_was_begun_again_is_another_one(repo: Repo, ours: GitWorker) -> None:
    await ensure(ours, repo)
    again = compas_of(Path(ours.owner.path), "3333")
    with pytest.raises(GitRefused, match=r"an earlier state directory at .*/ours, which is gone"):
        await ensure(again, repo)


async def test_a_state_directory_that_was_moved_keeps_its_worktrees_and_a_copy_of_it_has_none(
    repo: Repo, ours: GitWorker, tmp_path: Path
) -> None:
    made = await ensure(ours, repo)
    copy = compas_of(tmp_path / "moved", ours.owner.name)
    with pytest.raises(GitRefused):
        await ensure(copy, repo)
    (Path(ours.owner.path) / IDENTITY).unlink()
    assert not (await ensure(copy, repo)).created
    known = read_registration(str(repo.path / ".git"), "t1")
    assert known is not None
    assert (known.owner, known.path) == (copy.owner, made.path)


async def test_a_worktree_of_an_older_version_is_taken_over_by_who_first_opens_it(
    repo: Repo, ours: GitWorker, theirs: GitWorker
) -> None:
    made = await ensure(ours, repo)
    old = Registration(thread="t1", path=made.path, ready=True, instance=made.instance)
    write_registration(str(repo.path / ".git"), old)
    of = tree_of(repo, made.path)
    assert (await ours.ask(Status(of=of))).clean
    known = read_registration(str(repo.path / ".git"), "t1")
    assert known is not None
    assert known.owner == ours.owner
    assert known.mark is not None
    with pytest.raises(GitRefused):
        await theirs.ask(Status(of=of))


async def test_a_branch_that_somebody_else_made_is_not_worked_on(repo: Repo, ours: GitWorker) -> None:
    repo.git("branch", "compas/t1")
    with pytest.raises(GitRefused, match="use another name for the thread, or rename that branch") as caught:
        await ensure(ours, repo)
    assert caught.value.code == "branch_of_another"
    assert not (repo.path / ".compas-worktrees").exists()
    restored = await ensure(ours, repo, restore=repo.tip("compas/t1"))
    assert restored.created
