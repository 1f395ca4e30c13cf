"""What is in a worktree is recorded, and neither its files nor its index are touched."""

import os
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compas.git.errors import GitRefused
from compas.git.protocol.worktrees import FileChange, Snapshot, TakeSnapshot
from compas.git.work.snapshot import parse_name_status, take_snapshot
from tests.kit.git.git_operator import Tree, tree_of

names = st.binary(min_size=1, max_size=8).filter(lambda name: b"\0" not in name)


async def snap(tree: Tree, execution: str = "e1", at: float | None = None) -> Snapshot:
    request = TakeSnapshot(of=tree_of(tree.of, tree), execution=execution, at=at)
    return await take_snapshot(request)


@given(st.lists(st.tuples(st.sampled_from("AMDTRC"), names, names), max_size=6))
def test_every_change_is_read_back_as_it_was_printed(changes: list[tuple[str, bytes, bytes]]) -> None:
    printed, expected = b"", []
    for letter, old, new in changes:
        if letter in "RC":
            printed += b"%b100\0%b\0%b\0" % (letter.encode(), old, new)
            expected.append(FileChange(letter=letter, old_path=_shown(old), path=_shown(new)))
        else:
            printed += b"%b\0%b\0" % (letter.encode(), new)
            expected.append(FileChange(letter=letter, path=_shown(new)))
    assert list(parse_name_status(printed)) == expected


