"""Puts the workshops of other folders where these tests can import them by name, and gives real processes a place."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from compas.client.place import Place, place_of
from tests.kit.client.scripted_supervisor import Scripted
from tests.kit.places import REPOSITORY

CONFIG = """
state_dir: {place}/state
default_workdir: {place}/desk
backend_definitions:
  - {{name: gated, command: {place}/agent}}
  - {{name: wordy, command: {place}/wordy}}
agents:
  - {{alias: wordy, backend: wordy, workspace: shared, safety_mode: auto_approve}}
  - {{alias: dev, backend: gated, workspace: worktree, commit: auto, safety_mode: auto_approve}}
"""
AGENT = """#!/bin/sh
cat > work
cat {place}/gate > passed
echo line one
echo done
"""
WORDY = "#!/bin/sh\nseq 1 1500\n"


@pytest.fixture
def environ() -> Iterator[dict[str, str]]:
    """Return the environment of a gateway: a private runtime directory, the modules of this tree."""
    with TemporaryDirectory(prefix="cpg-", dir="/tmp") as directory:
        yield {
            "PATH": os.environ["PATH"],
            "HOME": directory,
            "COMPAS_RUNTIME_DIR": directory,
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONDONTWRITEBYTECODE": "1",
        }


@pytest.fixture
def place(tmp_path: Path, environ: dict[str, str]) -> Place:
    """Return the place of a config file that exists."""
    config = tmp_path / "config.yaml"
    config.write_text("agents: []\n")
    return place_of(config, environ)


@pytest.fixture
def scripted(place: Place, environ: dict[str, str], tmp_path: Path) -> Iterator[Scripted]:
    """Return a maker of scripted supervisors; all that began are killed at the end."""
    supervisor = Scripted(place, environ, tmp_path / "script.json")
    yield supervisor
    supervisor.kill()


@pytest.fixture
def config(place: Place, environ: dict[str, str]) -> Iterator[Path]:
    """Return the directory of a config whose agent works until something is written into its gate."""
    root = place.config.parent
    place.config.write_text(CONFIG.format(place=root))
    (root / "agent").write_text(AGENT.format(place=root))
    (root / "wordy").write_text(WORDY)
    for command in ("agent", "wordy"):
        (root / command).chmod(0o700)
    os.mkfifo(root / "gate")
    git = {**environ, "GIT_AUTHOR_NAME": "Op", "GIT_AUTHOR_EMAIL": "o@example.org"}
    git |= {"GIT_COMMITTER_NAME": "Op", "GIT_COMMITTER_EMAIL": "o@example.org"}
    (Path(environ["HOME"]) / ".gitconfig").write_text("[user]\n name = Op\n email = o@example.org\n")
    for command in (
        ["init", "-q", "-b", "main", "desk"],
        ["-C", "desk", "commit", "-q", "--allow-empty", "-m", "begin"],
    ):
        assert subprocess.Popen(["git", *command], cwd=root, env=git).wait() == 0
    yield root
    stop = [sys.executable, "-P", "-m", "compas", "stop", "--now", "--config", str(place.config)]
    assert subprocess.Popen(stop, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE).communicate()
