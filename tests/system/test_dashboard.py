"""The dashboard in a terminal, beside a real supervisor: live, and nothing is left behind however it ends."""

import os
import signal
import subprocess
import sys

import pytest

from tests.kit.ceiling import CEILING
from tests.kit.system import process_tree
from tests.kit.system.terminal import Terminal, wait
from tests.kit.system.workshop import Workshop

pytestmark = pytest.mark.system

DASHBOARD = (sys.executable, "-P", "-m", "compas", "dashboard")

CRASHING = """
import sys, trio, urwid
from compas.clock import wall_clock
from compas.dashboard.app import Ended, show
from compas.dashboard.state import Lost

class Feed:
    may_start = False
    def want(self, needs):
        pass
    def __init__(self, controller):
        self.controller = controller
    async def ask(self, operation, request):
        await trio.sleep_forever()
    async def run(self):
        self.controller.update(Lost(reason="about to crash", at=0.0))
        await trio.Path(sys.argv[1]).read_bytes()
        raise RuntimeError("crashed on purpose")

trio.run(lambda: show(Feed, urwid.display.raw.Screen(), clock=wall_clock, ended=Ended(), environ={}))
"""


@pytest.fixture
def staffed(workshop: Workshop) -> Workshop:
    """Return a workshop whose agent says something, waits, and answers."""
    gate = workshop.fifo("gate")
    steps = [{"say": "looking around"}, {"block": str(gate)}, {"reply": "All **done**."}]
    workshop.configure([workshop.agent("dev", steps, steps, workspace="worktree")])
    return workshop


def open_gate(workshop: Workshop) -> None:
    (workshop.root / "gate").write_bytes(b"go")


def quits(terminal: Terminal) -> None:
    terminal.type("q")
    assert terminal.finish() == 0
    assert terminal.is_restored()


async def test_it_starts_the_supervisor_and_shows_a_thread_from_its_dispatch_to_its_answer(staffed: Workshop) -> None:
    with Terminal(staffed, DASHBOARD) as terminal:
        terminal.until("No agent has been given anything to do yet.")
        staffed.ask("dispatch", "dev", "Add a health check.", "--thread", "t1")
        terminal.until("Running")
        terminal.until("Add a health check.")
        terminal.type("l")
        terminal.until("looking around")
        terminal.type("c")
        terminal.until("operator → dev")
        open_gate(staffed)
        terminal.until("dev completed")
        terminal.until("All **done**.")
        terminal.type("\x1b")
        terminal.until("answered")
        quits(terminal)
    assert staffed("status", "--no-start").code == 0


# proves: c-config-dashboard 123
async def test_closing_the_dashboard_that_started_the_supervisor_leaves_it_to_the_second(staffed: Workshop) -> None:
    with Terminal(staffed, DASHBOARD) as first:
        first.until("ready")
        pid = staffed.supervisor_pid()
        with Terminal(staffed, DASHBOARD) as second:
            second.until("ready")
            quits(first)
            staffed.ask("dispatch", "dev", "For the second.", "--thread", "t1")
            second.until("For the second.")
            assert staffed.supervisor_pid() == pid
            open_gate(staffed)
            second.until("answered")
            quits(second)


async def test_it_outlives_a_supervisor_that_is_killed_and_goes_on_with_the_next(staffed: Workshop) -> None:
    with Terminal(staffed, (*DASHBOARD, "--poll-interval", "2", "--with-worker")) as terminal:
        terminal.until("note: --poll-interval does nothing")
        terminal.until("note: --with-worker does nothing")
        terminal.until("ready")
        staffed.ask("dispatch", "dev", "Survive.", "--thread", "t1")
        terminal.until("Survive.")
        process_tree.kill(staffed.supervisor_pid())
        terminal.until("connection lost at")
        terminal.type("S")
        terminal.until("epoch 2")
        staffed.until_said("looking around")
        open_gate(staffed)
        terminal.until("answered")
        quits(terminal)


# proves: c-config-dashboard 127
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=lambda one: str(one)
)
async def test_a_signal_ends_it_with_the_terminal_restored_and_the_supervisor_running(
    staffed: Workshop, number: int, code: int
) -> None:
    with Terminal(staffed, DASHBOARD) as terminal:
        terminal.until("ready")
        os.kill(terminal.process.pid, number)
        assert terminal.finish() == code
        assert terminal.is_restored()
        assert "Traceback" not in terminal.text
    assert staffed("status", "--no-start").code == 0


# proves: c-config-dashboard 127
async def test_ctrl_c_quits_at_once_from_anywhere(staffed: Workshop) -> None:
    with Terminal(staffed, DASHBOARD) as terminal:
        terminal.until("ready")
        terminal.type("?")
        terminal.until("In a list")
        terminal.type("\x03")
        assert terminal.finish() == 130
        assert terminal.is_restored()


# proves: c-config-dashboard 127
async def test_a_terminal_that_goes_away_ends_it_quietly(staffed: Workshop) -> None:
    errors = staffed.root / "errors"
    with Terminal(staffed, ("sh", "-c", f"exec {' '.join(DASHBOARD)} 2>{errors}")) as terminal:
        terminal.until("ready")
        terminal.hang_up()
        assert wait(terminal.process) == 129
    assert errors.read_text() == ""


# proves: c-config-dashboard 127
async def test_a_crash_restores_the_terminal_before_it_is_told(staffed: Workshop) -> None:
    with Terminal(staffed, (sys.executable, "-c", CRASHING, str(staffed.root / "gate"))) as terminal:
        terminal.until("about to crash")
        open_gate(staffed)
        assert terminal.finish() == 1
        assert terminal.is_restored()
        assert terminal.written.rindex("crashed on purpose") > terminal.written.rindex("\x1b[?1049l")


async def test_without_a_config_or_a_terminal_it_says_so_in_a_sentence_and_opens_no_screen(workshop: Workshop) -> None:
    with Terminal(workshop, DASHBOARD) as terminal:
        assert terminal.finish() == 2
        assert "error: there is no configuration at" in terminal.text
        assert "\x1b[?1049h" not in terminal.written
    result = workshop("dashboard")
    assert (result.code, result.out) == (2, "")
    assert "the dashboard needs a terminal" in result.err


async def test_standalone_waits_for_a_supervisor_and_starts_none(staffed: Workshop) -> None:
    with Terminal(staffed, (*DASHBOARD, "--standalone")) as terminal:
        terminal.until("no connection yet.")
        assert staffed("status", "--no-start").code == 2
        terminal.type("S")
        terminal.until("--standalone")
        staffed.supervisor_pid()
        terminal.until("No agent has been given anything to do yet.")
        quits(terminal)


# proves: a-core 156
def test_a_dashboard_that_opens_while_a_supervisor_stops_ends_with_one_that_runs(staffed: Workshop) -> None:
    before = staffed.supervisor_pid()
    staffed.ask("dispatch", "dev", "x", "--thread", "t1")
    staffed.until("execution.started")
    stopping = staffed.begin("stop", stderr=subprocess.PIPE)  # it lets the agent finish
    assert stopping.stderr is not None
    assert b"is stopping" in stopping.stderr.readline()
    with Terminal(staffed, DASHBOARD) as terminal:
        terminal.until("the supervisor is stopping")
        open_gate(staffed)
        assert stopping.wait(CEILING) == 0
        terminal.until("ready")
        quits(terminal)
    after = staffed.ask("health", "--no-start")
    assert (after["pid"] != before, after["state"]) == (True, "ready")
