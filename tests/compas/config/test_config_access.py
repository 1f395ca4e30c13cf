"""A config that another user could change is not used in silence: it says which programs run."""

import stat
from pathlib import Path

import pytest

from compas.config.access import Access, Place, judge, look_at_access
from compas.config.load import load
from tests.kit.config.config_desk import Desk

FILE, DIRECTORY = stat.S_IFREG, stat.S_IFDIR


def test_a_config_that_every_user_can_write_is_refused_with_its_mode_and_the_remedy(desk: Desk) -> None:
    path = desk.write(desk.with_agent(""))
    path.chmod(0o666)
    said = desk.error(desk.with_agent(""))
    assert f"every user of this machine can write {path} (mode 0666)" in said
    assert f"chmod o-w {path}" in said
    path.chmod(0o644)
    assert load(path, environ=desk.environ).config.agents


def test_a_directory_in_which_every_user_can_put_another_config_is_refused(desk: Desk) -> None:
    desk.directory.chmod(0o777)
    assert f"can write {desk.directory} (mode 0777)" in desk.error(desk.with_agent(""))


def test_a_directory_where_users_cannot_touch_each_others_files_is_fine(desk: Desk) -> None:
    desk.directory.chmod(0o1777)
    assert desk.warnings(desk.with_agent("")) == []


def test_a_link_is_followed_to_what_is_read(desk: Desk, tmp_path: Path) -> None:
    path = desk.write(desk.with_agent(""))
    link = tmp_path / "linking" / "link.yaml"
    link.parent.mkdir()
    link.symlink_to(path)
    assert look_at_access(link) == Access()
    path.chmod(0o646)
    assert str(path) in (look_at_access(link).refusal or "")
    path.chmod(0o644)
    link.parent.chmod(0o777)
    assert str(link.parent) in (look_at_access(link).refusal or "")


def test_what_is_not_there_is_no_matter_of_access(tmp_path: Path) -> None:
    assert look_at_access(tmp_path / "nothing.yaml") == Access()


def test_a_file_of_ones_own_group_is_fine() -> None:
    assert judge([Place(path="/c", mode=FILE | 0o664), Place(path="/", mode=DIRECTORY | 0o775)]) == Access()


@pytest.mark.parametrize("kind", [FILE, DIRECTORY])
def test_a_group_of_several_is_a_doubt_that_names_it(kind: int) -> None:
    found = judge([Place(path="/c d", mode=kind | 0o664, group="staff")])
    (doubt,) = found.doubts
    assert found.refusal is None
    assert "the group staff can write /c d (mode 0664)" in doubt
    assert "chmod g-w '/c d'" in doubt


def test_another_owner_is_a_doubt_that_names_them() -> None:
    found = judge([Place(path="/c", mode=FILE | 0o600, owner="eve")])
    assert found == Access(doubts=("/c belongs to eve, who can make agents run anything by it",))
