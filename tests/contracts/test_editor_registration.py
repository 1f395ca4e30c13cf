"""Every editor that compas can be registered with, through one suite; Claude Code by its command as well.

That is a stand-in's, and the real one's where the agent CLIs of the tests are installed, in a home of its own.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from compas.backends.profiles import BY_NAME
from compas.setup.editors.catalogue import SUPPORTED, build_editor
from compas.setup.editors.claude import ClaudeCode
from compas.setup.editors.editor import Editor
from compas.setup.editors.registering import register, unregister
from compas.setup.errors import SetupError
from compas.setup.registration import Entry
from tests.kit.places import FAKE_CLAUDE
from tests.real_clis.install import command_of

pytestmark = pytest.mark.system

COMMANDS = ["stand-in", *(["real"] if command_of("claude").exists() else [])]
FILES = [f"{profile.name} for {whom}" for profile in SUPPORTED for whom in ("a user", "a project")]

FIRST = Entry(command="/opt/a b/compas", args=("mcp-server",))
SECOND = Entry(command="/opt/compas", args=("mcp-server", "--config", "/x y/config.yaml"))


def open_claude(kind: str, place: Path) -> ClaudeCode:
    """Return Claude Code in a home of its own, as its command has it."""
    home, programs = place / "home", place / "bin"
    home.mkdir()
    programs.mkdir()
    program = programs / "claude"
    if kind == "real":
        program.symlink_to(command_of("claude").absolute())
    else:
        program.write_text(f"#!{sys.executable}\n{FAKE_CLAUDE.read_text()}")
        program.chmod(0o755)
    quiet = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"}
    return ClaudeCode({"HOME": str(home), "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", **quiet})


@pytest.fixture(params=COMMANDS)
def claude(request: pytest.FixtureRequest, tmp_path: Path) -> ClaudeCode:
    """Return Claude Code by its command."""
    return open_claude(request.param, tmp_path)


@pytest.fixture(params=[*COMMANDS, *FILES])
def editor(request: pytest.FixtureRequest, tmp_path: Path) -> Editor:
    """Return each editor, by its command or its file."""
    if request.param in COMMANDS:
        return open_claude(request.param, tmp_path)
    name, _, whom = request.param.partition(" for ")
    environ: Mapping[str, str] = {"HOME": str(tmp_path), "PATH": ""}
    return build_editor(BY_NAME[name], environ, tmp_path / "project" if whom == "a project" else None)


def test_what_is_added_is_read_back_replaced_and_removed(editor: Editor) -> None:
    assert editor.registered() is None
    for entry in (FIRST, SECOND):
        assert register(editor, entry).outcome == "changed"
        assert register(editor, entry).outcome == "unchanged"
        found = editor.registered()
        assert found is not None
        assert (found.command, found.args) == (entry.command, entry.args)
    assert unregister(editor, FIRST).outcome == "changed"
    assert unregister(editor, FIRST).outcome == "unchanged"
    assert editor.registered() is None


def test_only_saying_what_would_be_done_does_nothing(editor: Editor) -> None:
    assert FIRST.in_words() in register(editor, FIRST, is_dry=True).text
    assert editor.registered() is None
    register(editor, FIRST)
    before = editor.file.read_bytes()
    assert SECOND.in_words() in register(editor, SECOND, is_dry=True).text
    assert unregister(editor, FIRST, is_dry=True).outcome == "would_change"
    assert editor.file.read_bytes() == before


def test_what_is_not_ours_is_neither_replaced_nor_removed(editor: Editor) -> None:
    editor.add(Entry(command="/opt/navigation", args=("serve",)))
    before = editor.file.read_bytes()
    for act in (register, unregister):
        with pytest.raises(SetupError, match="/opt/navigation serve"):
            act(editor, FIRST)
    assert editor.file.read_bytes() == before


def test_a_second_entry_of_the_name_is_refused_with_its_words(claude: ClaudeCode) -> None:
    claude.add(FIRST)
    with pytest.raises(SetupError, match="already exists"):
        claude.add(SECOND)
    found = claude.registered()
    assert found is not None
    assert found.command == FIRST.command


def test_removing_what_is_not_there_is_refused(claude: ClaudeCode) -> None:
    with pytest.raises(SetupError, match='No MCP server named "compas"'):
        claude.remove()


def test_the_file_is_where_it_is_looked_for_and_keeps_other_servers(claude: ClaudeCode) -> None:
    other = {"type": "stdio", "command": "mine", "args": [], "env": {}}
    claude.file.write_text(json.dumps({"mcpServers": {"my-compas": other}}))
    register(claude, FIRST)
    unregister(claude, FIRST)
    assert json.loads(claude.file.read_text())["mcpServers"] == {"my-compas": other}
