"""`compas setup-mcp` as a process, with a stand-in for Claude Code, and editors that are known by their files."""

import json
import subprocess
import tomllib
from pathlib import Path

import pytest

from compas.client.environment import PLACES
from compas.client.reach import EXECUTION_VARIABLE
from tests.kit.ceiling import CEILING
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


FILES = {
    "claude": ".claude.json",
    "codex": ".codex/config.toml",
    "gemini": ".gemini/settings.json",
    "opencode": ".config/opencode/opencode.json",
}
EDITED = {
    "codex": '# mine\r\nmodel   = "x" # best\r\n\r\n[mcp_servers.my-compas]\r\ncommand = "mine" # theirs\r\n# end\r\n',
    "gemini": '// mine\n{ "z": [1],\n      "mcpServers": {"my-compas": {"command": "mine"}}, /* b */ "a":{} }',
    "opencode": '\ufeff{\n\t"z": 1, // last first\n\t"mcp": {\n\t\t"my-compas": {},\n\t},\n\t"a": [1,],\n}\n',
}


# proves: c-config-dashboard 83
@pytest.mark.parametrize("tool", list(EDITED))
def test_the_second_time_changes_nothing_in_a_file_either(desk: Desk, tool: str) -> None:
    for args, first, second in (
        ([], "is registered: ", "already"),
        (["--remove"], "is removed: ", "nothing to remove"),
    ):
        assert first in desk.compas("setup-mcp", "--tool", tool, *args).stdout
        before = tree(desk.home)
        again = desk.compas("setup-mcp", "--tool", tool, *args)
        assert (again.returncode, tree(desk.home)) == (0, before)
        assert second in again.stdout


# proves: c-config-dashboard 82, c-config-dashboard 86
@pytest.mark.parametrize("tool", list(EDITED))
def test_a_settings_file_keeps_every_other_byte_and_a_copy_is_made_first(desk: Desk, tool: str) -> None:
    file, content = desk.home / FILES[tool], EDITED[tool].encode()
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    desk.install_editor(tool)
    assert desk.compas("setup-mcp").returncode == 0
    (copy,) = file.parent.glob("*.bak")
    assert copy.read_bytes() == content
    added = file.read_bytes()
    assert b"compas mcp-server" not in added
    assert f'"{desk.bin}/compas"'.encode() in added
    rest = iter(added)
    assert all(byte in rest for byte in content), "all of it is there, in its order"
    assert desk.compas("setup-mcp", "--remove").returncode == 0
    assert file.read_bytes() == content


# proves: c-config-dashboard 84
@pytest.mark.parametrize("tool", list(EDITED))
def test_a_dry_run_says_what_would_be_written_and_writes_nothing(desk: Desk, tool: str) -> None:
    added = desk.compas("setup-mcp", "--tool", tool, "--dry-run")
    assert (added.returncode, tree(desk.home)) == (0, {})
    assert "would write mcp" in added.stdout
    assert f"{desk.home / FILES[tool]}: {desk.bin}/compas mcp-server" in added.stdout
    desk.compas("setup-mcp", "--tool", tool)
    before = tree(desk.home)
    replaced = desk.compas("setup-mcp", "--tool", tool, "--dry-run", "--config", "other.yaml")
    removed = desk.compas("setup-mcp", "--tool", tool, "--dry-run", "--remove")
    assert (replaced.returncode, removed.returncode, tree(desk.home)) == (0, 0, before)
    assert "would replace" in replaced.stdout
    assert "would cut mcp" in removed.stdout


# proves: c-config-dashboard 85
def test_one_editor_that_fails_keeps_no_other_from_being_done(desk: Desk) -> None:
    desk.install_claude()
    for tool in EDITED:
        desk.install_editor(tool)
    (desk.home / ".gemini").mkdir()
    (desk.home / FILES["gemini"]).write_text("[]")
    done = desk.compas("setup-mcp", FAKE_CLAUDE_TROUBLE="fail")
    assert done.returncode == 1
    assert "error: claude: " in done.stderr
    assert "no room for another server" in done.stderr
    assert "error: gemini: " in done.stderr
    assert "codex  is registered" in done.stdout
    assert "opencode  is registered" in done.stdout
    assert "gemini" not in done.stdout
    assert sorted(tree(desk.home)) == sorted(FILES[tool] for tool in EDITED)


# proves: c-config-dashboard 81
@pytest.mark.parametrize("content", [None, "", "{}", '{\n  // mine\n  "theme": "x",\n}\n'])
def test_a_settings_file_is_made_or_completed(desk: Desk, content: str | None) -> None:
    file = desk.home / FILES["opencode"]
    if content is not None:
        file.parent.mkdir(parents=True)
        file.write_text(content)
    assert desk.compas("setup-mcp", "--tool", "opencode").returncode == 0
    text = file.read_text()
    assert ("// mine" in text, '"theme": "x"' in text) == ("// mine" in (content or ""), "theme" in (content or ""))
    assert f'"command": ["{desk.bin}/compas", "mcp-server"]' in text


