"""A settings file is changed whole or not at all, and says why not."""

import os
import resource
import stat
from pathlib import Path

import pytest

from compas.setup.errors import SetupError
from compas.setup.settings.jsonc import Json
from compas.setup.settings.settings_file import SettingsFile
from compas.setup.settings.toml import Toml

ENTRY = {"command": "/opt/compas", "args": ["mcp-server"]}


def settings(path: Path) -> SettingsFile:
    return SettingsFile(path, Json(comments=True), ("mcp", "compas"))


def test_a_link_is_followed_and_the_file_keeps_its_mode_and_leaves_a_copy(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "real.json"
    real.parent.mkdir()
    real.write_bytes(b'{"a": 1} // \xc3\xa9\r\n')
    real.chmod(0o640)
    link = tmp_path / "settings.json"
    link.symlink_to("dotfiles/real.json")
    copy = settings(link).add(ENTRY)
    assert copy is not None
    assert copy.read_bytes() == b'{"a": 1} // \xc3\xa9\r\n'
    assert os.readlink(link) == "dotfiles/real.json"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert settings(link).entry() == ENTRY
    settings(link).remove()
    assert real.read_bytes() == b'{"a": 1} // \xc3\xa9\r\n'
    assert all(path.suffix in (".json", ".bak") for path in real.parent.iterdir())


def test_a_link_that_leads_nowhere_gets_its_file(tmp_path: Path) -> None:
    (tmp_path / "settings.json").symlink_to("later.json")
    assert settings(tmp_path / "settings.json").add(ENTRY) is None
    assert settings(tmp_path / "later.json").entry() == ENTRY


def test_what_else_an_entry_says_stays_when_it_is_changed(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text('{"mcp": {"compas": {"env": {"A": "b"}, "command": "old" /* mine */}}}')
    settings(file).change({"command": "new"})
    assert file.read_text() == '{"mcp": {"compas": {"env": {"A": "b"}, "command": "new" /* mine */}}}'


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"[1]", "the whole is a list"),
        (b'{"mcp": "x"}', "mcp is a text"),
        (b'{"mcp": null}', "mcp is null"),
        (b'{"mcp": {"compas": 1}}', "mcp.compas is a value"),
        (b"{", "cannot be understood"),
        (b'{"a": "\xff"}', "not in UTF-8"),
        (b'{"mcp": {}, "mcp": {}}', "twice"),
    ],
)
def test_a_file_of_another_form_is_refused_and_not_touched(tmp_path: Path, content: bytes, why: str) -> None:
    file = tmp_path / "settings.json"
    file.write_bytes(content)
    with pytest.raises(SetupError, match=why) as raised:
        settings(file).add(ENTRY)
    assert str(file) in str(raised.value)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("settings.json", content)]


def test_a_change_that_the_language_does_not_take_is_left_to_a_person(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("mcp_servers = { other = { command = 'x' } }\n")
    with pytest.raises(SetupError, match="with a text editor"):
        SettingsFile(file, Toml(), ("mcp_servers", "compas")).add(ENTRY)
    assert file.read_text() == "mcp_servers = { other = { command = 'x' } }\n"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("content", [None, "{}"])
def test_a_file_that_cannot_be_written_is_reported_and_as_it_was(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "settings.json"
    if content is not None:
        file.write_text(content)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, limits[1]))
    try:
        with pytest.raises(SetupError, match=r"cannot write .*settings\.json: File too large"):
            settings(file).add(ENTRY)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert {path.name: path.read_text() for path in tmp_path.iterdir() if path.suffix != ".bak"} == (
        {} if content is None else {"settings.json": content}
    )


def test_a_directory_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match=r"cannot read .*: Not a directory"):
        settings(tmp_path / "file" / "settings.json").add(ENTRY)
