"""An agent answers while the disk is full and no supervisor is there: what is left of its reply passes for none."""

import resource
from pathlib import Path
from typing import Any

import pytest

from tests.kit.ceiling import CEILING
from tests.kit.system import process_tree
from tests.kit.system.workshop import Workshop

pytestmark = pytest.mark.system

ROOM = 16 * 1024
"""Bytes of the log that find room: the exit fits as well, since its space is taken beforehand."""
SCRIPT = "echo at the gate; cat {gate}; seq 1 {last}; echo 'VERDICT: APPROVE'"


def configure(workshop: Workshop, gate: Path, last: int) -> None:
    reviewer = workshop.agent("reviewer", [{"reply": "Reviewed."}])
    workshop.configure(
        [
            {"alias": "dev", "backend": "plain", "workspace": "shared", "handoff": {"on_response": "reviewer"}},
            reviewer,
        ],
        backend_definitions=[
            {"name": "plain", "command": "/bin/sh", "args": ["-c", SCRIPT.format(gate=gate, last=last)]}
        ],
    )


def begin(workshop: Workshop) -> int:
    """Dispatch, give the runner's log little room, and return the runner's process."""
    workshop.ask("dispatch", "dev", "x", "--thread", "t1")
    workshop.until_said("at the gate")
    runner = int(workshop.until("execution.started")["data"]["runner_pid"])
    _, hard = resource.prlimit(runner, resource.RLIMIT_FSIZE)
    resource.prlimit(runner, resource.RLIMIT_FSIZE, (ROOM, hard))
    return runner


def ends(workshop: Workshop) -> list[dict[str, Any]]:
    return [one["data"] for one in workshop.events("t1") if one["type"] == "execution.ended"]


def test_a_reply_that_was_cut_is_no_answer_and_everybody_says_why(workshop: Workshop) -> None:
    gate = workshop.fifo("gate")
    configure(workshop, gate, last=20_000)
    supervisor = workshop.supervise()
    runner = begin(workshop)
    process_tree.kill(supervisor.pid)
    gate.write_text("go\n")
    assert process_tree.wait_gone(runner, CEILING)
    workshop("wait", "--thread-id", "t1", "--await-chain", "--timeout", str(CEILING))
    (ended,) = ends(workshop)
    assert (ended["status"], ended.get("verdict", "")) == ("failed", ""), "nothing is handed to the reviewer"
    reason = "output.log could not be written: File too large"
    assert "the reply is incomplete: its output lacks" in ended["error"]
    assert reason in ended["error"]
    for command in (["why", "t1"], ["diagnose", "t1"], ["transcript", "t1"], ["log", "t1"]):
        assert reason in workshop(*command).out, command
    (message,) = [one for one in workshop.ask("transcript", "t1")["messages"] if one["from"] == "dev"]
    assert message["intent"] == "error"
    assert "What there is of the reply:\n\nat the gate\ngo\n" in message["body"]


def test_a_supervisor_that_was_there_has_the_whole_reply_in_spite_of_the_full_disk(workshop: Workshop) -> None:
    gate = workshop.fifo("gate")
    configure(workshop, gate, last=20_000)
    workshop.supervise()
    begin(workshop)
    gate.write_text("go\n")
    workshop("wait", "--thread-id", "t1", "--await-chain", "--timeout", str(CEILING))
    first, second = ends(workshop)
    assert (first["status"], second["status"]) == ("completed", "completed")
    said = [one["body"] for one in workshop.ask("transcript", "t1")["messages"] if one["from"] == "dev"]
    assert said[0].rstrip().endswith("VERDICT: APPROVE")
