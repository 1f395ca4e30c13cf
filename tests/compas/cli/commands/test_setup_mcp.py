"""`compas setup-mcp` as a process, with a stand-in for Claude Code."""

import json

import pytest

from tests.kit.cli.setup_desk import Desk, tree

pytestmark = pytest.mark.system

OTHERS = {"numStartups": 3, "mcpServers": {"my-compas": {"command": "mine", "args": ["mcp-server"]}}, "z": [1]}


# proves: c-config-dashboard 83
def test_the_second_time_changes_nothing_and_says_so(desk: Desk) -> None:
    desk.install_claude()
    first = desk.compas("setup-mcp", "--tool", "claude")
    assert (first.returncode, first.stderr) == (0, "")
    assert desk.servers()["compas"]["command"] == str(desk.bin / "compas")
    assert desk.servers()["compas"]["args"] == ["mcp-server"]
    before = tree(desk.home)
    second = desk.compas("setup-mcp", "--tool", "claude")
    assert (second.returncode, tree(desk.home)) == (0, before)
    assert "already" in second.stdout
    removed = desk.compas("setup-mcp", "--tool", "claude", "--remove")
    assert (removed.returncode, desk.servers()) == (0, {})
    before = tree(desk.home)
    again = desk.compas("setup-mcp", "--tool", "claude", "--remove")
    assert (again.returncode, tree(desk.home)) == (0, before)
    assert "nothing to remove" in again.stdout


# proves: c-config-dashboard 84
def test_a_dry_run_starts_nothing_and_changes_nothing(desk: Desk) -> None:
    desk.install_claude()
    calls = desk.home / "calls"
    added = desk.compas("setup-mcp", "--tool", "claude", "--dry-run", FAKE_CLAUDE_CALLS=str(calls))
    assert (added.returncode, tree(desk.home)) == (0, {})
    assert f"claude mcp add --scope user --transport stdio compas -- {desk.bin}/compas mcp-server" in added.stdout
    desk.compas("setup-mcp", "--tool", "claude")
    before = tree(desk.home)
    removed = desk.compas("setup-mcp", "--tool", "claude", "--dry-run", "--remove", FAKE_CLAUDE_CALLS=str(calls))
    assert (removed.returncode, tree(desk.home)) == (0, before)
    assert "claude mcp remove compas" in removed.stdout


# proves: c-config-dashboard 86
def test_a_server_of_a_similar_name_is_not_ours(desk: Desk) -> None:
    desk.install_claude()
    desk.claude_file.write_text(json.dumps(OTHERS))
    assert "nothing to remove" in desk.compas("setup-mcp", "--tool", "claude", "--remove").stdout
    assert json.loads(desk.claude_file.read_text()) == OTHERS
    assert desk.compas("setup-mcp", "--tool", "claude").returncode == 0
    assert set(desk.servers()) == {"my-compas", "compas"}
    desk.compas("setup-mcp", "--tool", "claude", "--remove")
    assert json.loads(desk.claude_file.read_text()) == OTHERS


# proves: c-config-dashboard 87
def test_an_unknown_editor_exits_with_one_and_names_the_choices(desk: Desk) -> None:
    done = desk.compas("setup-mcp", "--tool", "vscode")
    assert (done.returncode, done.stdout, tree(desk.home)) == (1, "", {})
    assert "claude, codex, gemini, opencode" in done.stderr


# proves: c-config-dashboard 87
@pytest.mark.parametrize("tool", ["claude", "Codex", "gemini", "opencode"])
def test_an_editor_that_is_named_is_set_up_in_its_file_before_it_is_installed(desk: Desk, tool: str) -> None:
    done = desk.compas("setup-mcp", "--tool", tool)
    assert (done.returncode, done.stderr) == (0, "")
    assert "is not on PATH; to install it: npm install -g" in done.stdout
    ((name, content),) = tree(desk.home).items()
    assert f"{desk.home}/{name}" in done.stdout
    assert f"{desk.bin}/compas" in content.decode()
    assert desk.compas("setup-mcp", "--tool", tool, "--remove").returncode == 0
    assert "compas" not in (desk.home / name).read_text()


