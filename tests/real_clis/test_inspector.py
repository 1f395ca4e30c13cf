"""MCP Inspector's command line from dispatch to merge, a process for each call, and a wait that it does as a task."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compas.client.environment import PLACES
from tests.kit.system.workshop import finish, open_workshop
from tests.real_clis.install import command_of
from tests.real_clis.job import CORE, PROGRESS, REPLY, SERVER, TASK, THREAD, WAIT, Job
from tests.real_clis.mcp_clients import interrupt

pytestmark = pytest.mark.system


ASKING_FOR_PROGRESS = ("--tool-metadata", "progressToken=inspector")
"""By itself it asks for none."""


class Inspector:
    """Calls compas's tools through Inspector's command line."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._program = str(command_of("inspector"))

    def begin(self, method: str, *options: str) -> "subprocess.Popen[bytes]":
        """Begin a call in a process of its own."""
        server = self.job.wire.command(*SERVER)
        # It starts servers with few variables of its own.
        named = [f"{name}={self.job.workshop.environ[name]}" for name in PLACES if name in self.job.workshop.environ]
        passed_on = [word for one in named for word in ("-e", one)]
        argv = [self._program, "--cli", *passed_on, *server, "--method", method, "--format", "json", *options]
        return self.job.workshop.start(argv, cwd=self.job.workshop.repo, start_new_session=True)

    def begin_call(self, tool: str, *options: str, **arguments: object) -> "subprocess.Popen[bytes]":
        """Begin a call of a tool."""
        return self.begin("tools/call", "--tool-name", tool, "--tool-args-json", json.dumps(arguments), *options)

    def call(self, tool: str, **arguments: object) -> dict[str, Any]:
        """Call a tool that has to succeed."""
        return answer_of(self.begin_call(tool, **arguments))


def result_of(process: "subprocess.Popen[bytes]") -> dict[str, Any]:
    """Return what a call came to."""
    ended = finish(process)
    assert ended.code == 0, ended
    result: dict[str, Any] = json.loads(ended.out)["result"]
    return result


def answer_of(process: "subprocess.Popen[bytes]") -> dict[str, Any]:
    """Return what a tool has answered."""
    answer: dict[str, Any] = result_of(process)["structuredContent"]
    return answer


@pytest.fixture
def inspector(tmp_path: Path) -> Iterator[Inspector]:
    """Return Inspector at the job."""
    command = command_of("inspector")
    if not command.exists():
        pytest.skip(f"inspector is not installed at {command}: `python -m tests.real_clis.install` needs npm")
    with open_workshop(tmp_path) as workshop:
        # Beside the command is the Node that it needs.
        workshop.environ["PATH"] = f"{command.parent}{os.pathsep}{workshop.environ['PATH']}"
        yield Inspector(Job(workshop))


def test_inspector_does_the_whole_job_and_ending_it_cancels_its_wait(inspector: Inspector) -> None:
    job = inspector.job
    assert inspector.call("orch_dispatch", **TASK)["thread_id"] == THREAD
    waiting = inspector.begin_call("orch_wait", *ASKING_FOR_PROGRESS, **WAIT)
    assert job.wire.until_called("orch_wait") == {"progressToken": "inspector"}
    with job.at_the_gate():
        listed = {tool["name"] for tool in result_of(inspector.begin("tools/list"))["tools"]}
        assert listed >= set(CORE)
        assert f"waiting for thread {THREAD}" in job.wire.until_asked(PROGRESS).params["message"]
        job.until_waiters(1)
        interrupt(waiting)
        finish(waiting)
        job.until_waiters(0)
        assert job.is_at_work()
        job.wire.forget()
        again = inspector.begin_call("orch_wait", **WAIT)
        assert job.wire.until_called("orch_wait") == {}
    assert answer_of(again)["body"] == REPLY
    assert "+OK = 1" in inspector.call("orch_diff", thread_id=THREAD)["text"]
    merge = inspector.call("orch_merge", thread_id=THREAD)
    assert inspector.call("orch_wait_merge", op_id=merge["op_id"])["status"] == "completed"
    assert inspector.call("orch_close", thread_id=THREAD)["status"] == "Completed"
    job.check_done()


def test_inspector_waits_by_a_task_that_it_looks_at(inspector: Inspector) -> None:
    job = inspector.job
    waiting = inspector.begin_call("orch_dispatch", "--protocol-era", "modern", wait=True, **TASK)
    job.wire.until_asked("tasks/get")
    with job.at_the_gate():
        job.until_waiters(0)  # nobody waits between two looks
    answer = answer_of(waiting)
    assert (answer["thread_id"], answer["answer"]["body"]) == (THREAD, REPLY)
