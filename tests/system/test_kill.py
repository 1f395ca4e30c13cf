"""Processes that are killed or told to end, idle and in the middle of work: agents go on, and nothing is lost."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.kit.ceiling import CEILING
from tests.kit.system import process_tree
from tests.kit.system.workshop import Workshop, finish

pytestmark = pytest.mark.system

GIT_WORKER = "compas.git.worker"
FORK_SERVER = "compas.runner.forkserver"
AT_THE_GATE = "I stand at the gate"


@pytest.fixture
def gate(workshop: Workshop) -> Path:
    """Return a FIFO that `dev` waits for in each of its turns."""
    path = workshop.fifo("gate")
    ran = str(workshop.root / "ran")
    work = [{"append": ran, "text": "x"}, {"say": AT_THE_GATE}, {"block": str(path)}, {"reply": "Made it."}]
    free = workshop.agent("free", [{"write": "new.txt", "text": "new"}, {"reply": "Free."}], workspace="worktree")
    workshop.configure([workshop.agent("dev", work, work, workspace="worktree"), free])
    return path


def begin_waiting(workshop: Workshop) -> "tuple[subprocess.Popen[bytes], int]":
    """Dispatch, and return the process that waits for the answer, and the agent's pid."""
    waiter = workshop.begin("dispatch", "dev", "work", "--thread", "t1", "--wait", "--json", "--timeout", str(CEILING))
    assert waiter.stderr is not None
    assert b"waiting for the answer" in waiter.stderr.readline()
    return waiter, agent_at_the_gate(workshop)


def agent_at_the_gate(workshop: Workshop) -> int:
    """Return the pid of the agent of `t1` once it waits."""
    workshop.until_said(AT_THE_GATE)
    pid = workshop.until("execution.started")["data"]["pid"]
    assert process_tree.is_alive(pid)
    assert isinstance(pid, int)
    return pid


def check_one_answer(workshop: Workshop) -> None:
    transcript = workshop.ask("transcript", "t1")
    said = [(one["intent"], one["body"]) for one in transcript["messages"] if one["to"] == "operator"]
    assert said == [("response", "Made it.")]
    assert [run["status"] for run in transcript["executions"]] == ["completed"]
    assert (workshop.root / "ran").read_text() == "x"


def test_an_agent_outlives_its_supervisor_and_is_adopted_by_the_next(workshop: Workshop, gate: Path) -> None:
    supervisor = workshop.supervise()
    waiter, agent = begin_waiting(workshop)
    process_tree.kill(supervisor.pid)
    assert process_tree.is_alive(agent)
    health = workshop.ask("health")
    assert (health["epoch"], health["active"]) == (2, 1)
    assert process_tree.is_alive(agent)
    gate.write_text("go")
    answer = finish(waiter).json()
    assert (answer["found"], answer["body"]) == (True, "Made it.")
    check_one_answer(workshop)
    pids = [event["data"]["pid"] for event in workshop.events("t1") if event["type"] == "execution.started"]
    assert pids == [agent]


def test_an_agent_that_ended_while_there_was_no_supervisor_has_its_reply_recorded(
    workshop: Workshop, gate: Path
) -> None:
    supervisor = workshop.supervise()
    sent = workshop.ask("dispatch", "dev", "work", "--thread", "t1")
    agent = agent_at_the_gate(workshop)
    process_tree.kill(supervisor.pid)
    gate.write_text("go")
    assert process_tree.wait_gone(agent, CEILING)
    answer = workshop.ask("wait", "--thread-id", "t1", "--since", sent["reference"], "--await-chain")
    assert answer["body"] == "Made it."
    check_one_answer(workshop)


def test_supervisors_killed_one_after_another_leave_one_answer(workshop: Workshop, gate: Path) -> None:
    workshop.supervise()
    waiter, agent = begin_waiting(workshop)
    for _ in range(4):
        process_tree.kill(workshop.supervisor_pid())
    assert process_tree.is_alive(agent)
    gate.write_text("go")
    assert finish(waiter).json()["body"] == "Made it."
    check_one_answer(workshop)


