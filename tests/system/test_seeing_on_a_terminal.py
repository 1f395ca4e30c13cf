"""What a person sees of threads and executions on a terminal, and what `@last` means there."""

import json
import sys

import pytest

from compas.cli.render.text import width_of
from tests.kit.system.terminal import Terminal
from tests.kit.system.workshop import Workshop

pytestmark = pytest.mark.system

SAID = "This is a long sentence of the agent about what it has done, which no terminal shows in one line."
COMPAS = f"{sys.executable} -P -m compas"


def shell(workshop: Workshop, *commands: str) -> Terminal:
    """Run commands of compas one after the other in one terminal of 100 columns."""
    lines = " && ".join(f"{COMPAS} {command}" for command in commands)
    return Terminal(workshop, ("/bin/sh", "-c", lines), NO_COLOR="1")


@pytest.fixture
def staffed(workshop: Workshop) -> Workshop:
    """Return a workshop with an agent that says and does something, in as many turns as it is asked for."""
    turn = [{"write": "new.txt", "text": "one\ntwo\n"}, {"say": SAID}, {"reply": "It is done."}]
    workshop.configure([workshop.agent("dev", turn, turn, workspace="worktree", commit="auto")])
    workshop.supervise()
    return workshop


def test_the_list_and_the_steps_of_the_last_dispatch_fit_the_screen(staffed: Workshop) -> None:
    with shell(
        staffed,
        "dispatch dev 'Add a health check that says which version of the program runs here' --wait",
        "dispatch dev 'again' --thread @last --wait",
        "status",
        "log @last",
        "log @last --execution 1 --raw",
        "transcript @last --limit 1",
    ) as terminal:
        terminal.until("THREAD")
        terminal.until("+2 -0")
        terminal.until("execution 2 of 2")
        terminal.until("● This is a long sentence")
        terminal.until("this was execution 2 of 2; --execution N shows another one")
        terminal.until("execution 1 of 2")
        terminal.until('{"type":"session"')
        terminal.until("earlier messages; --before db:")
        assert terminal.finish() == 0
        listed = terminal.text.partition("THREAD")[2].partition('{"type":"session"')[0]
        assert max(width_of(line.rstrip("\r")) for line in listed.split("\n")) <= 100


def test_a_script_gets_what_was_printed_and_steps_where_it_asks_for_them(staffed: Workshop) -> None:
    thread = staffed.ask("dispatch", "dev", "Add a health check", env={})["thread_id"]
    assert staffed("wait", thread).code == 0
    printed = staffed("log", thread)
    assert json.loads(printed.out.splitlines()[0])["type"] == "session"
    assert (printed.err, printed.code) == ("", 0)
    steps = staffed("log", thread, "--steps").out
    assert (
        "● This is a long sentence of the agent about what it has done, which no terminal shows in one line." in steps
    )
    assert staffed("log", thread, "--steps", "--offset", "3").code == 2
    last = staffed("log", thread, "--steps", "--tail", "1").out.splitlines()
    assert len(last) == 1


def test_last_needs_a_terminal(staffed: Workshop) -> None:
    assert staffed("dispatch", "dev", "Add a health check", "--wait", start_new_session=True).code == 0
    refused = staffed("why", "@last", start_new_session=True)
    assert refused.code == 2
    assert "this call comes from neither" in refused.err
    with shell(staffed, "why @last") as terminal:
        terminal.until("nothing has been dispatched from this terminal")
        assert terminal.finish() == 2