def test_without_a_tool_named_a_machine_without_editors_is_fine(desk: Desk) -> None:
    done = desk.compas("setup-mcp")
    assert done.returncode == 0
    assert "not installed" in done.stdout


def test_an_editor_that_fails_is_quoted_and_the_exit_code_says_so(desk: Desk) -> None:
    desk.install_claude()
    done = desk.compas("setup-mcp", "--tool", "claude", FAKE_CLAUDE_TROUBLE="fail")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no room for another server" in done.stderr


def test_an_editor_that_only_says_it_did_it_is_found_out(desk: Desk) -> None:
    desk.install_claude()
    done = desk.compas("setup-mcp", "--tool", "claude", FAKE_CLAUDE_TROUBLE="lie")
    assert done.returncode == 1
    assert "nothing of it" in done.stderr


def test_another_config_is_named_to_the_editor_and_takes_the_place_of_the_old_entry(desk: Desk) -> None:
    desk.install_claude()
    desk.compas("setup-mcp")
    settings = json.loads(desk.claude_file.read_text())
    settings["mcpServers"]["compas"]["env"] = {"KEEP": "me"}
    desk.claude_file.write_text(json.dumps(settings))
    done = desk.compas("setup-mcp", "--config", "a b.yaml")
    assert done.returncode == 0
    entry = desk.servers()["compas"]
    assert entry["args"] == ["mcp-server", "--config", str(desk.repository / "a b.yaml")]
    assert entry["env"] == {"KEEP": "me"}
    (copy,) = desk.home.glob(".claude.json.*.bak")
    assert json.loads(copy.read_text()) == settings


def test_an_entry_whose_replacement_is_refused_is_put_back(desk: Desk) -> None:
    desk.install_claude()
    desk.compas("setup-mcp")
    before = desk.servers()
    done = desk.compas("setup-mcp", "--config", "other.yaml", FAKE_CLAUDE_TROUBLE="picky")
    assert done.returncode == 1
    assert "no arguments with dashes" in done.stderr
    assert "put back" in done.stderr
    assert desk.servers() == before


def test_an_entry_that_cannot_be_put_back_either_is_said_to_be_lost_with_the_place_of_its_copy(desk: Desk) -> None:
    desk.install_claude()
    desk.compas("setup-mcp")
    done = desk.compas("setup-mcp", "--config", "other.yaml", FAKE_CLAUDE_TROUBLE="fail")
    assert done.returncode == 1
    (copy,) = desk.home.glob(".claude.json.*.bak")
    assert str(copy) in done.stderr
    assert "the old entry is gone" in done.stderr


def test_another_program_under_our_name_is_left_alone(desk: Desk) -> None:
    desk.install_claude()
    theirs = {"mcpServers": {"compas": {"command": "/opt/navigation/compas-server", "args": ["--north"]}}}
    desk.claude_file.write_text(json.dumps(theirs))
    for args in ([], ["--remove"]):
        done = desk.compas("setup-mcp", "--tool", "claude", *args)
        assert done.returncode == 1
        assert "compas-server --north" in done.stderr
    assert json.loads(desk.claude_file.read_text()) == theirs


@pytest.mark.parametrize("content", ["{", "[]", '{"mcpServers": []}', '{"mcpServers": {"compas": "x"}}', "// no\n{}"])
def test_a_file_that_is_not_understood_is_not_touched(desk: Desk, content: str) -> None:
    desk.install_claude()
    desk.claude_file.write_text(content)
    done = desk.compas("setup-mcp", "--tool", "claude")
    assert done.returncode == 1
    assert str(desk.claude_file) in done.stderr
    assert desk.claude_file.read_text() == content


def test_an_editor_with_settings_elsewhere_is_read_there(desk: Desk) -> None:
    desk.install_claude()
    elsewhere = desk.home / "elsewhere"
    done = desk.compas("setup-mcp", CLAUDE_CONFIG_DIR=str(elsewhere))
    assert done.returncode == 0
    assert "compas" in json.loads((elsewhere / ".claude.json").read_text())["mcpServers"]
    assert not desk.claude_file.exists()
