"""Every tab of the dashboard over a real supervisor, on small and large terminals, and what its options refuse."""

import sys

import pytest

from tests.kit.system.terminal import Terminal
from tests.kit.system.workshop import Workshop

pytestmark = pytest.mark.system

DASHBOARD = (sys.executable, "-P", "-m", "compas", "dashboard")


@pytest.fixture
def busy(workshop: Workshop) -> Workshop:
    """Return a workshop in which something was merged, something failed, and something runs."""
    gate = workshop.fifo("gate")
    writes = [{"write": "new.txt", "text": "one\ntwo\n"}, {"reply": "Done."}]
    fails = [{"fail": "the style guide is missing"}]
    waits = [{"say": "looking around"}, {"block": str(gate)}, {"reply": "At last."}]
    workshop.configure(
        [
            workshop.agent("dev", writes, workspace="worktree", commit="auto"),
            workshop.agent("poor", fails, fails),
            workshop.agent("slow", waits),
        ],
        orchestration={"merge_timeout_secs": 90},
    )
    workshop.ask("dispatch", "dev", "Add two lines.", "--thread", "t-dev", "--batch", "spring", "--wait")
    workshop.ask("dispatch", "poor", "Write the handbook.", "--thread", "t-poor", "--batch", "spring")
    workshop("wait", "--thread-id", "t-poor")
    merge = workshop.ask("merge", "t-dev")
    workshop.ask("wait-merge", "--op-id", merge["op_id"])
    workshop.ask("dispatch", "slow", "Take your time.", "--thread", "t-slow")
    return workshop


async def test_every_tab_shows_what_a_real_supervisor_knows(busy: Workshop) -> None:
    with Terminal(busy, DASHBOARD) as terminal:
        terminal.until("the styl")
        terminal.until("+2 -0")
        for key, words in (
            ("2", ("default", "running")),
            ("3", ("Write the handbook.", "Add two lines.")),
            ("4", ("ends by itself once there is nothing to do", "default_workdir")),
            ("5", ("merged", "Add two lines.")),
            ("6", ("By agent", "By batch", "spring")),
            ("1", ("Needs you", "Running", "Take your time.")),
        ):
            terminal.type(key)
            for word in words:
                terminal.until(word)
        (busy.root / "gate").write_bytes(b"go")
        terminal.until("answered")
        terminal.type("q")
        assert terminal.finish() == 0


# proves: c-config-dashboard 122
@pytest.mark.parametrize("given", ["0", "-1", "soon", "3601", "1.5"])
async def test_an_interval_that_the_original_refused_is_refused(workshop: Workshop, given: str) -> None:
    result = workshop("dashboard", f"--poll-interval={given}")
    assert result.code == 2
    assert "is no whole number of seconds from 1 to 3600" in result.err
