"""The commands with the real supervisor, which they start, lose, replace and stop."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.ceiling import CEILING
from tests.kit.cli.command_line import CommandLine

pytestmark = pytest.mark.system

CONFIG = """
state_dir: {place}/state
default_workdir: {place}/desk
backend_definitions:
  - {{name: gated, command: {place}/agent}}
agents:
  - {{alias: dev, backend: gated, workspace: shared, safety_mode: auto_approve}}
"""
AGENT = """#!/bin/sh
cat > {place}/task
cat {place}/gate > {place}/passed
echo done
"""


@pytest.fixture
def place(config: Path, compas: CommandLine) -> Iterator[Path]:
    """Return the directory of an agent that works until something is written into its gate."""
    place = config.parent
    (place / "desk").mkdir()
    os.mkfifo(place / "gate")
    (place / "agent").write_text(AGENT.format(place=place))
    (place / "agent").chmod(0o700)
    config.write_text(CONFIG.format(place=place))
    yield place
    compas("stop", "--now")


def pid_of(compas: CommandLine) -> int:
    """Return the supervisor's process number."""
    return int(json.loads(compas("health", "--json").stdout)["pid"])


def test_a_wait_survives_a_killed_supervisor_and_a_replaced_one(compas: CommandLine, place: Path) -> None:
    waiting = compas.start("dispatch", "dev", "do it", "--wait", "--timeout", str(CEILING))
    assert waiting.stderr is not None
    assert b"waiting for the answer" in waiting.stderr.readline()
    first = pid_of(compas)
    with (place / "gate").open("w"):  # opens once the agent works
        os.kill(first, signal.SIGKILL)
        second = pid_of(compas)
        assert compas("restart").returncode == 0
        third = pid_of(compas)
        assert waiting.poll() is None
    out, _ = waiting.communicate(timeout=CEILING)
    assert (waiting.returncode, out.split(b"---BODY---\n")[1]) == (0, b"done\n")
    assert len({first, second, third}) == 3
    thread = out.splitlines()[1].removeprefix(b"thread_id=").decode()
    executions = json.loads(compas("transcript", thread, "--json").stdout)["executions"]
    assert [execution["status"] for execution in executions] == ["completed"]


def test_a_wait_ends_with_the_supervisor_that_is_stopped_and_starts_no_other(compas: CommandLine, place: Path) -> None:
    waiting = compas.start("dispatch", "dev", "do it", "--wait", "--timeout", str(CEILING))
    assert waiting.stderr is not None
    thread = waiting.stderr.readline().split()[-1].decode()
    with (place / "gate").open("w"):
        assert compas("stop", "--detach").returncode == 0
        _, err = waiting.communicate(timeout=CEILING)
        assert waiting.returncode == 2
        assert err.splitlines()[-1].startswith(b"error: ")
        assert compas("status", "--no-start").returncode == 2
    assert "done" in compas("wait", "--thread-id", thread, "--timeout", str(CEILING)).stdout