@pytest.mark.parametrize("worker", [GIT_WORKER, FORK_SERVER])
def test_an_idle_worker_that_is_killed_is_replaced(workshop: Workshop, gate: Path, worker: str) -> None:
    supervisor = workshop.supervise()
    workshop.ask("health")
    for number in range(3):
        process_tree.kill(workshop.worker(worker))
        answer = workshop.ask("dispatch", "free", "work", "--thread", f"t{number}", "--wait")
        assert answer["body"].startswith("Free.")
    assert supervisor.poll() is None


@pytest.mark.parametrize("worker", [GIT_WORKER, FORK_SERVER])
def test_a_worker_that_is_killed_while_an_agent_runs_does_not_disturb_it(
    workshop: Workshop, gate: Path, worker: str
) -> None:
    workshop.supervise()
    waiter, agent = begin_waiting(workshop)
    process_tree.kill(workshop.worker(worker))
    assert process_tree.is_alive(agent)
    gate.write_text("go")
    assert finish(waiter).json()["body"] == "Made it."
    check_one_answer(workshop)


def test_a_worktree_that_was_begun_by_a_killed_git_worker_is_used(workshop: Workshop, gate: Path) -> None:
    here, hold = workshop.fifo("here"), workshop.fifo("hold")
    hook = workshop.repo / ".git" / "hooks" / "post-checkout"
    once = workshop.root / "once"
    hook.write_text(f"#!/bin/sh\nmkdir {once} 2>/dev/null && echo x > {here} && cat {hold}\nexit 0\n")
    hook.chmod(0o755)
    workshop.supervise()
    waiter = workshop.begin("dispatch", "free", "work", "--thread", "t1", "--wait", "--json")
    here.read_text()
    process_tree.kill(workshop.worker(GIT_WORKER))
    hold.write_text("go on")
    assert finish(waiter).json()["body"].startswith("Free.")
    assert workshop.git("worktree", "list").count("[compas/t1]") == 1
    assert (workshop.repo / ".compas-worktrees" / "t1" / "new.txt").exists()


# proves: a-core 155
def test_a_supervisor_that_is_told_to_end_lets_its_agent_finish(workshop: Workshop, gate: Path) -> None:
    supervisor = workshop.supervise()
    waiter, agent = begin_waiting(workshop)
    supervisor.send_signal(signal.SIGTERM)
    await_state(workshop, "stopping")
    assert process_tree.is_alive(agent)
    gate.write_text("go")
    assert supervisor.wait(CEILING) == 0
    assert finish(waiter).json()["body"] == "Made it."
    check_one_answer(workshop)


def await_state(workshop: Workshop, state: str) -> None:
    """Ask until the supervisor says that it is in this state: a signal's arrival has no event for others."""
    for _ in range(100):
        if workshop.ask("health", "--no-start")["state"] == state:
            return
    raise AssertionError(f"the supervisor is not {state}")


def test_a_second_signal_ends_the_agent_too(workshop: Workshop, gate: Path) -> None:
    supervisor = workshop.supervise()
    sent = workshop.ask("dispatch", "dev", "work", "--thread", "t1")
    agent = agent_at_the_gate(workshop)
    supervisor.send_signal(signal.SIGTERM)
    await_state(workshop, "stopping")
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(CEILING) == 0
    assert process_tree.wait_gone(agent, CEILING)
    ended = workshop("wait", "--thread-id", "t1", "--since", sent["reference"], "--json").json()
    (run,) = workshop.ask("transcript", "t1")["executions"]
    assert (run["status"], run["category"]) == ("failed", "killed"), ended
    assert "stopped" in run["error"]


