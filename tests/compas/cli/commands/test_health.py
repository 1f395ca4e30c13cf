"""`compas health` as a process: what it says of agents, and what it asks only when it is told to."""

from pathlib import Path

import pytest

from tests.kit.cli.setup_desk import Desk

pytestmark = pytest.mark.system

CONFIG = """\
default_workdir: {repository}
state_dir: {home}/state
backend_definitions:
  - {{name: good, command: {bin}/good}}
  - {{name: bad, command: {bin}/bad}}
agents:
  - {{alias: dev, backend: good, workspace: shared}}
  - {{alias: gone, backend: bad, workspace: shared}}
"""


@pytest.fixture
def config(desk: Desk) -> Path:
    """Return a config with an agent that works and one that does not."""
    desk.install("good", "")
    desk.config.parent.mkdir()
    desk.config.write_text(CONFIG.format(repository=desk.repository, home=desk.home, bin=desk.bin))
    return desk.config


def test_a_ping_is_shown_with_its_time_or_its_failure(desk: Desk, config: Path) -> None:
    try:
        plain = desk.compas("health")
        assert (plain.returncode, plain.stderr) == (0, "")
        assert "PING" not in plain.stdout
        assert "install it or correct its path" in plain.stdout
        pinged = desk.compas("health", "--ping")
        (dev,) = [line for line in pinged.stdout.splitlines() if line.startswith("dev ")]
        assert " ms " in dev
        assert f"gone (bad): the ping failed: there is no {desk.bin}/bad" in pinged.stdout
        assert " ms (remembered) " in desk.compas("health", "dev", "--ping").stdout
        assert f"gone cannot be started: there is no {desk.bin}/bad" in desk.compas("list-agents").stdout
    finally:
        desk.compas("stop", "--now")


def test_an_unknown_agent_is_named_with_those_that_there_are(desk: Desk, config: Path) -> None:
    try:
        done = desk.compas("health", "def")
        assert done.returncode != 0
        assert "no agent is called 'def'" in done.stderr
        assert "did you mean 'dev'? There are: dev, gone" in done.stderr
    finally:
        desk.compas("stop", "--now")
