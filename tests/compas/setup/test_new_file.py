"""A file is put in place whole or not at all, and what stood there before is kept."""

import errno
import os
import stat
from pathlib import Path

import pytest

from compas.setup.errors import SetupError
from compas.setup.new_file import replace, write_new


def at() -> float:
    return 1_700_000_000.0


def test_a_new_file_is_private_and_so_are_the_folders_made_for_it(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    write_new(path, "text é\n")
    assert path.read_text(encoding="utf-8") == "text é\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("kind", ["file", "directory", "dangling link"])
def test_whatever_is_there_already_is_not_replaced(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file"
    if kind == "file":
        path.write_text("mine")
    elif kind == "directory":
        path.mkdir()
    else:
        path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(SetupError, match="there already"):
        write_new(path, "new")
    assert list(tmp_path.iterdir()) == [path]
    if kind == "file":
        assert path.read_text() == "mine"


def test_each_replacement_keeps_a_copy_also_within_one_second(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"first \xff")
    copies = [replace(path, text, at) for text in ("second", "third")]
    assert [copy.read_bytes() for copy in copies] == [b"first \xff", b"second"]
    assert path.read_text() == "third"
    assert copies[0].name == "file.20231114-221320.bak"
    assert {stat.S_IMODE(each.stat().st_mode) for each in (path, *copies)} == {0o600}


def test_a_link_goes_on_leading_to_the_file_that_is_replaced(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.write_text("old")
    link = tmp_path / "link"
    link.symlink_to("real")
    replace(link, "new", at)
    assert (os.readlink(link), real.read_text()) == ("real", "new")


def test_a_file_that_others_may_read_can_be_kept_so(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o664)
    copy = replace(path, "new", at, keeps_access=True)
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(copy.stat().st_mode)) == (0o664, 0o600)


def test_a_folder_is_no_file_to_replace(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(SetupError, match="not a file"):
        replace(path, "new", at)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_a_killed_process_of_our_number_left_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / f".file.{os.getpid()}.new").write_text("half")
    write_new(tmp_path / "file", "whole")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_file_system_without_hard_links_gets_the_file_and_still_none_in_place_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(source: Path, target: Path) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted", str(source))

    monkeypatch.setattr(os, "link", link)
    path = tmp_path / "file"
    write_new(path, "new")
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("file", "new")]
    with pytest.raises(SetupError, match="there already"):
        write_new(path, "newer")
    assert path.read_text() == "new"
