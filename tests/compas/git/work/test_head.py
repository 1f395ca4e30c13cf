"""Where an agent leaves HEAD: brought back to the thread's branch where that loses nothing, else said, not merged."""

from collections.abc import Callable

import pytest

from compas.git.errors import GitRefused
from compas.git.protocol.client import GitWorker
from compas.git.protocol.merging import PrepareMerge, Refused
from compas.git.protocol.reading import AskHead, Status
from compas.git.protocol.worktrees import (
    CommitAll,
    Committed,
    EnsureReadingTree,
    EnsureWorktree,
    RemoveWorktree,
    Snapshot,
    TakeSnapshot,
)
from compas.git.worktree.ensure import ensure_worktree
from tests.kit.git.git_operator import Repo, Tree, tree_of

pytestmark = pytest.mark.system

BRANCH = "compas/t1"


async def snapshot(git: GitWorker, tree: Tree) -> Snapshot:
    return await git.ask(TakeSnapshot(of=tree_of(tree.of, tree), execution="e1", at=1_700_000_000))


async def test_a_new_branch_that_is_ahead_is_followed_and_stays(worker: GitWorker, tree: Tree) -> None:
    tree.git("switch", "-q", "-c", "feature/x")
    made = tree.commit("work", w_txt="w\n")
    tree.write("draft")
    taken = await snapshot(worker, tree)
    assert (taken.head, taken.head_on, taken.dirty) == (made, "", True)
    assert taken.head_moved == (f"HEAD stood on feature/x; it is on {BRANCH} again, which was moved up to {made[:12]}")
    assert (tree.tip(BRANCH), tree.tip("feature/x")) == (made, made)
    assert tree.git("symbolic-ref", "HEAD") == f"refs/heads/{BRANCH}"
    assert tree.status() == "?? draft"
    assert "the branch follows" in tree.git("reflog", "show", BRANCH, "-1")


async def test_a_detached_head_that_is_ahead_is_followed_and_committed_in(worker: GitWorker, tree: Tree) -> None:
    tree.git("checkout", "-q", "--detach")
    made = tree.commit("work", w_txt="w\n")
    tree.write("draft")
    committed = await worker.ask(CommitAll(of=tree_of(tree.of, tree), message="the rest"))
    assert isinstance(committed, Committed)
    assert f"detached at {made[:12]}" in committed.head_moved
    assert tree.tip(f"{BRANCH}^") == made
    assert (await worker.ask(AskHead(of=tree_of(tree.of, tree)))).head_on == ""


def stays_behind(tree: Tree) -> str:
    tree.commit("on the branch")
    tree.git("checkout", "-q", "--detach", "HEAD^")
    return "detached at"


def parts(tree: Tree) -> str:
    tree.git("switch", "-q", "-c", "other")
    tree.commit("other work")
    tree.git(
        "update-ref", f"refs/heads/{BRANCH}", tree.git("commit-tree", "-m", "x", "-p", BRANCH, f"{BRANCH}^{{tree}}")
    )
    return "on other"


def is_unborn(tree: Tree) -> str:
    tree.git("switch", "-q", "--orphan", "fresh")
    return "on fresh, which has no commit"


def loses_its_branch(tree: Tree) -> str:
    tree.git("branch", "-m", BRANCH, "renamed")
    return "on renamed"


def deletes_its_branch(tree: Tree) -> str:
    tree.git("update-ref", "-d", f"refs/heads/{BRANCH}")
    return f"on {BRANCH}, which has no commit any more"


def rebases(tree: Tree) -> str:
    tree.commit("theirs", a_txt="theirs\n")
    tree.of.commit("ours", a_txt="ours\n")
    tree.git("rebase", "main", check=False)
    return "in the middle of a rebase"


def merges(tree: Tree) -> str:
    tree.of.commit("ours", o_txt="o\n")
    tree.git("merge", "-q", "--no-commit", "--no-ff", "-s", "ours", "main")
    return "in the middle of a merge"


def bisects(tree: Tree) -> str:
    tree.git("bisect", "start", check=False)
    return "in the middle of a bisect"


def takes_another_threads_branch(tree: Tree) -> str:
    tree.git("checkout", "-q", "--ignore-other-worktrees", "compas/t2")
    tree.git("commit", "-q", "--allow-empty", "-m", "on t2's")
    return "on compas/t2"


