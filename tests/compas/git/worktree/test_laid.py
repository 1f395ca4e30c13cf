"""What compas lays into a worktree is nobody's work: it is never committed, stands in no way, and reaches no target."""

import os
from pathlib import Path

import pytest

from compas.git.merge.prepare import prepare_merge
from compas.git.protocol.merging import Prepared, PrepareMerge, PrepareResult, Refused
from compas.git.protocol.reading import Status
from compas.git.protocol.worktrees import (
    CommitAll,
    Committed,
    EnsureWorktree,
    Furnished,
    FurnishWorktree,
    NothingToCommit,
    RemoveWorktree,
    TakeSnapshot,
)
from compas.git.status import status
from compas.git.work.commit import commit_all
from compas.git.work.snapshot import take_snapshot
from compas.git.worktree.ensure import ensure_worktree
from compas.git.worktree.furnish import furnish_worktree
from compas.git.worktree.remove import remove_worktree
from tests.kit.git.git_operator import Repo, Tree, tree_of

pytestmark = pytest.mark.system


@pytest.fixture
async def laid(repo: Repo) -> Tree:
    """A worktree with a link to an ignored directory, and a copy of a file that git does not ignore."""
    repo.commit("ignores", _gitignore="node_modules/\n")
    repo.write("node_modules/lib/index.js", "x")
    repo.write("local.json", "{}\n")
    made = await ensure_worktree(EnsureWorktree(repo=str(repo), thread="t1", base="main"))
    tree = Tree(Path(made.path), repo)
    await furnish(tree)
    return tree


async def furnish(tree: Tree, *, copy: tuple[str, ...] = ("local.json",)) -> Furnished:
    of = tree_of(tree.of, tree.path)
    return await furnish_worktree(FurnishWorktree(of=of, copy=copy, link=("node_modules",)))


async def merge(tree: Tree, strategy: str = "merge") -> PrepareResult:
    request = PrepareMerge(
        repo=str(tree.of), op="op1", source="compas/t1", target="main", message="", strategy=strategy
    )
    return await prepare_merge(request)


def names(repo: Repo, revision: str) -> list[str]:
    return repo.git("ls-tree", "-r", "--name-only", revision).split("\n")


async def test_a_commit_of_everything_leaves_out_what_was_laid(repo: Repo, laid: Tree) -> None:
    laid.write("work.txt")
    made = await commit_all(CommitAll(of=tree_of(repo, laid.path), message="work"))
    assert isinstance(made, Committed)
    assert (made.files, made.left_out) == (1, ())
    assert names(repo, "compas/t1") == [".gitignore", "a.txt", "b.txt", "work.txt"]
    assert isinstance(await merge(laid), Prepared)


async def test_what_the_agent_has_staged_of_it_is_not_committed_either(repo: Repo, laid: Tree) -> None:
    laid.write("work.txt")
    laid.git("add", "--all", "--force")
    made = await commit_all(CommitAll(of=tree_of(repo, laid.path), message="work"))
    assert isinstance(made, Committed)
    assert names(repo, "compas/t1") == [".gitignore", "a.txt", "b.txt", "work.txt"]
    again = await commit_all(CommitAll(of=tree_of(repo, laid.path), message="work"))
    assert isinstance(again, NothingToCommit)


async def test_a_snapshot_holds_nothing_of_it_and_a_worktree_with_nothing_else_is_clean(repo: Repo, laid: Tree) -> None:
    laid.write("local.json", '{"changed": "by the agent"}\n')
    taken = await take_snapshot(TakeSnapshot(of=tree_of(repo, laid.path), execution="e1"))
    assert (taken.dirty, taken.files, taken.left_out) == (False, (), None)
    seen = await status(Status(of=tree_of(repo, laid.path)))
    assert (seen.clean, seen.entries) == (True, ())


async def test_work_beside_it_is_seen_and_recorded(repo: Repo, laid: Tree) -> None:
    laid.write("local.json.bak")
    (laid.path / "node_modules").unlink()
    laid.write("node_modules.txt")
    taken = await take_snapshot(TakeSnapshot(of=tree_of(repo, laid.path), execution="e1"))
    assert [file.path for file in taken.files] == ["local.json.bak", "node_modules.txt"]
    seen = await status(Status(of=tree_of(repo, laid.path)))
    assert [entry.path for entry in seen.entries] == ["local.json.bak", "node_modules.txt"]


