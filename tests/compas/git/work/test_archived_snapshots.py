"""Snapshots of ended threads are gathered below one ref, and none is ever out of reach."""

from pathlib import Path

import pytest

from compas.git.errors import GitError, GitRefused
from compas.git.protocol.worktrees import ArchivedSnapshots, ArchiveSnapshots, TakeSnapshot
from compas.git.work.archived_snapshots import archive_snapshots
from compas.git.work.snapshot import take_snapshot
from tests.kit.git.git_operator import Tree, tree_of
from tests.kit.git.killed_git import kill_git

pytestmark = pytest.mark.system
ARCHIVE = "refs/compas/snapshots"


async def snapshots(tree: Tree, *executions: str) -> dict[str, str]:
    """Record a different state for each execution, most of them nowhere but in their snapshot."""
    found = {}
    for execution in executions:
        tree.write("a.txt", f"what {execution} left\n")
        request = TakeSnapshot(of=tree_of(tree.of, tree), execution=execution)
        found[execution] = (await take_snapshot(request)).commit
    return found


async def archive(tree: Tree, known: dict[str, str], *, is_last: bool = True) -> ArchivedSnapshots:
    return await archive_snapshots(ArchiveSnapshots(repo=str(tree.of.path), snapshots=known, is_last=is_last))


def own_refs(tree: Tree) -> list[str]:
    return tree.of.git("for-each-ref", "--format=%(refname)", "refs/compas/snap/").split()


def reachable(tree: Tree) -> set[str]:
    return set(tree.of.git("rev-list", ARCHIVE).split())


async def test_they_are_reachable_below_one_ref_and_have_none_of_their_own(tree: Tree) -> None:
    known = await snapshots(tree, "e1", "e2", "e3")
    done = await archive(tree, {name: known[name] for name in ("e1", "e2")})
    assert (done.ref, done.archived, done.absent, done.left) == (ARCHIVE, ("e1", "e2"), (), ())
    assert own_refs(tree) == ["refs/compas/snap/e3"]
    tree.of.git("reflog", "expire", "--expire=now", "--all")
    tree.of.git("gc", "--prune=now", "--quiet")
    assert tree.of.git("show", f"{known['e1']}:a.txt") == "what e1 left"
    later = await archive(tree, {"e3": known["e3"]})
    assert tree.tip(ARCHIVE) == later.commit
    assert set(known.values()) <= reachable(tree)
    assert own_refs(tree) == []


async def test_what_names_something_else_than_the_log_says_is_left_alone(tree: Tree) -> None:
    known = await snapshots(tree, "e1", "e2")
    tree.of.git("update-ref", "refs/compas/snap/e1", "main")
    tree.of.git("symbolic-ref", "refs/compas/snap/e4", "refs/compas/snap/e2")
    done = await archive(tree, {**known, "e4": known["e2"], "gone": known["e1"]})
    assert (done.archived, done.absent, done.left) == (("e2",), ("gone",), ("e1", "e4"))
    assert "refs/compas/snap/e1" in own_refs(tree)


async def test_nothing_to_gather_makes_nothing(tree: Tree) -> None:
    done = await archive(tree, {"gone": "1" * 40})
    assert (done.commit, done.absent) == (None, ("gone",))
    assert tree.of.git("for-each-ref", ARCHIVE) == ""


@pytest.mark.parametrize("command", ["update-ref --no-deref", "update-ref --stdin"])
@pytest.mark.parametrize("after", [False, True])
async def test_git_that_is_killed_in_the_middle_loses_none(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str, *, after: bool
) -> None:
    known = await snapshots(tree, "e1", "e2")
    with monkeypatch.context() as patch:
        kill_git(patch, tmp_path / "git", command, after=after)
        with pytest.raises(GitError):
            await archive(tree, known)
    has_refs = {name for name in known if f"refs/compas/snap/{name}" in own_refs(tree)}
    assert has_refs == set(known) or set(known.values()) <= reachable(tree)
    done = await archive(tree, known)
    assert sorted((*done.archived, *done.absent)) == ["e1", "e2"]
    assert set(known.values()) <= reachable(tree)
    assert own_refs(tree) == []


async def test_a_ref_in_its_place_that_somebody_else_made_moves_nothing(tree: Tree) -> None:
    known = await snapshots(tree, "e1")
    tree.of.git("symbolic-ref", ARCHIVE, "refs/heads/main")
    before = tree.tip("main")
    with pytest.raises(GitRefused, match="Nothing but compas writes there"):
        await archive(tree, known)
    assert tree.tip("main") == before
    assert own_refs(tree) == ["refs/compas/snap/e1"]
