"""`compas doctor` as a process: what it finds, what it advises, and what it leaves alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from compas.domain.remedies import to_make_repository
from tests.kit.cli.setup_desk import Desk, tree

pytestmark = pytest.mark.system

CONFIG = """\
default_workdir: {repository}
state_dir: {home}/state
backend_definitions:
  - {{name: echo, command: {program}}}
agents:
  - {{alias: dev, backend: echo, workspace: worktree, safety_mode: auto_approve}}
"""

OLD_GIT = """\
import os, sys
if "--version" in sys.argv:
    sys.exit(print("git version 2.34.1"))
os.execv("{real}", sys.argv)
"""


@pytest.fixture
def config(desk: Desk) -> Path:
    """Return a config with which all is well."""
    program = desk.install("echoing", "import sys\nprint(sys.stdin.read())\n")
    desk.config.parent.mkdir()
    desk.config.write_text(CONFIG.format(repository=desk.repository, home=desk.home, program=program))
    return desk.config


def examined(desk: Desk, *args: str, **environ: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Run the doctor; return its exit code and, of each name, the worst check."""
    done = desk.compas("doctor", "--json", *args, **environ)
    assert done.stderr == ""
    report = json.loads(done.stdout)
    assert report["ok"] is (done.returncode == 0)
    order = ["pass", "warn", "fail"]
    return done.returncode, {
        check["name"]: check for check in sorted(report["checks"], key=lambda check: order.index(check["status"]))
    }


# proves: c-config-dashboard 89
def test_a_set_up_with_warnings_only_exits_with_zero_and_is_left_as_it_was(desk: Desk, config: Path) -> None:
    desk.install_claude()
    before = tree(desk.home)
    code, found = examined(desk)
    assert {check["status"] for check in found.values()} == {"pass", "warn"}
    assert found["supervisor"]["status"] == "warn"
    assert found["MCP in claude"]["hints"] == ["compas setup-mcp --tool claude"]
    assert found["state directory"]["detail"] == f"{desk.home}/state will be made with the first start"
    assert (code, tree(desk.home)) == (0, before)
    assert not (desk.home / "state").exists()


def test_a_config_that_every_user_can_write_fails_with_the_command_that_mends_it(desk: Desk, config: Path) -> None:
    config.chmod(0o666)
    code, found = examined(desk)
    assert code == 1
    assert "every user of this machine can write" in found["config"]["detail"]
    assert found["config"]["hints"] == [f"chmod o-w {config}"]


# proves: c-config-dashboard 88
@pytest.mark.parametrize(
    ("old", "new", "finding", "hint"),
    [
        ("", None, "there is no ", "compas init"),
        ("agents:", "agents: [", "line 6, column 3: not valid YAML", "YAML minds"),
        ("alias: dev", "allias: dev", "line 6, column 6: agents[0].allias: there is no key", "docs/config.md"),
        ("worktree,", "woodtree,", "agents[0].workspace: found", "correct line 6"),
    ],
)
def test_each_kind_of_broken_config_gets_its_own_hint(
    desk: Desk, config: Path, old: str, new: str | None, finding: str, hint: str
) -> None:
    if new is None:
        config.unlink()
    else:
        config.write_text(config.read_text().replace(old, new))
    code, found = examined(desk)
    said = found["config"]
    assert (code, said["status"]) == (1, "fail")
    assert any(finding in line for line in (said["detail"], *said["lines"]))
    assert any(hint in line for line in said["hints"])
    is_syntax = "not valid YAML" in finding
    assert any("YAML minds" in line for line in said["hints"]) is is_syntax


def test_what_loads_with_a_doubt_is_shown_with_its_line(desk: Desk, config: Path) -> None:
    config.write_text(config.read_text() + "models: [x]\n")
    code, found = examined(desk)
    assert (code, found["config"]["status"]) == (0, "warn")
    assert found["config"]["lines"][0].startswith("line 7, column 1: models:")


