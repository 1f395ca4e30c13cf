"""A supervisor without work does nothing at all: no polling, no SQL, no ticking; and it ends when nobody needs it."""

import time
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.kit.ceiling import CEILING
from tests.kit.system import process_tree
from tests.kit.system.workshop import Workshop, finish

pytestmark = pytest.mark.system

WINDOW_SECS = 3
"""How long it is watched. Whatever polls once a second or more often is seen."""
MOST_SWITCHES = 6
"""In a window, over all threads: room for worker threads that retire, which each do so once."""
MOST_TICKS = 2
"""Hundredths of a second of CPU time in a window."""


class Effort(NamedTuple):
    """What a process has done so far: times its threads went to sleep, and ticks of CPU time."""

    switches: int
    ticks: int
    calls: int


def effort(pid: int) -> Effort:
    """Read what a process has done: all its threads, also of the store; a query cannot run without waking one."""
    switches = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        status = (task / "status").read_text()
        switches += int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0])
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    io = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return Effort(switches, int(fields[11]) + int(fields[12]), int(io["syscr"]) + int(io["syscw"]))


def check_at_rest(workshop: Workshop) -> None:
    """Watch every process until all rest for a whole window, which those who poll never do.

    How long the last command leaves something to do is for the machine to say.
    """
    watched = {one.pid: one.command for one in workshop.processes()}
    until = time.monotonic() + CEILING
    while True:
        before = {pid: effort(pid) for pid in watched}
        assert not process_tree.wait_gone(next(iter(watched)), WINDOW_SECS)
        done = {pid: Effort(*(b - a for a, b in zip(before[pid], effort(pid), strict=True))) for pid in watched}
        busy = {
            watched[pid]: one for pid, one in done.items() if one.switches > MOST_SWITCHES or one.ticks > MOST_TICKS
        }
        if not busy:
            return
        assert time.monotonic() < until, busy


def test_a_supervisor_without_work_sleeps(workshop: Workshop) -> None:
    workshop.configure([workshop.agent("dev", [{"write": "a", "text": "a"}, {"reply": "Done."}], workspace="worktree")])
    workshop.supervise()
    workshop.ask("dispatch", "dev", "x", "--thread", "t1", "--wait")
    check_at_rest(workshop)


def test_a_supervisor_that_waits_for_the_slots_of_schedules_sleeps(workshop: Workshop) -> None:
    dev = workshop.agent("dev", [{"reply": "Done."}])
    soon = {"agent": "dev", "cron": "0 0 1 1 *", "body": "x"}
    workshop.configure([dev], schedules=[{"name": f"s{number}", **soon} for number in range(20)])
    workshop.supervise()
    workshop.ask("schedules")
    check_at_rest(workshop)


def test_a_supervisor_that_waits_for_agents_and_is_waited_for_sleeps_too(workshop: Workshop) -> None:
    gate = workshop.fifo("gate")
    work = [{"say": "here"}, {"block": str(gate)}, {"reply": "Done."}]
    dev = workshop.agent("dev", work, max_concurrent=1)
    workshop.configure([dev])
    workshop.supervise()
    workshop.ask("dispatch", "dev", "x", "--thread", "t1")
    workshop.ask("dispatch", "dev", "x", "--thread", "t2")
    workshop.until_said("here")
    waiters = [
        workshop.begin("wait", "--thread-id", "t1", "--await-chain"),
        workshop.begin("wait", "--thread-id", "t2", "--await-chain"),
        workshop.begin("events", "--follow"),
        workshop.begin("log", "t1", "--follow"),
    ]
    while workshop.ask("health")["clients"] != len(waiters) + 1:
        pass
    check_at_rest(workshop)
    gate.write_text("go")
    assert finish(waiters[0]).code == 0
    gate.write_text("go")
    assert finish(waiters[1]).code == 0


@pytest.mark.parametrize("args", [(), ("--detached",)])
def test_a_supervisor_ends_by_itself_when_nobody_needs_it(workshop: Workshop, args: tuple[str, ...]) -> None:
    workshop.configure([workshop.agent("dev", [{"reply": "Done."}])])
    if args:
        assert workshop("run", "--idle-exit", *args, env={"COMPAS_IDLE_SECS": "0.5"}).code == 0
    else:
        workshop.supervise("--idle-exit", COMPAS_IDLE_SECS="0.5")
    # Nobody asks for its pid: it may be gone before the question, which would start another.
    assert all(process_tree.wait_gone(one.pid, CEILING) for one in workshop.processes())
    log = (workshop.state / "supervisor.log").read_text()
    assert "nobody needs this supervisor any more" in log
    stops = [event["data"]["mode"] for event in workshop.events() if event["type"] == "supervisor.stopped"]
    assert stops == ["idle"]


def test_a_supervisor_with_an_agent_at_work_or_a_client_does_not_end_by_itself(workshop: Workshop) -> None:
    gate = workshop.fifo("gate")
    workshop.configure([workshop.agent("dev", [{"say": "here"}, {"block": str(gate)}, {"reply": "Done."}])])
    # Started by its first client: one that is started before may be gone when the client comes.
    follower = workshop.begin("events", "--follow", env={"COMPAS_IDLE_SECS": "0.3"})
    assert follower.stdout is not None
    assert follower.stdout.readline()
    supervisor = workshop.supervisor_pid()
    assert not process_tree.wait_gone(supervisor, 1), "somebody listens"
    workshop.ask("dispatch", "dev", "x", "--thread", "t1")
    workshop.until_said("here")
    follower.kill()
    finish(follower)
    assert not process_tree.wait_gone(supervisor, 1), "an agent is at work"
    gate.write_text("go")
    assert process_tree.wait_gone(supervisor, CEILING)
    assert "nobody needs this supervisor any more" in (workshop.state / "supervisor.log").read_text()
    said = [one["body"] for one in workshop.ask("transcript", "t1")["messages"]]
    assert said == ["x", "Done."]


def test_a_supervisor_started_by_hand_does_not_end_by_itself(workshop: Workshop) -> None:
    workshop.configure([workshop.agent("dev", [{"reply": "Done."}])])
    supervisor = workshop.supervise(COMPAS_IDLE_SECS="0.1")
    assert not process_tree.wait_gone(supervisor.pid, 1)