def test_nothing_is_started_while_a_supervisor_drains_and_the_next_one_starts_it(
    workshop: Workshop, gate: Path
) -> None:
    supervisor = workshop.supervise()
    waiter, _ = begin_waiting(workshop)
    supervisor.send_signal(signal.SIGTERM)
    await_state(workshop, "stopping")
    workshop.ask("dispatch", "free", "work", "--thread", "t2")
    gate.write_text("go")
    assert supervisor.wait(CEILING) == 0
    assert finish(waiter).json()["body"] == "Made it."
    answer = workshop.ask("wait", "--thread-id", "t2", "--await-chain", "--intent", "response")
    assert answer["body"].startswith("Free.")
    epochs = {event["epoch"] for event in workshop.events("t2") if event["type"] == "execution.started"}
    assert epochs == {2}


def test_stop_waits_for_the_running_agent(workshop: Workshop, gate: Path) -> None:
    supervisor = workshop.supervise()
    workshop.ask("dispatch", "dev", "work", "--thread", "t1")
    agent_at_the_gate(workshop)
    stop = workshop.begin("stop")
    assert stop.stderr is not None
    assert b"1" in stop.stderr.readline(), "it says how many agents it waits for"
    assert stop.poll() is None
    gate.write_text("go")
    assert finish(stop).code == 0
    assert supervisor.wait(CEILING) == 0
    check_one_answer(workshop)


def test_stop_now_ends_the_agent_with_all_its_processes(workshop: Workshop, gate: Path) -> None:
    supervisor = workshop.supervise()
    workshop.ask("dispatch", "dev", "work", "--thread", "t1")
    agent_at_the_gate(workshop)
    result = workshop("stop", "--now")
    assert result.code == 0, result
    assert supervisor.wait(CEILING) == 0
    assert all(process_tree.wait_gone(one.pid, CEILING) for one in workshop.processes())
    (run,) = workshop.ask("transcript", "t1")["executions"]
    assert (run["status"], run["category"]) == ("failed", "killed")


def test_restart_leaves_agents_and_waiters_to_the_next_supervisor(workshop: Workshop, gate: Path) -> None:
    supervisor = workshop.supervise()
    waiter, agent = begin_waiting(workshop)
    result = workshop("restart")
    assert (result.code, result.out.splitlines()[-1]) == (0, "a supervisor is running"), result
    assert supervisor.wait(CEILING) == 0
    assert process_tree.is_alive(agent)
    assert workshop.supervisor_pid() != supervisor.pid
    assert workshop.ask("health")["active"] == 1
    gate.write_text("go")
    assert finish(waiter).json()["body"] == "Made it."
    check_one_answer(workshop)


def test_stop_detach_leaves_the_agent_running_and_sends_waiters_away(workshop: Workshop, gate: Path) -> None:
    supervisor = workshop.supervise()
    waiter, agent = begin_waiting(workshop)
    assert workshop("stop", "--detach").code == 0
    assert supervisor.wait(CEILING) == 0
    left = finish(waiter)
    assert (left.code, left.out) == (2, "")
    assert "the supervisor was stopped" in left.err
    assert process_tree.is_alive(agent)
    assert workshop("status", "--no-start").code == 2
    gate.write_text("go")
    assert workshop.ask("wait", "--thread-id", "t1", "--await-chain")["body"] == "Made it."
    check_one_answer(workshop)


def test_stop_without_a_supervisor_is_no_error_and_starts_none(workshop: Workshop, gate: Path) -> None:
    result = workshop("stop")
    assert (result.code, result.out) == (0, "no supervisor is running\n")
    assert workshop.processes() == []


# proves: a-core 56
def test_a_killed_runner_is_a_crash_and_the_agent_runs_once_more(workshop: Workshop, gate: Path) -> None:
    workshop.supervise()
    waiter, agent = begin_waiting(workshop)
    row = process_tree.row(agent)
    assert row is not None
    process_tree.kill(row.parent)
    assert process_tree.wait_gone(agent, CEILING), "nobody watches it any more, so it is ended"
    gate.write_text("go")
    assert finish(waiter).json()["body"] == "Made it."
    runs = workshop.ask("transcript", "t1")["executions"]
    assert [(run["status"], run["attempt"]) for run in runs] == [("crashed", 0), ("completed", 1)]
    assert os.stat(workshop.root / "ran").st_size == 2