# proves: c-config-dashboard 39
def test_an_argument_that_takes_protection_away_is_shown_as_dangerous_or_as_repeated(desk: Desk, config: Path) -> None:
    more = "  - {alias: rev, backend: claude, safety_mode: auto_approve, backend_args: [%s]}\n"
    config.write_text(config.read_text() + more % "--yolo, --dangerously-skip-permissions, --verbose")
    found = examined(desk)[1]["config"]
    assert found["status"] == "warn"
    assert found["lines"] == [
        "line 7, column 77: agents[1].backend_args[0]: dangerous flag: --yolo switches off what keeps claude in bounds",
        "line 7, column 85: agents[1].backend_args[1]: "
        "duplicate flag: compas gives --dangerously-skip-permissions to claude anyway",
    ]


# proves: c-config-dashboard 90
def test_a_repair_that_fails_is_shown_as_a_failure(desk: Desk, config: Path) -> None:
    desk.install_claude()
    done = desk.compas("doctor", "--fix", FAKE_CLAUDE_TROUBLE="fail")
    assert done.returncode == 1
    (line,) = [line for line in done.stdout.splitlines() if "MCP in claude" in line]
    assert line.startswith("fail ")
    assert "no room for another server" in line


def test_a_repair_registers_what_is_missing(desk: Desk, config: Path) -> None:
    desk.install_claude()
    assert examined(desk, "--fix")[1]["MCP in claude"]["status"] == "pass"
    assert desk.servers()["compas"]["command"] == str(desk.bin / "compas")
    assert examined(desk)[1]["MCP in claude"]["status"] == "pass"


def test_a_registered_command_that_is_gone_is_a_failure_and_another_config_a_warning(desk: Desk, config: Path) -> None:
    desk.install_claude()
    desk.compas("setup-mcp", "--config", "other.yaml")
    assert examined(desk)[1]["MCP in claude"]["status"] == "warn"
    settings = json.loads(desk.claude_file.read_text())
    settings["mcpServers"]["compas"]["command"] = "/gone/compas"
    desk.claude_file.write_text(json.dumps(settings))
    assert examined(desk)[1]["MCP in claude"]["status"] == "fail"
    assert examined(desk, "--fix")[0] == 0


@pytest.mark.parametrize("tool", ["codex", "gemini", "opencode"])
def test_an_editor_is_looked_at_when_it_is_installed_or_has_an_entry_and_mended(
    desk: Desk, config: Path, tool: str
) -> None:
    name = f"MCP in {tool}"
    assert name not in examined(desk)[1]
    desk.install_editor(tool)
    missing = examined(desk)[1][name]
    assert (missing["status"], missing["hints"]) == ("warn", [f"compas setup-mcp --tool {tool}"])
    assert examined(desk, "--fix")[1][name]["status"] == "pass"
    assert examined(desk)[1][name]["status"] == "pass"
    (desk.bin / tool).unlink()
    desk.compas("setup-mcp", "--tool", tool, "--config", "other.yaml")
    assert examined(desk)[1][name]["status"] == "warn"
    written = next(path for path in tree(desk.home) if tool in path and not path.endswith(".bak"))
    file = desk.home / written
    file.write_text(file.read_text().replace(f"{desk.bin}/compas", "/gone/compas"))
    gone = examined(desk)[1][name]
    assert (gone["status"], gone["hints"]) == ("fail", [f"compas setup-mcp --tool {tool}"])
    assert "/gone/compas mcp-server" in gone["detail"]
    assert examined(desk, "--fix")[1][name]["status"] == "pass"
    assert examined(desk)[1][name]["status"] == "pass"


@pytest.mark.parametrize("tool", ["claude", "codex", "gemini", "opencode"])
def test_a_registration_that_cannot_be_read_is_a_finding_and_is_not_mended(desk: Desk, config: Path, tool: str) -> None:
    desk.compas("setup-mcp", "--tool", tool)
    file = next(desk.home / path for path in tree(desk.home) if tool in path)
    file.write_text("[broken")
    for args in ([], ["--fix"]):
        code, found = examined(desk, *args)
        assert (code, found[f"MCP in {tool}"]["status"]) == (1, "fail")
        assert str(file) in found[f"MCP in {tool}"]["detail"]
    assert file.read_text() == "[broken"