# proves: c-config-dashboard 81
@pytest.mark.parametrize(
    "content", ["[]", '{"mcp": "x"}', '{"mcp": {"compas": []}}', '{"mcp": {"compas": {"command": "x"}}}', "{"]
)
def test_a_settings_file_of_the_wrong_form_is_refused_and_not_touched(desk: Desk, content: str) -> None:
    file = desk.home / FILES["opencode"]
    file.parent.mkdir(parents=True)
    file.write_text(content)
    for args in ([], ["--remove"], ["--dry-run"]):
        done = desk.compas("setup-mcp", "--tool", "opencode", *args)
        assert (done.returncode, done.stdout) == (1, "")
        assert str(file) in done.stderr
        assert "correct it with a text editor" in done.stderr
    assert tree(desk.home) == {FILES["opencode"]: content.encode()}


# proves: c-config-dashboard 81
def test_a_settings_file_that_cannot_be_written_is_reported(desk: Desk) -> None:
    script = f'ulimit -f 0; exec "{desk.bin}/compas" setup-mcp --tool opencode'
    done = subprocess.Popen(
        ["/bin/sh", "-c", script], cwd=desk.repository, env=desk.environ, stderr=subprocess.PIPE, text=True
    )
    _, error = done.communicate(timeout=CEILING)
    assert done.returncode == 1
    assert f"cannot write {desk.home / FILES['opencode']}: File too large" in error
    assert tree(desk.home) == {}


@pytest.mark.parametrize("tool", list(EDITED))
def test_another_server_under_our_name_in_a_file_is_left_alone_and_named(desk: Desk, tool: str) -> None:
    desk.compas("setup-mcp", "--tool", tool)
    file = desk.home / FILES[tool]
    file.write_text(file.read_text().replace(f"{desk.bin}/compas", "/opt/navigation"))
    before = tree(desk.home)
    for args in ([], ["--remove"]):
        done = desk.compas("setup-mcp", "--tool", tool, *args)
        assert (done.returncode, tree(desk.home)) == (1, before)
        assert "/opt/navigation mcp-server" in done.stderr
        assert str(file) in done.stderr


@pytest.mark.parametrize("tool", list(EDITED))
def test_another_config_is_written_in_place_and_what_else_the_entry_says_stays(desk: Desk, tool: str) -> None:
    desk.compas("setup-mcp", "--tool", tool)
    file = desk.home / FILES[tool]
    before = file.read_text()
    assert desk.compas("setup-mcp", "--tool", tool, "--config", "a b.yaml").returncode == 0
    changed = file.read_text()
    assert f'"mcp-server", "--config", "{desk.repository}/a b.yaml"]' in changed
    assert desk.compas("setup-mcp", "--tool", tool).returncode == 0
    assert file.read_text() == before


def test_codex_is_told_to_wait_as_long_as_an_agent_works_what_to_pass_on_and_nothing_of_approvals(desk: Desk) -> None:
    desk.compas("setup-mcp", "--tool", "codex")
    entry = tomllib.loads((desk.home / FILES["codex"]).read_text())["mcp_servers"]["compas"]
    passed_on = entry.pop("env_vars")
    assert entry == {"command": f"{desk.bin}/compas", "args": ["mcp-server"], "tool_timeout_sec": 3600}
    assert {*PLACES, "XDG_RUNTIME_DIR", EXECUTION_VARIABLE, "COMPAS_CALLER"} == set(passed_on)


def test_a_registration_of_codex_by_an_earlier_compas_is_noticed_and_mended_and_what_a_person_added_stays(
    desk: Desk,
) -> None:
    desk.compas("setup-mcp", "--tool", "codex")
    file = desk.home / FILES["codex"]
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(line for line in lines if not line.startswith("env_vars")) + 'env_vars = ["MINE"]\n')
    noticed = desk.compas("doctor").stdout
    assert "was registered by an earlier compas, and is not given XDG_RUNTIME_DIR" in noticed
    desk.compas("doctor", "--fix")
    entry = tomllib.loads(file.read_text())["mcp_servers"]["compas"]
    assert entry["command"] == f"{desk.bin}/compas"
    assert entry["env_vars"][0] == "MINE"
    assert {"XDG_RUNTIME_DIR", EXECUTION_VARIABLE, "COMPAS_CALLER"} < set(entry["env_vars"])
    assert "earlier compas" not in desk.compas("doctor").stdout


def test_an_approval_that_a_person_gave_in_codex_goes_with_the_entry_and_not_before(desk: Desk) -> None:
    desk.compas("setup-mcp", "--tool", "codex")
    file = desk.home / FILES["codex"]
    approved = '\n[mcp_servers.compas.tools.orch_dispatch]\napproval_mode = "approve"\n'
    file.write_text(file.read_text() + approved)
    desk.compas("setup-mcp", "--tool", "codex", "--config", "other.yaml")
    assert file.read_text().endswith(approved)
    desk.compas("setup-mcp", "--tool", "codex", "--remove")
    assert file.read_text() == ""


