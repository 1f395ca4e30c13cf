"""The job that every MCP client is put through: a task at a gate, whose work is looked at, merged and closed."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.kit.ceiling import CEILING
from tests.kit.system.workshop import Workshop
from tests.real_clis.mcp_wire_log import WireLog

THREAD = "health"
TASK = {"to": "dev", "body": "Add a health check.", "thread_id": THREAD}
WAIT: dict[str, object] = {"thread_id": THREAD}
REPLY = "Made it."
CORE = ("orch_dispatch", "orch_wait", "orch_diff", "orch_merge", "orch_wait_merge", "orch_close")
"""The tools that the job takes."""
PROGRESS = "notifications/progress"


SERVER = (sys.executable, "-P", "-m", "compas", "mcp-server")


class Job:
    """A workshop whose agent `dev` works until its gate is opened, and the log of what a client says to compas."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.wire = WireLog(workshop.root / "wire.jsonl")
        self._gate = workshop.fifo("gate")
        work = [{"block": str(self._gate)}, {"write": "health.py", "text": "OK = 1\n"}, {"reply": REPLY}]
        workshop.configure([workshop.agent("dev", work, workspace="worktree", commit="auto")])

    @contextmanager
    def at_the_gate(self) -> Iterator[None]:
        """Hold the agent for the block, which begins once it is at its gate; then let it go on."""
        with self._gate.open("w") as gate:  # opens when the agent does
            yield
            gate.write("go")

    def waiters(self) -> int:
        """Return how many requests the supervisor has, beside the one that asks."""
        count: int = self.workshop.ask("health")["clients"]
        return count - 1

    def until_waiters(self, count: int) -> None:
        """Return once the supervisor has so many requests, beside the one that asks."""
        deadline = time.monotonic() + CEILING
        while (found := self.waiters()) != count:
            assert time.monotonic() < deadline, f"{found} wait at the supervisor"

    def is_at_work(self) -> bool:
        """Tell whether the thread's agent works."""
        (row,) = self.workshop.ask("status", THREAD)["threads"]
        return bool(row["execution_status"] == "executing")

    def check_done(self) -> None:
        """Assert that the work is on main, once, and its thread closed."""
        assert (self.workshop.repo / "health.py").read_text() == "OK = 1\n"
        assert self.workshop.ask("status", THREAD)["threads"][0]["thread_status"] == "Completed"
        executions = self.workshop.ask("transcript", THREAD)["executions"]
        assert [run["status"] for run in executions] == ["completed"]
