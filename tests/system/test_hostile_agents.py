"""Agents that turn against their runner: the supervisor ends them without asking it, and serves everybody else."""

import os
import select
import sys
from pathlib import Path

import pytest

from tests.kit.ceiling import CEILING
from tests.kit.system import hostile_agent, process_tree
from tests.kit.system.workshop import Workshop

pytestmark = pytest.mark.system

ENDS_AT_ONCE = {deed for deed in hostile_agent.DEEDS if deed.startswith("kills")}
"""A killed runner is noticed by itself, and is the end of its agent, which may not come to say that it is done."""
OVER = ("execution.ended", "execution.stopped")


class Stage:
    """A workshop in which every deed has a thread, and is done."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.threads = {deed: f"t{number}" for number, deed in enumerate(hostile_agent.DEEDS)}
        script = Path(hostile_agent.__file__)
        backends, agents = [], []
        for deed, thread in self.threads.items():
            os.mkfifo(self.path(thread, "done"))
            places = [str(self.path(thread, "pids")), str(self.path(thread, "done")), str(workshop.state)]
            arguments = [str(script), deed, *places]
            backends.append({"name": thread, "command": sys.executable, "args": [*arguments, "{{instruction}}"]})
            settings = {"workspace": "worktree", "max_retries": 0, "on_crash": "fail"}
            agents.append({"alias": thread, "backend": thread, "timeout_secs": 600, **settings})
        good = workshop.agent("good", [{"reply": "All is well."}], workspace="worktree")
        workshop.configure(
            [*agents, good], backend_definitions=backends, orchestration={"max_concurrent_triggers": len(agents) + 1}
        )

    def path(self, thread: str, name: str) -> Path:
        return self.workshop.root / f"{thread}-{name}"

    def begin(self) -> None:
        """Have every deed done."""
        done = {thread: os.open(self.path(thread, "done"), os.O_RDONLY | os.O_NONBLOCK) for thread in self.waited_for()}
        for thread in self.threads.values():
            self.workshop.ask("dispatch", thread, "go", "--thread", thread, "--batch", "all")
        for thread, descriptor in done.items():
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            assert poll.poll(CEILING * 1000), thread
            assert os.read(descriptor, 1000) == b"done"
            os.close(descriptor)
        for thread in set(self.threads.values()) - done.keys():
            self.workshop.until("execution.ended", thread=thread)

    def waited_for(self) -> list[str]:
        return [thread for deed, thread in self.threads.items() if deed not in ENDS_AT_ONCE]

    def abandon(self) -> None:
        """Give up every thread, and return once the log says that nothing of any is alive."""
        self.workshop.ask("abandon-batch", "all")
        for thread in self.threads.values():
            if all(event["type"] not in OVER for event in self.workshop.events(thread)):
                self.workshop.until("execution.stopped", thread=thread)

    def check(self) -> None:
        """Nothing that was made is alive, no work is lost, and others are served."""
        alive = {
            deed: [row for pid in self.pids(thread) if (row := process_tree.row(pid)) is not None]
            for deed, thread in self.threads.items()
        }
        assert {deed: rows for deed, rows in alive.items() if rows} == {}
        status = {one["thread_id"]: one["thread_status"] for one in self.workshop.ask("status")["threads"]}
        assert {status[thread] for thread in self.waited_for()} == {"Abandoned"}
        for thread in self.waited_for():
            kinds = [event["type"] for event in self.workshop.events(thread)]
            assert "worktree.removal_planned" not in kinds[: kinds.index("execution.stopped")], kinds
        answer = self.workshop.ask("dispatch", "good", "work", "--thread", "good", "--wait")
        assert answer["body"].startswith("All is well.")
        assert "Traceback" not in (self.workshop.state / "supervisor.log").read_text()

    def pids(self, thread: str) -> list[int]:
        return [int(line) for line in self.path(thread, "pids").read_text().split()]


def test_whatever_an_agent_does_to_its_runner_it_is_ended_when_its_thread_is_abandoned(workshop: Workshop) -> None:
    stage = Stage(workshop)
    supervisor = workshop.supervisor_pid()
    stage.begin()
    stage.abandon()
    stage.check()
    assert workshop.supervisor_pid() == supervisor


def test_the_next_supervisor_ends_what_turned_against_its_runner_under_the_last(workshop: Workshop) -> None:
    stage = Stage(workshop)
    supervisor = workshop.supervisor_pid()
    stage.begin()
    process_tree.kill(supervisor)
    stage.abandon()
    stage.check()
