"""Claude Code takes the plugin, and the other CLIs find its skill."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from compas.backends.profiles import BY_NAME
from compas.setup.editors.catalogue import skills_of
from compas.setup.skill.placing import place_skill
from tests.kit.ceiling import CEILING
from tests.kit.places import REPOSITORY
from tests.model_server.model_http import ModelServer
from tests.real_clis.install import command_of
from tests.real_clis.rigs import RIGS

pytestmark = pytest.mark.system

LISTING = {
    "codex": ("debug", "prompt-input", "Hello."),
    "gemini": ("skills", "list"),
    "opencode": ("debug", "skill"),
}
"""How each says which skills it knows; Claude Code says it when a session begins."""

NEWS = "2 threads of compas wait for the operator:"
STAND_IN = f"""#!/bin/sh
echo "$@" >> asked
[ "$1" = pending ] && echo "{NEWS}"
"""
"""A `compas` that knows what waits, and serves no editor."""


def run(name: str, *arguments: str, home: Path, cwd: Path | None = None, **more: str) -> str:
    """Run a CLI in a home directory of its own; return what it printed."""
    command = command_of(name)
    if not command.exists():
        pytest.skip(f"{name} is not installed at {command}: `python -m tests.real_clis.install` needs npm")
    process = subprocess.Popen(
        [str(command), *arguments],
        cwd=cwd or home,
        env={"HOME": str(home), "PATH": os.environ["PATH"], "GEMINI_CLI_TRUST_WORKSPACE": "true", **more},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said, _ = process.communicate(timeout=CEILING)
    assert process.returncode == 0, said
    return said


def test_claude_code_finds_nothing_wrong_with_the_plugin_and_installs_it(tmp_path: Path) -> None:
    run("claude", "plugin", "validate", "--strict", str(REPOSITORY), home=tmp_path)
    run("claude", "plugin", "validate", "--strict", str(REPOSITORY / "docs" / "plugin"), home=tmp_path)
    run("claude", "plugin", "marketplace", "add", str(REPOSITORY), home=tmp_path)
    run("claude", "plugin", "install", "compas@compas", home=tmp_path)
    details = run("claude", "plugin", "details", "compas", home=tmp_path)
    for part in ("Skills (1)  orchestrate", "Hooks (1)", "MCP servers (1)  compas"):
        assert part in details


def test_claude_code_tells_its_model_at_the_start_of_a_session_what_waits(tmp_path: Path, server: ModelServer) -> None:
    program = tmp_path / "bin" / "compas"
    program.parent.mkdir()
    program.write_text(STAND_IN)
    program.chmod(0o755)
    run("claude", "plugin", "marketplace", "add", str(REPOSITORY), home=tmp_path)
    run("claude", "plugin", "install", "compas@compas", home=tmp_path)
    path = {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
    run("claude", "-p", "Hello.", home=tmp_path, **path, **RIGS["claude"].environ(server.url))
    assert "pending --quiet --limit 10" in (tmp_path / "asked").read_text().splitlines()
    (kept,) = (tmp_path / ".claude" / "projects").glob("*/*.jsonl")
    assert f"SessionStart:startup hook success: {NEWS}" in kept.read_text(), "which is what its model was told"


@pytest.mark.parametrize("scope", ["user", "project"])
@pytest.mark.parametrize("name", list(LISTING))
def test_an_editor_finds_the_skill_where_compas_puts_it(tmp_path: Path, name: str, scope: str) -> None:
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    place = skills_of(BY_NAME[name], {"HOME": str(tmp_path)}, project if scope == "project" else None)
    place_skill(place)
    said = run(name, *LISTING[name], home=tmp_path, cwd=project)
    assert str(place / "orchestrate" / "SKILL.md") in said or "orchestrate: Give coding tasks" in said


def test_claude_code_tells_its_model_of_the_skill(tmp_path: Path, server: ModelServer) -> None:
    place_skill(skills_of(BY_NAME["claude"], {"HOME": str(tmp_path)}))
    told = ("-p", "Hello.", "--output-format", "stream-json", "--verbose")
    said = run("claude", *told, home=tmp_path, **RIGS["claude"].environ(server.url))
    assert "orchestrate" in json.loads(said.splitlines()[0])["skills"]
