"""What can be wrong with a machine, and with what was asked: one clear sentence, the right exit code, no traceback."""

import fcntl
import os
import resource
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from compas.paths import socket_lock_path, socket_path
from tests.kit.ceiling import CEILING
from tests.kit.system import process_tree
from tests.kit.system.workshop import Result, Workshop, finish

pytestmark = pytest.mark.system

WITHOUT_POWER = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"] if os.geteuid() == 0 else []
"""Runs a program that file modes hold back, even as root."""


def check_refused(result: Result, *words: str, code: int = 2) -> None:
    """Check that a command said one thing, in words, and left with this code."""
    assert (result.code, result.out) == (code, ""), result
    assert len(result.err.splitlines()) == 1, result.err
    assert "Traceback" not in result.err
    for word in words:
        assert word in result.err, result.err


@pytest.fixture
def plain(workshop: Workshop) -> Workshop:
    """Return a workshop whose agent answers at once."""
    workshop.configure([workshop.agent("dev", [{"reply": "Done."}], [{"reply": "Again."}])])
    return workshop


def without_power(workshop: Workshop, *args: str) -> Result:
    """Run a command of compas without the power to override file modes."""
    return workshop.run([*WITHOUT_POWER, sys.executable, "-P", "-m", "compas", *args])


# --- supervisors and their places ------------------------------------------------------------------------------------


def test_a_second_supervisor_of_a_config_is_refused(plain: Workshop) -> None:
    first = plain.supervise()
    for args in ((), ("--idle-exit",)):
        result = plain("run", *args)
        check_refused(result, "already running", f"pid {first.pid}", code=3)
    assert plain.supervisor_pid() == first.pid


def test_a_detached_start_beside_a_running_supervisor_succeeds_and_starts_none(plain: Workshop) -> None:
    first = plain.supervise()
    assert plain("run", "--detached").code == 0
    assert plain.supervisor_pid() == first.pid


def test_two_configs_on_one_state_directory_the_second_is_refused_by_name(plain: Workshop) -> None:
    plain.supervise()
    other = plain.root / "other.yaml"
    other.write_text(plain.config.read_text())
    for command in ("run", "status"):
        result = plain("--config", str(other), command)
        check_refused(result, f"in use by the supervisor of {plain.config}", f"give {other} a state_dir of its own")
    assert plain("status").code == 0


def test_the_socket_of_a_killed_supervisor_is_replaced(plain: Workshop) -> None:
    process_tree.kill(plain.supervise().pid)
    assert socket_path(plain.config, plain.runtime).is_socket()
    assert plain.ask("dispatch", "dev", "x", "--wait")["body"] == "Done."


def test_a_file_in_the_place_of_the_socket_is_not_removed(plain: Workshop) -> None:
    path = socket_path(plain.config, plain.runtime)
    path.write_text("mine")
    check_refused(plain("run"), "a file that is no socket is in the way")
    for command in ("status", "health"):
        result = plain(command)
        assert (result.code, result.out) == (2, "")
        assert "Traceback" not in result.err
    assert path.read_text() == "mine"


def test_a_state_directory_with_a_very_long_path_works(plain: Workshop) -> None:
    long = "state/" + "/".join(["directory-with-a-long-name"] * 8)
    assert len(long) > 200
    plain.configure([plain.agent("dev", [{"reply": "Done."}])], state_dir=long)
    assert plain.ask("dispatch", "dev", "x", "--thread", "t1", "--wait")["body"] == "Done."
    assert "Done." in plain("log", "t1", "--follow").out


def test_a_runtime_directory_with_a_very_long_path_is_refused(plain: Workshop) -> None:
    result = plain("status", env={"COMPAS_RUNTIME_DIR": str(plain.root / ("long" * 30))})
    check_refused(result, "too long", "COMPAS_RUNTIME_DIR")


def test_a_runtime_directory_that_others_may_enter_is_refused(plain: Workshop) -> None:
    shared = plain.root / "shared"
    shared.mkdir(mode=0o777)
    shared.chmod(0o777)
    check_refused(plain("status", env={"COMPAS_RUNTIME_DIR": str(shared)}), "0700", "COMPAS_RUNTIME_DIR")


# --- the config ------------------------------------------------------------------------------------------------------

BROKEN = {
    "not yaml": ("agents: [", "config.yaml"),
    "no mapping": ("- 1\n", "config.yaml"),
    "an unknown backend": ("agents: [{alias: dev, backend: nonsense}]\n", "nonsense"),
    "a value out of range": ("max_triggers_per_agent: -1\nagents: []\n", "max_triggers_per_agent"),
}