def _shown(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")


@pytest.mark.system
async def test_everything_but_ignored_files_is_recorded_and_nothing_is_touched(tree: Tree) -> None:
    head = tree.commit("ignore", _gitignore="*.log\n")
    tree.write("a.txt", "changed\n")
    tree.write("b.txt", "staged\n")
    tree.git("add", "b.txt")
    tree.write("b.txt", "staged, then changed\n")
    tree.write("new/ä", "untracked")
    tree.write("x.log", "ignored")
    before, index = tree.status(), (tree.git_dir / "index").read_bytes()
    taken = await snap(tree)
    assert (taken.dirty, taken.head, taken.total, taken.left_out) == (True, head, 3, None)
    assert {(file.letter, file.path) for file in taken.files} == {
        ("M", "a.txt"),
        ("M", "b.txt"),
        ("A", "new/ä"),
    }
    assert tree.git("show", f"{taken.commit}:b.txt") == "staged, then changed"
    assert tree.tip("refs/compas/snap/e1") == taken.commit
    assert tree.tip(f"{taken.commit}^") == head
    assert (tree.status(), (tree.git_dir / "index").read_bytes()) == (before, index)
    assert not list(tree.git_dir.glob("compas-snapshot*"))


@pytest.mark.system
async def test_a_repeat_makes_the_very_same_commit_and_any_other_is_refused(tree: Tree) -> None:
    tree.write("new", "1")
    first = await snap(tree, at=1_700_000_000.5)
    assert await snap(tree, at=1_700_000_000.5) == first
    assert tree.git("show", "-s", "--format=%an %at %cn %ct %B", first.commit).split("\n")[0] == (
        "compas 1700000000 compas 1700000000 compas: what execution e1 left uncommitted"
    )
    tree.write("new", "2")
    with pytest.raises(GitRefused, match=first.commit) as caught:
        await snap(tree, at=1_700_000_000.5)
    assert caught.value.code == "snapshot_taken_over"
    assert tree.tip("refs/compas/snap/e1") == first.commit
    tree.commit("later")
    assert (await snap(tree, "e2")).commit == tree.tip()


@pytest.mark.system
async def test_a_clean_checkout_is_its_head(tree: Tree) -> None:
    taken = await snap(tree)
    assert (taken.commit, taken.head, taken.dirty, taken.files) == (tree.tip(), tree.tip(), False, ())
    assert await snap(tree) == taken


@pytest.mark.system
async def test_a_change_in_the_same_instant_and_of_the_same_size_is_seen(tree: Tree) -> None:
    path = tree.write("a.txt", "1\n")
    tree.commit("one")
    index = tree.git_dir / "index"
    path.write_text("2\n")
    times = (index.stat().st_atime_ns, index.stat().st_mtime_ns)
    entry = path.stat()
    os.utime(path, ns=(entry.st_atime_ns, times[1]))
    assert (await snap(tree)).dirty


@pytest.mark.system
async def test_the_middle_of_a_merge_is_recorded_with_its_markers(tree: Tree) -> None:
    tree.git("checkout", "-q", "-b", "side")
    tree.commit("side", a_txt="side\n")
    tree.git("checkout", "-q", "compas/t1")
    tree.commit("main", a_txt="main\n")
    tree.git("merge", "side", check=False)
    taken = await snap(tree)
    assert "<<<<<<<" in tree.git("show", f"{taken.commit}:a.txt")
    assert "UU a.txt" in tree.status()


@pytest.mark.system
async def test_what_cannot_be_recorded_is_said(tree: Tree) -> None:
    for name in ("no-commit", "with-commit"):
        tree.git("init", "-q", name)
        tree.write(f"{name}/inner")
    tree.git("config", "user.name", "x", at=tree.path / "with-commit")
    tree.git("config", "user.email", "x", at=tree.path / "with-commit")
    tree.commit("inner", at=tree.path / "with-commit")
    tree.write("mine")
    taken = await snap(tree)
    assert "mine" in {file.path for file in taken.files}
    assert taken.left_out is not None
    assert "no-commit" in taken.left_out
    assert "with-commit" in taken.left_out
    assert (await snap(tree)).left_out == taken.left_out


@pytest.mark.system
async def test_a_head_without_a_commit_is_refused(tree: Tree) -> None:
    tree.git("checkout", "-q", "--orphan", "fresh")
    with pytest.raises(GitRefused) as caught:
        await snap(tree)
    assert caught.value.code == "empty_repository"


def a_ref(tree: Tree, harmless: str) -> None:
    tree.git("update-ref", "refs/compas/snap/e1", harmless)


def another_name(tree: Tree, harmless: str) -> None:
    tree.git("symbolic-ref", "refs/compas/snap/e1", "refs/heads/compas/t1")


def refs_below_it(tree: Tree, harmless: str) -> None:
    tree.git("update-ref", "refs/compas/snap/e1/below", harmless)


def a_lock(tree: Tree, harmless: str) -> None:
    tree.write("refs/compas/snap/e1.lock", "", at=tree.of.path / ".git")


@pytest.mark.system
@pytest.mark.parametrize("put", [a_ref, another_name, refs_below_it, a_lock])
async def test_a_ref_that_the_agent_made_first_is_no_snapshot(tree: Tree, put: Callable[[Tree, str], None]) -> None:
    harmless = tree.commit("harmless", new_txt="harmless\n")
    put(tree, harmless)
    harmful = tree.commit("harmful", new_txt="harmful\n")
    with pytest.raises(GitRefused, match="refs/compas/snap/e1") as caught:
        await snap(tree)
    assert caught.value.code == "snapshot_taken_over"
    assert tree.tip("refs/heads/compas/t1") == harmful


@pytest.mark.system
async def test_another_name_that_leads_nowhere_becomes_the_snapshot_itself(tree: Tree) -> None:
    tree.git("symbolic-ref", "refs/compas/snap/e1", "refs/heads/of-the-agent")
    taken = await snap(tree)
    assert not tree.has("refs/heads/of-the-agent")
    assert tree.git("for-each-ref", "--format=%(objectname) %(symref)", "refs/compas/snap/e1").strip() == taken.commit


@pytest.mark.system
async def test_a_snapshot_is_the_same_commit_whatever_is_configured(tree: Tree) -> None:
    tree.write("new", "1")
    first = await snap(tree, at=1_700_000_000)
    tree.git("update-ref", "-d", "refs/compas/snap/e1")
    for key, value in {"i18n.commitEncoding": "ISO-8859-1", "user.name": "Other", "commit.gpgSign": "true"}.items():
        tree.git("config", key, value)
    assert (await snap(tree, at=1_700_000_000)).commit == first.commit
