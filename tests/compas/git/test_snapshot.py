"""What is in a worktree is recorded, and neither its files nor its index are touched."""
# ruff: noqa: ASYNC240 - the test plays the operator, who blocks nobody

import os
from pathlib import Path

import pytest
from git_operator import NewRepo, Repo
from hypothesis import given
from hypothesis import strategies as st

from compas.git.errors import GitRefused
from compas.git.messages import FileChange, Snapshot, TakeSnapshot
from compas.git.snapshot import parse_name_status, take_snapshot

names = st.binary(min_size=1, max_size=8).filter(lambda name: b"\0" not in name)


async def snap(repo: Repo, execution: str = "e1") -> Snapshot:
    return await take_snapshot(TakeSnapshot(epoch=1, worktree=str(repo), execution=execution, message="After e1"))


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
async def test_everything_but_ignored_files_is_recorded_and_nothing_is_touched(repo: Repo) -> None:
    head = repo.commit("ignore", _gitignore="*.log\n")
    repo.write("a.txt", "changed\n")
    repo.write("b.txt", "staged\n")
    repo.git("add", "b.txt")
    repo.write("b.txt", "staged, then changed\n")
    repo.write("new/ä", "untracked")
    repo.write("x.log", "ignored")
    before, index = repo.status(), Path(repo.path, ".git", "index").read_bytes()
    taken = await snap(repo)
    assert (taken.dirty, taken.head, taken.total, taken.left_out) == (True, head, 3, None)
    assert {(file.letter, file.path) for file in taken.files} == {
        ("M", "a.txt"),
        ("M", "b.txt"),
        ("A", "new/ä"),
    }
    assert repo.git("show", f"{taken.commit}:b.txt") == "staged, then changed"
    assert repo.tip("refs/compas/snap/e1") == taken.commit
    assert repo.tip(f"{taken.commit}^") == head
    assert (repo.status(), Path(repo.path, ".git", "index").read_bytes()) == (before, index)
    assert not list(Path(repo.path, ".git").glob("compas-snapshot*"))


@pytest.mark.system
async def test_a_repeat_returns_the_recorded_snapshot_whatever_happened_since(repo: Repo) -> None:
    repo.write("new", "1")
    first = await snap(repo)
    repo.write("new", "2")
    repo.commit("later")
    assert await snap(repo) == first
    assert (await snap(repo, "e2")).commit == repo.tip()


@pytest.mark.system
async def test_a_clean_checkout_is_its_head(repo: Repo) -> None:
    taken = await snap(repo)
    assert (taken.commit, taken.head, taken.dirty, taken.files) == (repo.tip(), repo.tip(), False, ())
    assert await snap(repo) == taken


@pytest.mark.system
async def test_a_change_in_the_same_instant_and_of_the_same_size_is_seen(repo: Repo) -> None:
    path = repo.write("a.txt", "1\n")
    repo.commit("one")
    index = Path(repo.path, ".git", "index")
    path.write_text("2\n")
    times = (index.stat().st_atime_ns, index.stat().st_mtime_ns)
    entry = path.stat()
    os.utime(path, ns=(entry.st_atime_ns, times[1]))
    assert (await snap(repo)).dirty


@pytest.mark.system
async def test_the_middle_of_a_merge_is_recorded_with_its_markers(repo: Repo) -> None:
    repo.git("checkout", "-q", "-b", "side")
    repo.commit("side", a_txt="side\n")
    repo.git("checkout", "-q", "main")
    repo.commit("main", a_txt="main\n")
    repo.git("merge", "side", check=False)
    taken = await snap(repo)
    assert "<<<<<<<" in repo.git("show", f"{taken.commit}:a.txt")
    assert "UU a.txt" in repo.status()


@pytest.mark.system
async def test_what_cannot_be_recorded_is_said(repo: Repo) -> None:
    for name in ("no-commit", "with-commit"):
        repo.git("init", "-q", name)
        repo.write(f"{name}/inner")
    repo.git("config", "user.name", "x", at=repo.path / "with-commit")
    repo.git("config", "user.email", "x", at=repo.path / "with-commit")
    repo.commit("inner", at=repo.path / "with-commit")
    repo.write("mine")
    taken = await snap(repo)
    assert "mine" in {file.path for file in taken.files}
    assert taken.left_out is not None
    assert "no-commit" in taken.left_out
    assert "with-commit" in taken.left_out
    assert (await snap(repo)).left_out == taken.left_out


@pytest.mark.system
async def test_an_empty_repository_is_refused(new_repo: NewRepo) -> None:
    with pytest.raises(GitRefused) as caught:
        await snap(new_repo(empty=True))
    assert caught.value.code == "empty_repository"
