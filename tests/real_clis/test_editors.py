"""The agent CLIs as editors: what compas writes into their settings is what they list, until it is removed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from compas.backends.profiles import BY_NAME
from compas.setup.editors.catalogue import build_editor
from compas.setup.editors.registering import register, unregister
from compas.setup.registration import Entry
from tests.kit.ceiling import CEILING
from tests.kit.places import REPOSITORY
from tests.model_server.model_http import ModelServer
from tests.real_clis.install import command_of
from tests.real_clis.rigs import RIGS

pytestmark = pytest.mark.system

LISTED = {
    "claude": "compas: {command} mcp-server - ✔ Connected",
    "codex": "compas  {command}  mcp-server",
    "gemini": "✓ compas: {command} mcp-server (stdio) - Connected",
    "opencode": "✓ compas connected",
}
EXISTING = {
    "claude": '{"mcpServers": {"mine": {"command": "mine"}}, "theme":   "dark"}',
    "codex": '# mine\nmodel   = "gpt-5.5" # best\n\n[mcp_servers.mine]\ncommand = "mine" # theirs\n\n\n# the end\n',
    "gemini": '// mine\n{\n    "mcpServers": {"mine": {"command": "mine"}}, // b\n    "ui": {"theme": "x"}\n}',
    "opencode": '{\n\t"$schema": "https://opencode.ai/config.json",\n'  # which OpenCode writes there itself otherwise
    '\t"autoupdate": false, // mine\n\t"mcp": {\n\t\t// none yet\n\t},\n}\n',
}
QUIET = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "GEMINI_CLI_TRUST_WORKSPACE": "true",
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
    "COLUMNS": "300",
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home directory with a repository in it."""
    place = tmp_path / "home"
    (place / "repo").mkdir(parents=True)
    (place / "repo" / ".git").mkdir()
    return place


@pytest.fixture
def compas(tmp_path: Path) -> Entry:
    """Return how this tree's MCP server is started, by a command without an environment of its own."""
    program = tmp_path / "compas"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(REPOSITORY)!r})\n"
        "from compas.cli.main import main\nsys.exit(main())\n"
    )
    program.chmod(0o755)
    return Entry(command=str(program), args=("mcp-server",))


def listing(name: str, environ: dict[str, str], where: Path) -> str:
    """Return what the CLI says it has, without its colours."""
    process = subprocess.Popen(
        [name, "mcp", "list"],
        cwd=where,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said, _ = process.communicate(timeout=CEILING)
    assert process.returncode == 0, said
    return re.sub(r"\x1b\[[0-9;]*m", "", said)


def environment(name: str, home: Path) -> dict[str, str]:
    command = command_of(name)
    if not command.exists():
        pytest.skip(f"{name} is not installed at {command}: `python -m tests.real_clis.install` needs npm")
    return {"HOME": str(home), "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}", **QUIET}


@pytest.mark.parametrize("name", list(LISTED))
def test_an_editor_lists_what_was_registered_and_its_file_is_as_it_was_after_the_removal(
    name: str, home: Path, compas: Entry
) -> None:
    environ = environment(name, home)
    # Claude Code's own command rewrites its file; without the command on the PATH, compas does.
    editor = build_editor(BY_NAME[name], {**environ, "PATH": ""})
    editor.file.parent.mkdir(parents=True, exist_ok=True)
    editor.file.write_text(EXISTING[name])
    register(editor, compas)
    added = editor.file.read_bytes()
    assert LISTED[name].format(command=compas.command) in listing(name, environ, home / "repo")
    if name != "claude":  # which notes its start in that file
        assert editor.file.read_bytes() == added
        unregister(editor, compas)
        assert editor.file.read_text() == EXISTING[name]
    else:
        unregister(editor, compas)
    assert "compas" not in listing(name, environ, home / "repo").replace(str(home.parent), "")


@pytest.mark.parametrize("name", list(LISTED))
def test_an_editor_without_settings_starts_what_was_registered(name: str, home: Path, compas: Entry) -> None:
    environ = environment(name, home)
    editor = build_editor(BY_NAME[name], environ)
    assert register(editor, compas).outcome == "changed"
    assert LISTED[name].format(command=compas.command) in listing(name, environ, home / "repo")
    assert register(editor, compas).outcome == "unchanged"
    unregister(editor, compas)
    assert editor.registered() is None


@pytest.mark.parametrize(
    ("name", "listed"),
    [("claude", "Pending approval"), *((name, LISTED[name]) for name in ("codex", "gemini", "opencode"))],
)
def test_what_is_registered_for_a_project_is_known_there_only(
    name: str, listed: str, home: Path, compas: Entry
) -> None:
    environ = environment(name, home)
    project = home / "repo"
    if name == "codex":
        (home / ".codex").mkdir()
        (home / ".codex" / "config.toml").write_text(f'[projects."{project}"]\ntrust_level = "trusted"\n')
    register(build_editor(BY_NAME[name], environ, project), compas)
    assert listed.format(command=compas.command) in listing(name, environ, project)
    assert compas.command not in listing(name, environ, home)


def codex_calls(tool: str, environ: dict[str, str], where: Path) -> str:
    """Have a Codex that cannot ask anybody call a tool of compas, and return what came of that."""
    task = f"SCENARIO:tool name=mcp__compas::{tool} args={{}}\nSCENARIO:final text=Done."
    process = subprocess.Popen(
        ["codex", "exec", "-m", "gpt-5.5", "-s", "workspace-write", "--skip-git-repo-check", "--json", task],
        cwd=where,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    said, _ = process.communicate(timeout=CEILING)
    (call,) = [line for line in said.splitlines() if '"item.completed"' in line and '"mcp_tool_call"' in line]
    return call


def test_codex_runs_what_only_reads_at_once_and_asks_for_what_changes_something(
    home: Path, compas: Entry, server: ModelServer
) -> None:
    rig = RIGS["codex"]
    environ = environment("codex", home) | rig.environ(server.url)
    rig.furnish(home, server.url)
    editor = build_editor(BY_NAME["codex"], environ)
    register(editor, compas)
    assert "requires approval" not in codex_calls("orch_status", environ, home / "repo")
    for tool in ("orch_dispatch", "orch_merge", "orch_abandon"):
        assert "requires approval" in codex_calls(tool, environ, home / "repo")
    with editor.file.open("a") as file:
        file.write('\n[mcp_servers.compas.tools.orch_dispatch]\napproval_mode = "approve"\n')
    assert "requires approval" not in codex_calls("orch_dispatch", environ, home / "repo")
    assert "requires approval" in codex_calls("orch_merge", environ, home / "repo")
