"""What a test does with an agent CLI under a whole compas, and what it looks at."""

import os
import select
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.kit.ceiling import CEILING
from tests.kit.system import process_tree
from tests.kit.system.workshop import Workshop, finish, open_workshop
from tests.model_server.model_http import ModelServer
from tests.real_clis import install
from tests.real_clis.rig import Rig, Settings

SECONDS = 50
"""What a task may take. The slowest CLI needs a few seconds to start."""


class Stage:
    """One CLI in a workshop: `dev` is an agent on it, and `t1` the thread it works in."""

    def __init__(self, rig: Rig, workshop: Workshop, server: ModelServer) -> None:
        self.rig = rig
        self.workshop = workshop
        self.server = server

    @property
    def worktree(self) -> Path:
        """Where `dev` works."""
        return self.workshop.repo / ".compas-worktrees" / "t1"

    def configure(self, *more: Settings) -> None:
        """Make `dev` an agent on this CLI that works in a worktree."""
        dev: Settings = {"alias": "dev", "backend": self.rig.name, "workspace": "worktree", "timeout_secs": SECONDS}
        dev |= self.rig.settings
        env: dict[str, str] = {}
        for settings in more:
            env |= settings.get("env", {})  # type: ignore[arg-type]
            dev |= settings
        self.workshop.configure([{**dev, "env": env} if env else dev])

    def dispatch(self, task: str, *options: str, seconds: int = SECONDS) -> Any:  # noqa: ANN401 - of any shape
        """Give `dev` a task over standard input, and return the answer that was waited for."""
        file = self.workshop.root / "task"
        file.write_text(task)
        with file.open("rb") as given:
            waiting = ("--thread", "t1", "--wait", "--timeout", str(seconds), "--json")
            process = self.workshop.begin("dispatch", "dev", "-", *waiting, *options, stdin=given)
            return finish(process, seconds + CEILING).json()

    def say(self, task: str, *, seconds: int = SECONDS) -> str:
        """Give `dev` a task, and return what it replied."""
        body: str = self.dispatch(task, seconds=seconds)["body"]
        return body

    def ended(self) -> list[dict[str, Any]]:
        """Return how the executions ended, as the log has it."""
        return [event["data"] for event in self.workshop.events("t1") if event["type"] == "execution.ended"]

    def judged(self) -> list[str]:
        """Return status and class of each ended execution."""
        return [" ".join(part for part in (end["status"], end.get("category", "")) if part) for end in self.ended()]

    def sessions(self) -> list[str | None]:
        """Return the conversation of each execution."""
        return [run["session_id"] for run in self.workshop.ask("transcript", "t1")["executions"]]

    def begin_tool(self) -> tuple[int, Path]:
        """Begin a task whose tool waits at a FIFO; return the tool's pid, and the FIFO to let it go on."""
        here, gate = self.workshop.fifo("here"), self.workshop.fifo("gate")
        step = f"SCENARIO:shell cmd='echo $$ > {here}; exec cat {gate}'\nSCENARIO:final text='Made it.'"
        self.workshop.ask("dispatch", "dev", step, "--thread", "t1")
        pid = int(read_fifo(here))
        assert process_tree.is_alive(pid)
        return pid, gate

    def agent_pid(self) -> int:
        """Return the pid of the CLI that was started first."""
        pid = self.workshop.until("execution.started")["data"]["pid"]
        assert isinstance(pid, int)
        return pid


def read_fifo(path: Path) -> bytes:
    """Return what somebody writes into a FIFO; a writer that does not come is a failure."""
    fifo = os.open(path, os.O_RDWR)
    try:
        assert select.select([fifo], [], [], CEILING)[0], f"nobody has written to {path}"
        return os.read(fifo, 1000)
    finally:
        os.close(fifo)


@contextmanager
def open_with(rig: Rig, root: Path, server: ModelServer) -> Iterator[Workshop]:
    """Open a workshop whose operator has a CLI on the path, set up for the model server."""
    command = install.command_of(rig.name)
    if not command.exists():
        pytest.skip(f"{rig.name} is not installed at {command}: `python -m tests.real_clis.install` needs npm")
    with open_workshop(root) as made:
        path = f"{command.parent}{os.pathsep}{made.environ['PATH']}"
        made.environ |= {"PATH": path, "NO_PROXY": "127.0.0.1", **rig.environ(server.url)}
        rig.furnish(root, server.url)
        yield made