async def test_it_keeps_no_worktree_from_being_removed(repo: Repo, laid: Tree) -> None:
    gone = await remove_worktree(RemoveWorktree(repo=str(repo), thread="t1", target="main", clean_only=True))
    assert (gone.worktree, gone.reason) == ("removed", None)
    assert repo.read("node_modules/lib/index.js") == "x"


async def test_a_link_to_an_ignored_directory_is_ignored_also_for_the_agents_own_git(repo: Repo, laid: Tree) -> None:
    laid.git("add", "--all")
    assert laid.status() == "A  local.json"
    assert repo.status() == "?? local.json"


@pytest.mark.parametrize("strategy", ["merge", "rebase", "squash"])
async def test_a_branch_on_which_the_agent_has_committed_it_is_not_merged(laid: Tree, strategy: str) -> None:
    laid.git("add", "--all", "--force")
    laid.git("commit", "--quiet", "-m", "everything")
    found = await merge(laid, strategy)
    assert isinstance(found, Refused)
    assert (found.code, found.files) == ("laid_committed", ("local.json", "node_modules"))
    assert "git rm --cached" in found.sentence


async def test_the_branch_is_merged_once_the_link_is_off_it(laid: Tree) -> None:
    laid.git("add", "--force", "node_modules")
    laid.git("commit", "--quiet", "-m", "everything")
    laid.git("rm", "--quiet", "--cached", "node_modules")
    laid.git("commit", "--quiet", "-m", "not that")
    assert isinstance(await merge(laid), Prepared)


async def test_a_copied_file_does_not_reach_the_target_by_way_of_an_earlier_commit(laid: Tree) -> None:
    laid.commit("everything", work_txt="1")
    laid.git("rm", "--quiet", "--cached", "local.json")
    laid.git("commit", "--quiet", "-m", "not that")
    found = await merge(laid)
    assert isinstance(found, Refused)
    assert (found.code, found.files) == ("laid_committed", ("local.json",))
    assert "squash" in found.sentence
    assert isinstance(await merge(laid, "squash"), Prepared)


async def test_what_the_operator_has_put_on_the_target_is_no_longer_only_laid(repo: Repo, laid: Tree) -> None:
    laid.commit("everything")
    repo.commit("it belongs here")
    assert isinstance(await merge(laid), Prepared)


async def test_a_worktree_made_again_does_not_forget_what_was_committed_of_it(repo: Repo, laid: Tree) -> None:
    laid.commit("everything")
    repo.git("worktree", "remove", "--force", str(laid.path))
    await ensure_worktree(EnsureWorktree(repo=str(repo), thread="t1", base="main"))
    await furnish(laid)
    found = await merge(laid)
    assert isinstance(found, Refused)
    assert found.files == ("local.json",)


async def test_it_is_known_also_where_a_crash_came_between_laying_and_logging(laid: Tree) -> None:
    again = await furnish(laid)
    assert (again.copied, again.linked) == (0, 0)
    taken = await take_snapshot(TakeSnapshot(of=tree_of(laid.of, laid.path), execution="e1"))
    assert not taken.dirty


async def test_a_file_of_the_agents_in_its_place_is_the_agents(repo: Repo, tree: Tree) -> None:
    repo.write("local.json", "{}\n")
    tree.write("local.json", "made by the agent\n")
    await furnish(tree)
    made = await commit_all(CommitAll(of=tree_of(repo, tree.path), message="work"))
    assert isinstance(made, Committed)
    assert made.files == 1
    assert isinstance(await merge(tree), Prepared)


async def test_names_with_signs_of_patterns_are_left_out_and_ignored_as_they_stand(repo: Repo, tree: Tree) -> None:
    repo.write("[a]*?/x", "x")
    repo.write(".git/info/exclude", "/[[]a[]][*][?]/\n")
    repo.write(":(top)local", "x")
    of = tree_of(repo, tree.path)
    await furnish_worktree(FurnishWorktree(of=of, copy=(":(top)local",), link=("[a]*?",)))
    assert (tree.path / "[a]*?").is_symlink()
    tree.write("a*?", "work")
    made = await commit_all(CommitAll(of=of, message="work"))
    assert isinstance(made, Committed)
    assert made.files == 1
    assert "[a]*?" not in tree.status()


async def test_a_record_that_is_no_file_is_not_written_through(repo: Repo, tree: Tree, tmp_path: Path) -> None:
    repo.write("local.json", "{}\n")
    (repo.path / ".git/compas/laid").mkdir(parents=True)
    os.symlink(tmp_path / "elsewhere", repo.path / ".git/compas/laid/t1")
    await furnish(tree)
    assert not (tmp_path / "elsewhere").exists()