@pytest.mark.parametrize(
    ("tool", "variable", "file"),
    [
        ("codex", "CODEX_HOME", "config.toml"),
        ("gemini", "GEMINI_CLI_HOME", ".gemini/settings.json"),
        ("opencode", "XDG_CONFIG_HOME", "opencode/opencode.json"),
        ("claude", "CLAUDE_CONFIG_DIR", ".claude.json"),
    ],
)
def test_an_editor_with_settings_elsewhere_is_written_there(desk: Desk, tool: str, variable: str, file: str) -> None:
    elsewhere = desk.home / "elsewhere"
    done = desk.compas("setup-mcp", "--tool", tool, **{variable: str(elsewhere)})
    assert (done.returncode, list(tree(elsewhere))) == (0, [file])


def test_opencode_gets_its_entry_where_it_has_one_and_else_in_the_file_that_counts(desk: Desk) -> None:
    folder = desk.home / ".config" / "opencode"
    desk.compas("setup-mcp", "--tool", "opencode")
    (folder / "opencode.jsonc").write_text("{}")
    assert "already" in desk.compas("setup-mcp", "--tool", "opencode").stdout
    desk.compas("setup-mcp", "--tool", "opencode", "--remove")
    desk.compas("setup-mcp", "--tool", "opencode")
    assert "mcp-server" in (folder / "opencode.jsonc").read_text()
    assert "mcp-server" not in (folder / "opencode.json").read_text()


@pytest.mark.parametrize(
    ("tool", "file"),
    [
        ("claude", ".mcp.json"),
        ("codex", ".codex/config.toml"),
        ("gemini", ".gemini/settings.json"),
        ("opencode", "opencode.json"),
    ],
)
def test_for_one_project_a_file_at_its_root_is_written(desk: Desk, tool: str, file: str) -> None:
    desk.install_claude()
    inside = desk.repository / "src"
    inside.mkdir()
    for args in ([], ["--remove"]):
        done = desk.compas("setup-mcp", "--scope", "project", "--tool", tool, *args, where=inside)
        assert (done.returncode, done.stderr, tree(desk.home)) == (0, "", {})
        assert str(desk.repository / file) in done.stdout
        assert ("mcp-server" in (desk.repository / file).read_text()) == (not args)


def test_there_is_no_project_outside_a_repository(desk: Desk) -> None:
    done = desk.compas("setup-mcp", "--scope", "project", "--tool", "gemini", where=desk.home)
    assert (done.returncode, tree(desk.home)) == (1, {})
    assert "not in a git repository" in done.stderr


def test_what_came_of_it_can_be_had_as_json(desk: Desk) -> None:
    desk.install_editor("gemini")
    (desk.home / ".codex").mkdir()
    done = desk.compas("setup-mcp", "--json")
    (result,) = json.loads(done.stdout)
    assert (result["tool"], result["outcome"], result["is_installed"]) == ("gemini", "changed", True)
    assert Path(result["file"]) == desk.home / FILES["gemini"]
    (result,) = json.loads(desk.compas("setup-mcp", "--json", "--tool", "codex", "--dry-run").stdout)
    assert (result["outcome"], result["is_installed"]) == ("would_change", False)


SKILLS = {
    "claude": ".claude/skills",
    "codex": ".codex/skills",
    "gemini": ".gemini/skills",
    "opencode": ".config/opencode/skills",
}


@pytest.mark.parametrize("tool", list(SKILLS))
def test_the_skill_comes_and_goes_only_when_it_is_asked_for(desk: Desk, tool: str) -> None:
    skill = desk.home / SKILLS[tool] / "orchestrate" / "SKILL.md"
    desk.compas("setup-mcp", "--tool", tool)
    assert not skill.exists()
    dry = desk.compas("setup-mcp", "--tool", tool, "--skill", "--dry-run")
    assert f"would write the skill orchestrate into {skill}" in dry.stdout
    assert not skill.exists()
    added = desk.compas("setup-mcp", "--tool", tool, "--skill")
    assert (added.returncode, added.stderr) == (0, "")
    assert f"has the skill orchestrate now: {skill}" in added.stdout
    assert "orch_dispatch" in skill.read_text()
    desk.compas("setup-mcp", "--tool", tool, "--remove")
    assert skill.exists()
    removed = json.loads(desk.compas("setup-mcp", "--tool", tool, "--remove", "--skill", "--json").stdout)
    assert [one["outcome"] for one in removed] == ["unchanged", "changed"]
    assert not skill.exists()


def test_a_skill_that_a_person_has_changed_is_left_and_the_rest_is_done(desk: Desk) -> None:
    skill = desk.repository / ".gemini" / "skills" / "orchestrate" / "SKILL.md"
    project = ("setup-mcp", "--tool", "gemini", "--scope", "project", "--skill")
    assert desk.compas(*project).returncode == 0
    skill.write_text(skill.read_text().replace("operator", "boss"))
    changed = skill.read_text()
    for args in ((), ("--remove",)):
        done = desk.compas(*project, *args)
        assert (done.returncode, skill.read_text()) == (1, changed)
        assert f"error: gemini: {skill} is not as compas put it there" in done.stderr
    assert "mcpServers" not in (desk.repository / ".gemini" / "settings.json").read_text()