def makes_its_branch_another_name_of_main(tree: Tree) -> str:
    tree.git("symbolic-ref", f"refs/heads/{BRANCH}", "refs/heads/main")
    return f"on {BRANCH}, which is only another name of refs/heads/main"


ELSEWHERE = (
    stays_behind,
    parts,
    is_unborn,
    loses_its_branch,
    deletes_its_branch,
    rebases,
    merges,
    bisects,
    takes_another_threads_branch,
    makes_its_branch_another_name_of_main,
)


@pytest.mark.parametrize("leave", ELSEWHERE, ids=lambda leave: leave.__name__)
async def test_a_head_that_cannot_be_brought_back_is_said_and_nothing_is_merged(
    worker: GitWorker, repo: Repo, tree: Tree, leave: Callable[[Tree], str]
) -> None:
    await ensure_worktree(EnsureWorktree(repo=str(repo), thread="t2", base="main"))
    tree.commit("work", w_txt="w\n")
    found = leave(tree)
    refs = tree.git("for-each-ref")
    head = (tree.git_dir / "HEAD").read_bytes()
    of = tree_of(repo, tree)
    try:
        taken = await snapshot(worker, tree)
    except GitRefused as refused:
        assert refused.code == "empty_repository"  # noqa: PT017 - a snapshot is taken wherever there is a commit
    else:
        assert found in taken.head_on
        assert taken.head_moved == ""
        repo.git("update-ref", "-d", "refs/compas/snap/e1")
    assert found in (await worker.ask(Status(of=of))).head_on
    with pytest.raises(GitRefused) as caught:
        await worker.ask(CommitAll(of=of, message="work"))
    assert caught.value.code in ("head_elsewhere", "in_progress", "empty_repository")
    merged = await worker.ask(PrepareMerge(repo=str(repo), op="op1", source=BRANCH, target="main", message=""))
    assert isinstance(merged, Refused)
    assert merged.code in ("head_elsewhere", "no_such_branch")
    assert (tree.git("for-each-ref"), (tree.git_dir / "HEAD").read_bytes()) == (refs, head)


async def test_the_target_checked_out_over_the_operators_head_is_never_committed_to(
    worker: GitWorker, repo: Repo, tree: Tree
) -> None:
    tip = repo.tip("main")
    tree.commit("work", w_txt="w\n")
    tree.git("checkout", "-q", "--ignore-other-worktrees", "main")
    tree.write("theirs")
    of = tree_of(repo, tree)
    with pytest.raises(GitRefused, match="on main") as caught:
        await worker.ask(CommitAll(of=of, message="work"))
    assert caught.value.code == "head_elsewhere"
    assert (await snapshot(worker, tree)).head_on == "on main"
    assert repo.tip("main") == tip


async def test_a_branch_that_the_operator_looks_at_is_not_moved_under_them(
    worker: GitWorker, repo: Repo, tree: Tree
) -> None:
    tip = tree.tip(BRANCH)
    tree.git("checkout", "-q", "--detach")
    made = tree.commit("work", w_txt="w\n")
    repo.git("switch", "-q", BRANCH)
    taken = await snapshot(worker, tree)
    assert taken.head_on == f"detached at {made[:12]}, while {BRANCH} is checked out in {repo}"
    assert (repo.tip(BRANCH), repo.status()) == (tip, "")


async def test_a_readers_head_may_be_anywhere(worker: GitWorker, repo: Repo, tree: Tree) -> None:
    made = await worker.ask(EnsureReadingTree(repo=str(repo), thread="r1", commit=tree.tip()))
    of = tree_of(repo, made.path, reading=True)
    repo.git("switch", "-q", "-c", "notes", at=made.path)
    taken = await worker.ask(TakeSnapshot(of=of, execution="e1"))
    assert (taken.head, taken.head_on, taken.head_moved) == (tree.tip(), "", "")
    assert (await worker.ask(Status(of=of))).branch == "notes"


async def test_retiring_a_branch_that_became_another_name_of_main_leaves_main(
    worker: GitWorker, repo: Repo, tree: Tree
) -> None:
    tip = repo.tip("main")
    makes_its_branch_another_name_of_main(tree)
    await worker.ask(RemoveWorktree(repo=str(repo), thread="t1", target="main", force=True))
    assert repo.tip("refs/heads/main") == tip
