"""What compas reads and writes in git directories, where an agent may have put anything."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from compas.git.plain_files import read_plain, replace_plain
from compas.git.worktree.ignore import exclude_worktrees
from compas.git.worktree.registration import Registration, read_all_registrations, read_registration, write_registration
from tests.kit.git.git_operator import Repo

Put = Callable[[Path], object]

NO_FILES: dict[str, Put] = {
    "a pipe": os.mkfifo,
    "a directory": Path.mkdir,
    "a link": lambda path: path.symlink_to("elsewhere"),
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
    "nothing": lambda path: None,
}


@pytest.mark.parametrize("put", NO_FILES.values(), ids=NO_FILES)
def test_what_is_no_plain_file_is_not_read_and_nobody_waits_for_it(tmp_path: Path, put: Put) -> None:
    (tmp_path / "elsewhere").write_text("secret")
    put(tmp_path / "file")
    assert read_plain(str(tmp_path / "file")) is None


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    assert (read_plain(str(tmp_path / "file"), 5), read_plain(str(tmp_path / "file"), 4)) == (b"12345", None)


@pytest.mark.parametrize("put", [os.mkfifo, NO_FILES["a link"]], ids=["a pipe", "a link"])
def test_what_stands_in_the_place_of_a_file_is_replaced_and_not_written_through(tmp_path: Path, put: Put) -> None:
    (tmp_path / "elsewhere").write_text("kept")
    put(tmp_path / "file")
    replace_plain(str(tmp_path / "file"), b"new")
    assert read_plain(str(tmp_path / "file")) == b"new"
    assert (tmp_path / "elsewhere").read_text() == "kept"


@pytest.mark.parametrize("put", NO_FILES.values(), ids=NO_FILES)
def test_a_record_that_is_no_file_proves_nothing_and_is_written_again(tmp_path: Path, put: Put) -> None:
    (tmp_path / "compas/worktrees").mkdir(parents=True)
    put(tmp_path / "compas/worktrees/t1.json")
    assert read_registration(str(tmp_path), "t1") is None
    assert read_all_registrations(str(tmp_path)) == []
    if not (tmp_path / "compas/worktrees/t1.json").is_dir():
        made = Registration(thread="t1", path="/t1", ready=True)
        write_registration(str(tmp_path), made)
        assert read_registration(str(tmp_path), "t1") == made


@pytest.mark.system
@pytest.mark.parametrize("put", [os.mkfifo, NO_FILES["a link"]], ids=["a pipe", "a link"])
def test_nothing_is_added_to_what_an_ignore_file_leads_to(repo: Repo, put: Put) -> None:
    exclude = repo.path / ".git/info/exclude"
    exclude.parent.mkdir(exist_ok=True)
    exclude.unlink(missing_ok=True)
    (exclude.parent / "elsewhere").write_text("kept\n")
    put(exclude)
    exclude_worktrees(str(repo.path / ".git"))
    assert (exclude.parent / "elsewhere").read_text() == "kept\n"