@pytest.mark.parametrize("tool", ["codex", "opencode"])
def test_a_registration_that_is_switched_off_is_a_warning_and_stays_off(desk: Desk, config: Path, tool: str) -> None:
    desk.compas("setup-mcp", "--tool", tool)
    file = next(desk.home / path for path in tree(desk.home) if tool in path)
    off = {"codex": ("tool_timeout_sec = 3600", "enabled = false"), "opencode": ('"enabled": true', '"enabled": false')}
    file.write_text(file.read_text().replace(*off[tool]))
    before = tree(desk.home)
    found = examined(desk, "--fix")[1][f"MCP in {tool}"]
    assert (found["status"], found["detail"]) == ("warn", "is registered, but switched off")
    assert tree(desk.home) == before


def test_a_registration_for_this_repository_alone_is_enough_and_is_looked_at(desk: Desk, config: Path) -> None:
    desk.install_editor("gemini")
    desk.compas("setup-mcp", "--scope", "project")
    _, found = examined(desk)
    assert found["MCP in gemini here"]["status"] == "pass"
    assert "MCP in gemini" not in found
    desk.compas("setup-mcp", "--scope", "project", "--config", "other.yaml")
    here = examined(desk)[1]["MCP in gemini here"]
    assert (here["status"], here["hints"]) == ("warn", ["compas setup-mcp --tool gemini --scope project"])
    assert examined(desk, "--fix")[1]["MCP in gemini here"]["status"] == "pass"


def test_a_branch_that_is_not_there_fails_with_the_one_that_is(desk: Desk, config: Path) -> None:
    desk.git("branch", "--move", "trunk")
    code, found = examined(desk)
    assert (code, found["repository"]["status"]) == (1, "fail")
    assert found["repository"]["hints"] == [f"set orchestration.default_merge_target in {config} to trunk"]


def test_a_place_that_is_no_repository_fails_agents_that_need_worktrees(desk: Desk, config: Path) -> None:
    config.write_text(config.read_text().replace(str(desk.repository), str(desk.home)))
    assert examined(desk)[1]["repository"]["hints"] == [to_make_repository(str(desk.home))]
    config.write_text(config.read_text().replace("worktree,", "shared,"))
    assert examined(desk)[1]["repository"]["status"] == "warn"


def test_a_backend_that_cannot_be_started_fails_with_how_to_get_it(desk: Desk, config: Path) -> None:
    config.write_text(config.read_text().replace("backend: echo", "backend: claude"))
    code, found = examined(desk)
    assert (code, found["backend claude"]["status"]) == (1, "fail")
    assert found["backend claude"]["hints"] == ["install it with `npm install -g @anthropic-ai/claude-code`"]
    assert "dev" in found["backend claude"]["detail"]


def test_an_old_git_is_a_warning_and_none_a_failure(desk: Desk, config: Path) -> None:
    real = (desk.bin / "git").resolve()
    (desk.bin / "git").unlink()
    path = desk.install("git", OLD_GIT.format(real=str(real)))
    assert examined(desk)[1]["git"]["status"] == "warn"
    path.unlink()
    code_without, found = examined(desk)
    assert (code_without, found["git"]["status"]) == (1, "fail")


def test_a_state_directory_that_others_may_enter_is_a_warning(desk: Desk, config: Path) -> None:
    (desk.home / "state").mkdir(mode=0o755)
    assert examined(desk)[1]["state directory"]["hints"] == [f"chmod 700 {desk.home}/state"]


def test_a_running_supervisor_says_how_it_is(desk: Desk, config: Path) -> None:
    try:
        assert desk.compas("health").returncode == 0  # starts one
        code, found = examined(desk)
        assert code == 0
        assert found["supervisor"]["status"] == "pass"
        assert all(word in found["supervisor"]["detail"] for word in ("ready", "process", "epoch 1", "supervisor.log"))
        assert found["git worker"]["status"] == "pass"
        assert found["telemetry"]["status"] == "pass"
    finally:
        desk.compas("stop", "--now")


def test_what_has_gathered_is_counted(desk: Desk, config: Path) -> None:
    for name in ("x1", "x2"):
        (desk.home / "state" / "executions" / name).mkdir(parents=True, mode=0o700)
    (desk.home / "state").chmod(0o700)
    found = examined(desk)[1]["gathered"]
    assert found["status"] == "pass"
    assert found["detail"].startswith("files of 2 executions; compas 0.0 MiB")


