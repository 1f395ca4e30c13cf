"""Claude Code's own `mcp` command and the stand-in for it, through one suite.

The real one takes part where COMPAS_TEST_CLAUDE names its executable; it gets a home of its own.
"""

import json
import os
import sys
from pathlib import Path

import pytest

from compas.setup.editors.claude import ClaudeCode
from compas.setup.editors.registering import register, unregister
from compas.setup.errors import SetupError
from compas.setup.registration import Entry
from tests.kit.places import FAKE_CLAUDE

pytestmark = pytest.mark.system

REAL = os.environ.get("COMPAS_TEST_CLAUDE")
KINDS = ["stand-in", *(["real"] if REAL else [])]

FIRST = Entry(command="/opt/a b/compas", args=("mcp-server",))
SECOND = Entry(command="/opt/compas", args=("mcp-server", "--config", "/x y/config.yaml"))


@pytest.fixture(params=KINDS)
def claude(request: pytest.FixtureRequest, tmp_path: Path) -> ClaudeCode:
    """Return Claude Code in a home of its own."""
    home, programs = tmp_path / "home", tmp_path / "bin"
    home.mkdir()
    programs.mkdir()
    program = programs / "claude"
    if request.param == "real":
        assert REAL is not None
        program.symlink_to(Path(REAL).absolute())
    else:
        program.write_text(f"#!{sys.executable}\n{FAKE_CLAUDE.read_text()}")
        program.chmod(0o755)
    quiet = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"}
    return ClaudeCode({"HOME": str(home), "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", **quiet})


def test_what_is_added_is_read_back_replaced_and_removed(claude: ClaudeCode) -> None:
    assert claude.registered() is None
    for entry in (FIRST, SECOND):
        assert register(claude, entry).outcome == "changed"
        assert register(claude, entry).outcome == "unchanged"
        found = claude.registered()
        assert found is not None
        assert (found.command, found.args) == (entry.command, entry.args)
    assert unregister(claude, FIRST).outcome == "changed"
    assert unregister(claude, FIRST).outcome == "unchanged"
    assert claude.registered() is None


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
