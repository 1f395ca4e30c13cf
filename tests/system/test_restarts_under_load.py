"""A supervisor that is replaced again and again while clients dispatch, wait and read: none of them notices."""

import json
import threading
from pathlib import Path

import pytest

from tests.kit.system.workshop import Result, Workshop

pytestmark = pytest.mark.system

TASKS_BETWEEN = 3
"""So many tasks have to have been answered before the next restart, so that each meets clients at work."""


@pytest.mark.parametrize("times", [2, pytest.param(10, marks=pytest.mark.long)])
def test_restarts_under_load_are_noticed_by_nobody(workshop: Workshop, times: int) -> None:
    workshop.configure([workshop.agent("dev", [{"reply": "Made it."}])])
    workshop.supervisor_pid()
    asked = Asked(workshop)
    commands = {
        "dispatch": ("dispatch", "dev", "Do it.", "--wait", "--json"),
        "status": ("status", "--json"),
        "tasks": ("tasks", "--json"),
    }
    clients = [threading.Thread(target=asked.again_and_again, args=item) for item in commands.items()]
    for client in clients:
        client.start()
    try:
        restarts = []
        for _ in range(times):
            asked.wait_for("dispatch", TASKS_BETWEEN)
            restarts.append(workshop("restart"))
    finally:
        asked.is_over.set()
        for client in clients:
            client.join()
    assert [one for one in (*restarts, *asked.failed) if one.code != 0] == []
    assert [answer["body"] for answer in asked.answers("dispatch")] == ["Made it."] * len(asked.done["dispatch"])
    runs = workshop.ask("tasks", "--every", "--json", "--limit", "1000")["tasks"]
    assert [run["execution_status"] for run in runs] == ["completed"] * len(asked.done["dispatch"])
    log = Path(workshop.state / "supervisor.log").read_text()
    assert "Traceback" not in log


class Asked:
    """What commands that are run again and again came to."""

    def __init__(self, workshop: Workshop) -> None:
        self.is_over = threading.Event()
        self.done: dict[str, list[Result]] = {}
        self.failed: list[Result] = []
        self._workshop = workshop
        self._changed = threading.Condition()

    def again_and_again(self, name: str, command: tuple[str, ...]) -> None:
        """Run a command until the end is wanted, or until it fails."""
        while not self.is_over.is_set():
            result = self._workshop(*command)
            with self._changed:
                self.done.setdefault(name, []).append(result)
                self._changed.notify_all()
            if result.code != 0:
                self.failed.append(result)
                return

    def wait_for(self, name: str, more: int) -> None:
        """Wait until a command was run a few times more, or one of them failed."""
        with self._changed:
            enough = len(self.done.get(name, ())) + more
            self._changed.wait_for(lambda: len(self.done.get(name, ())) >= enough or bool(self.failed))

    def answers(self, name: str) -> list[dict[str, object]]:
        """Return what a command answered each time."""
        return [json.loads(result.out) for result in self.done[name]]
