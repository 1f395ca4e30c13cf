"""A person who waits at a terminal sees the work move and reads the answer; who gives up is told how to wait again."""

import sys

import pytest

from tests.kit.system.terminal import Terminal
from tests.kit.system.workshop import Workshop

pytestmark = pytest.mark.system

COMPAS = (sys.executable, "-P", "-m", "compas")


def staff(workshop: Workshop) -> None:
    """Configure an agent that waits at a gate, with a reviewer behind it."""
    gate = str(workshop.fifo("gate"))
    handoff = {"on_response": "rev"}
    dev = workshop.agent("dev", [{"block": gate}, {"reply": "It is *done*."}], workspace="worktree", handoff=handoff)
    workshop.configure([dev, workshop.agent("rev", [{"reply": "Seen.\n\nVerdict: approve"}])])
    workshop.supervise()


def test_a_person_sees_the_chain_move_and_reads_the_answer(workshop: Workshop) -> None:
    staff(workshop)
    with Terminal(workshop, (*COMPAS, "dispatch", "dev", "Paint it", "--wait"), NO_COLOR="1") as terminal:
        terminal.until("in thread paint-it")
        terminal.until("dev is at work")
        (workshop.root / "gate").write_bytes(b"go")
        terminal.until("dev is done")
        terminal.until("rev is at work")
        terminal.until("rev answered in paint-it: approved")
        terminal.until("Seen.")
        terminal.until("next: compas ")
        assert terminal.finish() == 0
        assert "found=true" not in terminal.text
    with Terminal(workshop, (*COMPAS, "wait", "paint-it", "--porcelain")) as terminal:
        terminal.until("found=true")
        assert terminal.finish() == 0


def test_who_interrupts_a_wait_is_told_that_the_work_goes_on_and_how_to_wait_again(workshop: Workshop) -> None:
    staff(workshop)
    with Terminal(workshop, (*COMPAS, "dispatch", "dev", "Paint it", "--wait")) as terminal:
        terminal.until("dev is at work")
        terminal.type("\x03")
        terminal.until("the work goes on; to wait again: compas wait paint-it --since db:")
        terminal.until(" --await-chain")
        assert terminal.finish() == 130
    (workshop.root / "gate").write_bytes(b"go")
    assert workshop.ask("wait", "paint-it", "--await-chain")["from"] == "rev"
