"""Agents that behave badly, through the whole of compas: each is ended cleanly, and nothing of it stays."""

import sys
from pathlib import Path

import pytest

from tests.kit.ceiling import CEILING
from tests.kit.system import process_tree
from tests.kit.system.workshop import Workshop

pytestmark = pytest.mark.system

PREAMBLE = """
import os, signal, sys
signal.alarm(600)
def child(*, session=False, deaf=False):
    if os.fork():
        return
    if session:
        os.setsid()
    if deaf:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.alarm(600)
    with open("pids", "a") as file:
        file.write(f"{os.getpid()}\\n")
    os.close(ready[1])
    while True:
        signal.pause()
ready = os.pipe()
def all_are_there():
    os.close(ready[1])
    os.read(ready[0], 1)
"""


def configure(workshop: Workshop, script: str, **settings: object) -> None:
    """Make `nasty` an agent that runs this Python script, in a directory of its own."""
    (workshop.root / "nasty.py").write_text(PREAMBLE + script)
    (workshop.root / "desk").mkdir()
    workshop.configure(
        [{"alias": "nasty", "backend": "script", "workdir": "desk", **settings}],
        backend_definitions=[
            {"name": "script", "command": sys.executable, "args": [str(workshop.root / "nasty.py"), "{{instruction}}"]}
        ],
    )


def pids(workshop: Workshop) -> list[int]:
    """Return the processes that the agent says it has made."""
    return [int(line) for line in (workshop.root / "desk" / "pids").read_text().split()]


def check_nothing_is_left(workshop: Workshop, made: int) -> None:
    assert len(pids(workshop)) == made
    assert [pid for pid in pids(workshop) if process_tree.is_alive(pid)] == []
    runners = [one.pid for one in workshop.processes() if "forkserver" in one.command]
    forkserver = workshop.worker("forkserver")
    assert all(process_tree.wait_gone(pid, CEILING) for pid in runners if pid != forkserver)


# proves: a-core 36
def test_a_daemon_that_an_agent_leaves_behind_is_ended(workshop: Workshop) -> None:
    configure(
        workshop,
        "child(session=True)\nall_are_there()\nprint('Done.', flush=True)\nsys.stdout.close()",
    )
    answer = workshop.ask("dispatch", "nasty", "go", "--thread", "t1", "--wait")
    assert answer["body"].strip() == "Done."
    check_nothing_is_left(workshop, 1)
    (ended,) = [event["data"] for event in workshop.events("t1") if event["type"] == "execution.ended"]
    assert (ended["status"], ended["process"]["leftovers_ended"]) == ("completed", 1)


def test_a_descendant_that_holds_the_output_open_does_not_hold_up_the_end(workshop: Workshop) -> None:
    configure(
        workshop,
        "child(session=True, deaf=True)\nall_are_there()\nprint('Done.', flush=True)",
    )
    answer = workshop.ask("dispatch", "nasty", "go", "--thread", "t1", "--wait")
    assert answer["body"].strip() == "Done."
    check_nothing_is_left(workshop, 1)


# proves: a-core 37, b-mcp-cli-merge 67, b-mcp-cli-merge 72, a-core 147
def test_an_agent_that_is_deaf_to_the_polite_signal_is_killed_when_its_thread_is_abandoned(workshop: Workshop) -> None:
    configure(
        workshop,
        """
signal.signal(signal.SIGTERM, lambda *_: print("not me", flush=True))
with open("pids", "a") as file:
    file.write(f"{os.getpid()}\\n")
print("ready", flush=True)
while True:
    signal.pause()
""",
        max_retries=3,
        retry_backoff_secs=0,
    )
    workshop.ask("dispatch", "nasty", "go", "--thread", "t1")
    workshop.until_said("ready")
    answer = workshop.ask("abandon", "t1")
    assert (answer["status"], answer["executions_cancelled"], answer["processes_killed"]) == ("Abandoned", 1, 1)
    stopped = workshop.until("execution.stopped")["data"]
    assert (stopped["process"]["kind"], stopped["process"]["signal"]) == ("stopped", 9)
    assert "not me" in workshop("log", "t1").out
    check_nothing_is_left(workshop, 1)
    runs = workshop.ask("transcript", "t1")["executions"]
    assert [run["status"] for run in runs] == ["cancelled"]


# proves: a-core 35
@pytest.mark.parametrize("ends_by", ["itself", "abandon", "timeout"])
def test_two_hundred_children_end_with_their_agent(workshop: Workshop, ends_by: str) -> None:
    waiting = "" if ends_by == "itself" else "while True: signal.pause()"
    configure(
        workshop,
        f"""
for number in range(200):
    child(session=number % 2 == 0, deaf=number % 4 == 0)
all_are_there()
print("ready", flush=True)
{waiting}
""",
        timeout_secs=20 if ends_by == "timeout" else CEILING,
    )
    workshop.ask("dispatch", "nasty", "go", "--thread", "t1")
    workshop.until_said("ready")
    if ends_by == "abandon":
        workshop.ask("abandon", "t1")
    kind = "execution.stopped" if ends_by == "abandon" else "execution.ended"
    ended = workshop.until(kind)["data"]["process"]
    assert ended["kind"] == {"itself": "exited", "abandon": "stopped", "timeout": "timeout"}[ends_by]
    assert ended.get("nothing_left", True)
    check_nothing_is_left(workshop, 200)


# proves: a-core 103
def test_a_hundred_megabytes_of_output_take_little_memory_and_little_disk(workshop: Workshop) -> None:
    configure(
        workshop,
        """
line = "x" * 99 + "\\n"
for number in range(1000):
    sys.stdout.write(line * 1000)
sys.stdout.write("THE END\\n")
""",
    )
    workshop.ask("health")
    supervisor = workshop.supervisor_pid()
    before = peak_kb(supervisor)
    answer = workshop.ask("dispatch", "nasty", "go", "--thread", "t1", "--wait", "--timeout", str(CEILING))
    assert answer["body"].rstrip().endswith("THE END")
    assert "characters are left out" in answer["body"]
    assert len(answer["body"]) < 2_000_000
    assert peak_kb(supervisor) - before < 70_000, "kB, where the output alone has 100,000"
    assert answer["body"] in [message["body"] for message in workshop.ask("transcript", "t1")["messages"]]
    tail = workshop("log", "t1", "--tail", "1").out
    assert tail == "THE END\n"
    stored = sum(path.stat().st_size for path in workshop.state.rglob("*") if path.is_file())
    assert stored < 100_000_000


def peak_kb(pid: int) -> int:
    """Return the most memory that a process ever had, in kB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])
