"""Whatever an agent puts in place of its worktree: nothing is committed, merged or deleted through it, in words."""
# ruff: noqa: ASYNC240 - the test plays the operator and the agent, who block nobody

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from compas.git.errors import GitRefused
from compas.git.protocol.client import GitWorker
from compas.git.protocol.merging import PrepareMerge, Refused
from compas.git.protocol.reading import Status
from compas.git.protocol.worktrees import (
    CommitAll,
    EnsureWorktree,
    FurnishWorktree,
    Removed,
    RemoveWorktree,
    TakeSnapshot,
)
from compas.git.worktree.ensure import ensure_worktree
from tests.kit.git.git_operator import Repo, Tree, tree_of
from tests.kit.git.hostile import REPLACED, Tamper, fingerprint

pytestmark = pytest.mark.system

Action = Callable[[GitWorker, Tree], Awaitable[str]]
"""Does what the supervisor does, and returns what it is told instead."""


async def snapshot(git: GitWorker, tree: Tree) -> str:
    return await _refused(git.ask(TakeSnapshot(of=tree_of(tree.of, tree), execution="e1")))


async def commit(git: GitWorker, tree: Tree) -> str:
    return await _refused(git.ask(CommitAll(of=tree_of(tree.of, tree), message="work")))


async def status(git: GitWorker, tree: Tree) -> str:
    return await _refused(git.ask(Status(of=tree_of(tree.of, tree))))


async def furnish(git: GitWorker, tree: Tree) -> str:
    return await _refused(git.ask(FurnishWorktree(of=tree_of(tree.of, tree), copy=("secret",))))


async def take_up(git: GitWorker, tree: Tree) -> str:
    base = tree.of.tip("main")
    return await _refused(git.ask(EnsureWorktree(repo=str(tree.of), thread="t1", base="main", begun_at=base)))


async def remove(git: GitWorker, tree: Tree) -> str:
    return _kept(await git.ask(RemoveWorktree(repo=str(tree.of), thread="t1", target="main")))


async def remove_by_force(git: GitWorker, tree: Tree) -> str:
    return _kept(await git.ask(RemoveWorktree(repo=str(tree.of), thread="t1", target="main", force=True)))


async def merge(git: GitWorker, tree: Tree) -> str:
    found = await git.ask(PrepareMerge(repo=str(tree.of), op="op1", source="compas/t1", target="main", message=""))
    assert isinstance(found, Refused), found
    return found.sentence


async def _refused(call: Awaitable[object]) -> str:
    with pytest.raises(GitRefused) as caught:
        await call
    return caught.value.message


def _kept(found: Removed) -> str:
    assert (found.worktree, found.branch) == ("kept", "kept")
    return found.reason or ""


ACTIONS: tuple[Action, ...] = (snapshot, commit, status, furnish, take_up, remove, remove_by_force, merge)


@pytest.fixture
async def held(repo: Repo, tree: Tree) -> Tree:
    """A worktree with committed and uncommitted work, beside another thread's, below an operator who is at work too."""
    await ensure_worktree(EnsureWorktree(repo=str(repo), thread="t2", base="main"))
    repo.git("config", "core.hooksPath", "/dev/null")
    tree.commit("work", w_txt="w\n")
    tree.write("draft", "of the agent\n")
    repo.write("precious", "of the operator\n")
    repo.write("secret", "of the operator\n")
    repo.write("staged", "of the operator\n")
    repo.git("add", "staged")
    repo.write("a.txt", "edited by the operator\n")
    return tree


def _table() -> Iterator[object]:
    """Everything with everything; in a quick run each with a few of the others."""
    for row, tamper in enumerate(REPLACED):
        for column, action in enumerate(ACTIONS):
            marks = [] if (row + column) % 4 == 0 else [pytest.mark.long]
            yield pytest.param(tamper, action, marks=marks, id=f"{tamper.__name__}-{action.__name__}")


@pytest.mark.parametrize(("tamper", "action"), list(_table()))
async def test_what_stands_in_place_of_a_worktree_is_named_and_nothing_is_touched(
    worker: GitWorker, held: Tree, tamper: Tamper, action: Action
) -> None:
    found = tamper(held)
    before, commits = fingerprint(held.of), held.of.git("rev-list", "--count", "--all")
    sentence = await action(worker, held)
    assert fingerprint(held.of) == before
    assert not held.of.has("refs/compas/snap")
    assert held.of.git("rev-list", "--count", "--all") == commits
    assert found in sentence
    assert list(Path(held.of.path.parent).rglob("draft"))  # the agent's work is somewhere still