def test_without_json_each_check_is_a_line_with_what_to_do_below(desk: Desk, config: Path) -> None:
    desk.git("branch", "--move", "trunk")
    done = desk.compas("doctor")
    lines = done.stdout.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("fail  repository"))
    assert lines[at + 1] == f"      → set orchestration.default_merge_target in {config} to trunk"
    assert lines[-1] == "1 failure, 1 warning."


PINGED = """\
default_workdir: {repository}
state_dir: {home}/state
backend_definitions:
  - {{name: echo, command: {program}, ping: {{command: {ping}}}}}
agents:
  - {{alias: dev, backend: echo, workspace: worktree, safety_mode: auto_approve}}
"""


@pytest.mark.parametrize("is_supervised", [False, True])
@pytest.mark.parametrize(("code", "status"), [("", "pass"), ("import sys\nsys.exit('no such model')", "fail")])
def test_models_are_asked_only_when_that_is_wanted_with_a_supervisor_and_without(
    desk: Desk, config: Path, code: str, status: str, is_supervised: bool
) -> None:
    called = desk.home / "called"
    program = desk.install("echoing", "")
    ping = desk.install("ping-it", f"open({str(called)!r}, 'a').write('x')\n{code}")
    config.write_text(PINGED.format(repository=desk.repository, home=desk.home, program=program, ping=ping))
    try:
        if is_supervised:
            assert desk.compas("health").returncode == 0  # starts one
        assert "ping dev" not in examined(desk)[1]
        assert not called.exists()
        _, found = examined(desk, "--ping")
        assert found["ping dev"]["status"] == status
        assert ("no such model" in found["ping dev"]["detail"]) is (status == "fail")
        assert called.read_text() == "x"
    finally:
        desk.compas("stop", "--now")


def test_versions_and_credentials_of_backends_are_shown(desk: Desk, config: Path) -> None:
    config.write_text(config.read_text().replace("backend: echo", "backend: claude"))
    desk.install("claude", "print('9.9.9 (Claude Code)')")
    code, found = examined(desk)
    said = desk.compas("doctor").stdout
    assert (code, found["backend claude"]["status"]) == (0, "warn")
    assert "with 9.9.9 it has not been tried" in said
    assert "there are no credentials for dev: ANTHROPIC_API_KEY or" in said
    desk.install("claude", "print('2.1.330 (Claude Code)')")
    detail = examined(desk, ANTHROPIC_API_KEY="k")[1]["backend claude"]["detail"]
    assert detail == f"{desk.bin}/claude, version 2.1.330, credentials: ANTHROPIC_API_KEY is set (for dev)"


def test_every_listed_repository_is_looked_at(desk: Desk, config: Path) -> None:
    place = desk.repository.parent
    good, deep, plain = place / "good", place / "deep", place / "plain"
    for path in (good, deep):
        path.mkdir()
        desk.git("init", "--quiet", "--initial-branch=main", where=path)
        desk.git("-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "--allow-empty", "-m", "b", where=path)
    (deep / "inside").mkdir()
    plain.mkdir()
    paths = (good, deep / "inside", plain, place / "gone")
    config.write_text(config.read_text() + "repositories:\n" + "".join(f"  - path: {path}\n" for path in paths))
    report = json.loads(desk.compas("doctor", "--json").stdout)
    found = {check["detail"]: check for check in report["checks"] if check["name"] == "repository"}
    assert found[f"{good}, from main"]["status"] == "pass"
    (below,) = [one for detail, one in found.items() if detail.startswith(f"{deep}/inside is in the repository {deep}")]
    assert (below["status"], below["hints"]) == ("warn", [f"write {deep} under repositories in {config}"])
    (no_git,) = [one for detail, one in found.items() if detail.startswith(f"{plain} is not in a git repository")]
    (gone,) = [one for detail, one in found.items() if detail.startswith(f"{place / 'gone'} is not a directory")]
    assert (no_git["status"], gone["status"]) == ("fail", "fail")
    assert "repositories" in gone["hints"][0]