@pytest.mark.parametrize("text", BROKEN, ids=str)
def test_a_broken_config_is_reported_with_its_place(plain: Workshop, text: str) -> None:
    content, word = BROKEN[text]
    plain.config.write_text(content)
    for command in (["run"], ["status"], ["dispatch", "dev", "x"]):
        result = plain(*command)
        assert (result.code, result.out) == (2, ""), result
        assert "Traceback" not in result.err
        assert word in result.err
        assert str(plain.config) in result.err


def test_a_missing_config_is_reported_with_what_to_do(plain: Workshop) -> None:
    gone = str(plain.root / "gone.yaml")
    for command in (["status"], ["run"], ["dispatch", "dev", "x"], ["restart"]):
        result = plain(*command, "--config", gone)
        check_refused(result, gone)


# --- disks and permissions -------------------------------------------------------------------------------------------


def test_a_full_disk_refuses_in_words_and_work_goes_on_when_there_is_room(plain: Workshop) -> None:
    supervisor = plain.supervise()
    plain.ask("dispatch", "dev", "x", "--thread", "t1", "--wait")
    _, hard = resource.prlimit(supervisor.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(supervisor.pid, resource.RLIMIT_FSIZE, (1, hard))
    for _ in range(3):
        check_refused(
            plain("dispatch", "dev", "y", "--thread", "t1"), "tried to append to", "compas.sqlite", "free space"
        )
    assert plain("status").code == 0, "reading goes on"
    resource.prlimit(supervisor.pid, resource.RLIMIT_FSIZE, (hard, hard))
    for _ in range(200):
        result = plain("dispatch", "dev", "z", "--thread", "t1", "--wait", "--json")
        if result.code == 0:
            break
    assert result.json()["body"] == "Again."
    assert supervisor.poll() is None
    bodies = [one["body"] for one in plain.ask("transcript", "t1")["messages"]]
    assert (bodies.count("x"), bodies.count("y"), bodies.count("z")) == (1, 0, 1)


def test_an_agent_that_ends_while_the_disk_is_full_has_its_reply_recorded_later(workshop: Workshop) -> None:
    gate = workshop.fifo("gate")
    workshop.configure([workshop.agent("dev", [{"say": "at the gate"}, {"block": str(gate)}, {"reply": "Done."}])])
    supervisor = workshop.supervise()
    workshop.ask("dispatch", "dev", "x", "--thread", "t1")
    workshop.until_said("at the gate")
    agent = workshop.until("execution.started")["data"]["pid"]
    _, hard = resource.prlimit(supervisor.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(supervisor.pid, resource.RLIMIT_FSIZE, (1, hard))
    gate.write_text("go")
    assert process_tree.wait_gone(agent, CEILING)
    check_refused(
        workshop("dispatch", "dev", "y", "--thread", "t2"), "tried to append to", "compas.sqlite", "free space"
    )
    resource.prlimit(supervisor.pid, resource.RLIMIT_FSIZE, (hard, hard))
    answer = workshop.ask("wait", "--thread-id", "t1", "--await-chain", "--timeout", str(CEILING))
    assert answer["body"] == "Done."
    assert supervisor.poll() is None


def test_a_supervisor_on_a_full_disk_can_be_left_and_the_next_one_records_what_happened(workshop: Workshop) -> None:
    gate = workshop.fifo("gate")
    workshop.configure([workshop.agent("dev", [{"say": "at the gate"}, {"block": str(gate)}, {"reply": "Done."}])])
    supervisor = workshop.supervise()
    workshop.ask("dispatch", "dev", "x", "--thread", "t1")
    workshop.until_said("at the gate")
    _, hard = resource.prlimit(supervisor.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(supervisor.pid, resource.RLIMIT_FSIZE, (1, hard))
    result = workshop("stop", "--detach")
    assert result.code == 0, result
    supervisor.wait(CEILING)  # with whatever status: its terminal is a file on the full disk, too
    gate.write_text("go")
    assert workshop.ask("wait", "--thread-id", "t1", "--await-chain")["body"] == "Done."


# proves: c-config-dashboard 34
def test_a_state_directory_that_cannot_be_written_is_refused(plain: Workshop) -> None:
    plain.state.mkdir(mode=0o500)
    try:
        for command in ("run", "status"):
            check_refused(without_power(plain, command), str(plain.state), "not writable")
    finally:
        plain.state.chmod(0o700)
    assert plain("status").code == 0


def test_a_state_directory_that_is_a_file_is_refused(plain: Workshop) -> None:
    plain.state.write_text("mine")
    check_refused(plain("run"), str(plain.state), "is not a directory")
    plain.state.unlink()


def test_a_socket_that_may_not_be_used_is_reported_and_no_supervisor_is_started(plain: Workshop) -> None:
    first = plain.supervise()
    path = socket_path(plain.config, plain.runtime)
    path.chmod(0o000)
    try:
        check_refused(without_power(plain, "status"), str(path), "Permission denied")
    finally:
        path.chmod(0o600)
    assert plain.supervisor_pid() == first.pid


# proves: b-mcp-cli-merge 136
def test_without_a_supervisor_and_without_leave_to_start_one_it_is_said_how(plain: Workshop) -> None:
    for command in (["why", "t1"], ["health"], ["status"]):
        check_refused(plain(*command, "--no-start"), "no supervisor is running", "start one with `compas run`")
    assert plain.processes() == []


def test_inside_an_execution_no_supervisor_is_started(plain: Workshop) -> None:
    for command in (["status"], ["dispatch", "dev", "x"], ["restart"]):
        check_refused(plain(*command, env={"COMPAS_EXECUTION": "01X"}), "inside an execution")
    assert plain.processes() == []


# --- Ctrl-C ----------------------------------------------------------------------------------------------------------

COMMANDS = (
    ("dispatch", "dev", "x"),
    ("dispatch", "dev", "x", "--wait"),
    ("wait", "--thread-id", "t1"),
    ("wait-merge", "--op-id", "m1"),
    ("status",),
    ("transcript", "t1"),
    ("diff", "t1"),
    ("merge", "t1"),
    ("close", "t1"),
    ("abandon", "t1"),
    ("why", "t1"),
    ("events", "--follow"),
    ("log", "t1", "--follow"),
    ("health",),
    ("stop",),
    ("restart",),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_an_interrupted_command_leaves_with_130_and_without_a_word(plain: Workshop, command: Sequence[str]) -> None:
    """A supervisor that never answers is all that a command needs to be interrupted in."""
    with socket.socket(socket.AF_UNIX) as listener, socket_lock_path(plain.config, plain.runtime).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        listener.bind(str(socket_path(plain.config, plain.runtime)))
        listener.listen()
        listener.settimeout(CEILING)
        process = plain.begin(*command)
        connection, _ = listener.accept()
        with connection:
            assert connection.recv(1)
            process.send_signal(signal.SIGINT)
            result = finish(process)
    assert (result.code, result.out, result.err) == (130, "", "")


def test_an_interrupted_wait_is_no_longer_served(workshop: Workshop) -> None:
    gate = workshop.fifo("gate")
    work = [{"say": "here"}, {"block": str(gate)}, {"reply": "Done."}]
    workshop.configure([workshop.agent("dev", work)])
    workshop.supervise()
    waiter = workshop.begin("dispatch", "dev", "x", "--thread", "t1", "--wait")
    assert waiter.stderr is not None
    assert waiter.stderr.readline().startswith(b"waiting for")
    workshop.until_said("here")
    others = [
        workshop.begin("wait", "--thread-id", "t1"),
        workshop.begin("events", "--follow"),
        workshop.begin("log", "t1", "--follow"),
    ]
    await_clients(workshop, 5)
    for process in (waiter, *others):
        process.send_signal(signal.SIGINT)
        result = finish(process)
        assert result.code == 130
        assert "Traceback" not in result.err
    await_clients(workshop, 1)
    gate.write_text("go")
    assert workshop.ask("wait", "--thread-id", "t1", "--await-chain")["body"] == "Done."


def await_clients(workshop: Workshop, count: int) -> None:
    """Ask until this many clients are served, the asking one among them: their arrival has no event for others."""
    seen = [workshop.ask("health")["clients"]]
    while seen[-1] != count:
        assert len(seen) < 100, seen
        seen.append(workshop.ask("health")["clients"])


def test_an_interrupted_supervisor_ends_in_good_order(plain: Workshop) -> None:
    supervisor = plain.supervise()
    assert plain("status").code == 0
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(CEILING) == 0
    said = (plain.root / "run.log").read_text()
    assert "SIGINT: ending" in said
    assert "Traceback" not in said


def test_output_that_nobody_reads_ends_a_command_quietly(plain: Workshop) -> None:
    plain.ask("dispatch", "dev", "x", "--thread", "t1", "--wait")
    reading, writing = os.pipe()
    os.close(reading)
    process = plain.begin("events", stdout=writing)
    os.close(writing)
    result = finish(process)
    assert (result.code, result.err) == (141, "")


def test_a_command_whose_output_has_no_room_says_so(plain: Workshop) -> None:
    plain.ask("dispatch", "dev", "x", "--thread", "t1", "--wait")
    with Path("/dev/full").open("wb") as full:
        result = finish(plain.begin("events", stdout=full))
    check_refused(result, "No space left")
