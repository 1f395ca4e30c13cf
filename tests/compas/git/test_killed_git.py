"""A git that dies by a signal: what only reads is asked again, what was made is found, and no hook is blamed."""

from pathlib import Path

import pytest

from compas.git.command import Git
from compas.git.errors import GitFailed, GitRefused
from compas.git.merge.prepare import prepare_merge
from compas.git.protocol.merging import Prepared, PrepareMerge, PrepareResult, Refused
from compas.git.protocol.worktrees import CommitAll, EnsureReadingTree, EnsureWorktree, Worktree
from compas.git.work.commit import commit_all
from compas.git.worktree.ensure import ensure_worktree
from compas.git.worktree.reading_tree import ensure_reading_tree
from tests.kit.git.git_operator import Repo, Tree, tree_of
from tests.kit.git.killed_git import kill_git

pytestmark = pytest.mark.system


async def ensure(repo: Repo) -> Worktree:
    return await ensure_worktree(EnsureWorktree(repo=str(repo), thread="t1", base="main"))


async def merge(repo: Repo, strategy: str = "merge") -> PrepareResult:
    about = {"repo": str(repo), "op": "op1", "source": "compas/t1", "target": "main", "message": ""}
    return await prepare_merge(PrepareMerge(**about, strategy=strategy))


async def test_a_command_that_only_reads_is_asked_once_more(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_git(monkeypatch, tmp_path, "rev-parse")
    assert await Git(str(repo)).text("rev-parse", "--verify", "main") == repo.tip("main")


async def test_one_that_dies_twice_is_said_to_have_died(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_git(monkeypatch, tmp_path, "rev-parse", times=2)
    with pytest.raises(GitFailed, match="was ended by SIGKILL"):
        await Git(str(repo)).run("rev-parse", "HEAD")


async def test_a_command_that_writes_is_not_run_twice(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_git(monkeypatch, tmp_path, "update-ref", after=True)
    old, new = repo.tip("main"), repo.commit("second")
    with pytest.raises(GitFailed, match="SIGKILL"):
        await Git(str(repo)).run("update-ref", "refs/heads/other", new, "0" * 40)
    assert repo.tip("other") == new != old


@pytest.mark.parametrize("after", [True, False])
async def test_a_worktree_whose_git_died_is_there_all_the_same(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, after: bool
) -> None:
    kill_git(monkeypatch, tmp_path, "worktree add", after=after)
    made = await ensure(repo)
    assert repo.git("branch", "--show-current", at=made.path) == "compas/t1"
    assert repo.status(at=made.path) == ""
    assert any("SIGKILL" in note for note in made.healed)


async def test_a_worktree_whose_git_died_half_way_is_finished(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # `git worktree add` writes the files by a git of its own, whose end it cannot outlive as long as it holds on.
    repo.hook("post-checkout", "kill -KILL $PPID")
    made = await ensure(repo)
    assert repo.status(at=made.path) == ""
    assert any("SIGKILL" in note for note in made.healed)


async def test_git_that_dies_each_time_is_named(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kill_git(monkeypatch, tmp_path, "worktree add", times=2)
    with pytest.raises(GitRefused, match="was ended by SIGKILL") as caught:
        await ensure(repo)
    assert caught.value.code == "worktree_failed"
    monkeypatch.undo()


@pytest.mark.parametrize("after", [True, False])
async def test_a_reading_tree_whose_git_died_is_there_all_the_same(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, after: bool
) -> None:
    kill_git(monkeypatch, tmp_path, "worktree add", after=after)
    commit = repo.tip("main")
    made = await ensure_reading_tree(EnsureReadingTree(repo=str(repo), thread="t1", commit=commit))
    assert (repo.git("rev-parse", "HEAD", at=made.path), repo.status(at=made.path)) == (commit, "")


@pytest.mark.parametrize(("strategy", "command"), [("merge", "merge"), ("squash", "commit"), ("rebase", "rebase")])
async def test_a_killed_merge_is_not_blamed_on_a_hook(
    tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strategy: str, command: str
) -> None:
    tree.commit("work", w_txt="1")
    tree.of.commit("other work", o_txt="1")
    for hook in ("commit-msg", "pre-rebase"):
        tree.hook(hook, "exit 0")
    kill_git(monkeypatch, tmp_path, command)
    found = await merge(tree.of, strategy)
    assert isinstance(found, Refused)
    assert found.code == "git_killed"
    assert "SIGKILL" in found.sentence
    assert "hook" not in found.sentence
    assert isinstance(await merge(tree.of, strategy), Prepared)


async def test_a_killed_commit_is_not_blamed_on_a_hook(
    tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.write("work.txt")
    tree.hook("commit-msg", "exit 0")
    kill_git(monkeypatch, tmp_path, "commit")
    with pytest.raises(GitRefused, match="SIGKILL") as caught:
        await commit_all(CommitAll(of=tree_of(tree.of, tree.path), message="work"))
    assert caught.value.code == "git_killed"
