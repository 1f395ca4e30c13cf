"""Everything that descends from the runner: reaping it, its use of the machine, and signals to it."""

import contextlib
import os
import signal
import sys

from compas.runner import processes
from compas.runner.processes import Process

_RSS_UNITS_PER_KB = 1024 if sys.platform == "darwin" else 1
"""macOS counts bytes (getrusage(2))."""


class Children:
    """The agent and all that it started. Since this process adopts orphans, no children means nothing alive."""

    def __init__(self, agent: int, token: str) -> None:
        self._agent = agent
        self._token = token
        self._signalled: set[tuple[int, int]] = set()
        self.agent_status: int | None = None
        """The agent's wait status once it has ended."""
        self.nothing_left = False
        self.user_secs = 0.0
        self.system_secs = 0.0
        self.max_rss_kb = 0

    @property
    def leftovers_ended(self) -> int:
        """How many processes beside the agent have been signalled."""
        return len(self._signalled)

    def reap(self) -> None:
        """Collect all that have ended; never waits."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                # Without a subreaper (macOS) having no children does not mean that nobody is left.
                self.nothing_left = not self._strays()
                return
            if pid == 0:
                self.nothing_left = False
                return
            self.user_secs += usage.ru_utime
            self.system_secs += usage.ru_stime
            self.max_rss_kb = max(self.max_rss_kb, usage.ru_maxrss // _RSS_UNITS_PER_KB)
            if pid == self._agent:
                self.agent_status = status

    def terminate(self) -> None:
        """Send SIGTERM to every process group of the tree, and wake those that are stopped to take it."""
        living = self._living()
        self._note(living)
        for group in {process.group for process in living}:
            _signal_group(group, signal.SIGTERM)
            _signal_group(group, signal.SIGCONT)

    def kill(self) -> None:
        """Send SIGKILL to every process of the tree that exists at this moment."""
        living = self._living()
        self._note(living)
        for process in living:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process.pid, signal.SIGKILL)

    def _living(self) -> list[Process]:
        own = os.getpid()
        found = {process.pid: process for process in processes.descendants(own, processes.list_processes())}
        found.update((process.pid, process) for process in self._strays())
        return list(found.values())

    def _strays(self) -> list[Process]:
        if processes.ORPHANS_ARE_ADOPTED:
            return []
        return processes.belonging(self._token)

    def _note(self, living: list[Process]) -> None:
        self._signalled.update((p.pid, p.start_time) for p in living if p.pid != self._agent)


def _signal_group(group: int, number: signal.Signals) -> None:
    # It may have ended meanwhile, or be another user's: then it is reported as left over.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
