"""Claude Code takes the plugin, and the other CLIs find its skill."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.kit.ceiling import CEILING
from tests.kit.places import REPOSITORY
from tests.model_server.model_http import ModelServer
from tests.real_clis.install import command_of
from tests.real_clis.rigs import RIGS

pytestmark = pytest.mark.system

SKILL = REPOSITORY / "docs" / "plugin" / "skills" / "orchestrate"


NEWS = "2 threads of compas wait for the operator:"
STAND_IN = f"""#!/bin/sh
echo "$@" >> asked
[ "$1" = pending ] && echo "{NEWS}"
"""
"""A `compas` that knows what waits, and serves no editor."""


def run(name: str, *arguments: str, home: Path, answer: str = "", **more: str) -> str:
    """Run a CLI in a home directory of its own; return what it printed."""
    command = command_of(name)
    if not command.exists():
        pytest.skip(f"{name} is not installed at {command}: `python -m tests.real_clis.install` needs npm")
    process = subprocess.Popen(
        [str(command), *arguments],
        cwd=home,
        env={"HOME": str(home), "PATH": os.environ["PATH"], "GEMINI_CLI_TRUST_WORKSPACE": "true", **more},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said, _ = process.communicate(answer, timeout=CEILING)
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


def test_gemini_cli_installs_the_skill(tmp_path: Path) -> None:
    run("gemini", "skills", "install", str(SKILL), "--scope", "user", home=tmp_path, answer="y\n")
    assert (tmp_path / ".gemini" / "skills" / "orchestrate" / "SKILL.md").read_text() == (
        SKILL / "SKILL.md"
    ).read_text()


def test_opencode_finds_the_skill_where_codex_has_it(tmp_path: Path) -> None:
    shutil.copytree(SKILL, tmp_path / ".agents" / "skills" / "orchestrate")
    assert '"name": "orchestrate"' in run("opencode", "debug", "skill", home=tmp_path)
