"""Every action of the dashboard is done by a real supervisor here, and refused by one: none is left out."""

import ast
import inspect
import sys

import pytest

from compas.dashboard.actions.all import ACTIONS
from compas.dashboard.keymap import bindings_in
from tests.kit.system.terminal import Terminal
from tests.kit.system.workshop import Workshop

DASHBOARD = (sys.executable, "-P", "-m", "compas", "dashboard")
LENT = '#!/bin/sh\necho "LENT FOR $COMPAS_THREAD"\nread answer\n'
NO_THREAD = "no thread is selected"


def configured(workshop: Workshop, **more: object) -> Workshop:
    """Let the workshop have an agent that works, waits for the gate, and works on; and one that fails."""
    gate = workshop.fifo("gate")
    work = ({"write": "work.py", "text": "x = 1\n"}, {"reply": "All done."})
    again = ({"append": "work.py", "text": "y = 2\n"}, {"reply": "More done."})
    waits = ({"say": "looking around"}, {"block": str(gate)}, {"reply": "Late."})
    workshop.configure(
        [
            workshop.agent("dev", work, again, again, again, waits, workspace="worktree", commit="auto"),
            workshop.agent("bad", ({"fail": "gave up on this"},), ({"fail": "gave up again"},)),
        ],
        **more,
    )
    return workshop


def lent(workshop: Workshop) -> dict[str, str]:
    """Return an environment with a shell and an editor that say that they were started."""
    path = workshop.root / "lent"
    path.write_text(LENT)
    path.chmod(0o700)
    return {"SHELL": str(path), "EDITOR": str(path)}


def does(terminal: Terminal, action: str, *steps: str) -> None:
    """Begin an action by its key, and go through its steps: what is to be shown, and then what is typed."""
    binding = next(one for one in bindings_in("list") if one.command == action)
    terminal.type(binding.keys[0])
    for number, step in enumerate(steps):
        if number % 2:
            terminal.type(step)
        else:
            terminal.until(step)


def refused(terminal: Terminal, action: str, *steps: str) -> None:
    """Begin an action that cannot be done; the last step is what is said about it. The list is there again after."""
    does(terminal, action, *steps)
    if len(steps) > 1:
        terminal.type("\x1b")
        terminal.until("q quit")
    terminal.type("?")  # so that the same words are drawn again the next time
    terminal.until("In a list")
    terminal.type("q")
    terminal.until("q quit")


def again(workshop: Workshop, before: int) -> int:
    """Wait until the thread has ended another execution; return the position of its last event."""
    workshop.until("execution.ended", after=before)
    return last(workshop)


def last(workshop: Workshop) -> int:
    return int(workshop.events("t1")[-1]["position"])


@pytest.mark.system
async def test_every_action_is_done(workshop: Workshop) -> None:
    nightly = {"name": "nightly", "agent": "bad", "cron": "0 3 * * *", "body": "Clean up."}
    staffed = configured(workshop, schedules=[nightly])
    with Terminal(staffed, DASHBOARD, **lent(staffed)) as terminal:
        terminal.until("No agent has been given anything to do yet.")
        does(terminal, "dispatch", "New task", "Do it.\tt1\r", "t1 was given the task")
        terminal.until("answered")
        before = last(staffed)
        does(terminal, "reply", "Reply in t1", "Go on.\r", "t1 was given the task")
        before = again(staffed, before)
        does(terminal, "request-changes", "Request changes in t1", "Rename y.\r", "dev was told what to change in t1")
        before = again(staffed, before)
        does(terminal, "retry", "Run again: t1?", "y", "t1 was given the task")
        again(staffed, before)
        does(terminal, "approve", "Approve t1?", "fine\r", "t1 is approved at")
        refused(terminal, "close", "Close t1?", "\r", "compas/t1")  # what is not merged yet is not completed
        does(terminal, "merge", "Merge t1?", "\r", "compas/t1 waits to be merged into main")
        staffed.until_logged("merge.completed", 0)
        does(terminal, "close", "Close t1?", "\r", "t1 is closed as completed")
        does(terminal, "reopen", "t1 is active again")
        does(terminal, "reply", "Reply in t1", "Wait.\r", "t1 was given the task")
        staffed.until_said("looking around")
        does(terminal, "cancel", "Cancel what is under way in t1?", "y", "1 execution of t1 cancelled")
        staffed.until("execution.stopped")
        does(terminal, "copy-id", "copied: t1")
        does(terminal, "copy-command", "copied: compas ")
        does(terminal, "copy-path", ".compas-worktrees/t1")
        does(terminal, "shell", "LENT FOR t1", "\n", "q quit")
        does(terminal, "editor", "LENT FOR t1", "\n", "q quit")
        does(terminal, "abandon", "Abandon t1?", "y", "t1 is abandoned")
        does(terminal, "run-schedule", "nightly", "\r", "nightly was dispatched as")
        does(terminal, "reload", "the config file is in force")
        does(terminal, "stop-supervisor", "Stop the supervisor?", "\r", "connection lost at")
        terminal.type("q")
        assert terminal.finish() == 0
        assert terminal.is_restored()
    assert (staffed.repo / "work.py").read_text() == "x = 1\ny = 2\ny = 2\ny = 2\n"


@pytest.mark.system
async def test_every_action_says_why_it_cannot_be_done_and_changes_nothing(workshop: Workshop) -> None:
    staffed = configured(workshop)
    with Terminal(staffed, DASHBOARD, **lent(staffed)) as terminal:
        terminal.until("No agent has been given anything to do yet.")
        refused(terminal, "copy-id", NO_THREAD)
        refused(terminal, "copy-command", NO_THREAD)
        refused(terminal, "retry", NO_THREAD)
        refused(terminal, "run-schedule", "The config has no schedules.", "\r", "there is no schedule to run")
        refused(terminal, "dispatch", "New task", "Do it.\tno/such name\r", "'no/such name'")
        assert staffed.ask("status")["threads"] == []
        staffed.ask("dispatch", "bad", "Try this.", "--thread", "t1")
        terminal.until("gave up on this")
        before = last(staffed)
        refused(terminal, "reply", "Reply in t1", "\r", "write")
        refused(terminal, "request-changes", "Request changes in t1", "So.\r", "no branch")
        refused(terminal, "approve", "Approve t1?", "\r", "no branch")
        refused(terminal, "merge", "Merge t1?", "\r", "no branch")
        refused(terminal, "cancel", "t1: nothing is queued or running there")
        refused(terminal, "shell", "t1 has no worktree")
        refused(terminal, "editor", "t1 has no worktree")
        refused(terminal, "copy-path", "t1 has no worktree")
        assert last(staffed) == before
        does(terminal, "abandon", "Abandon t1?", "y", "t1 is abandoned")
        refused(terminal, "abandon", "t1 was abandoned already")
        does(terminal, "reopen", "t1 is active again")
        refused(terminal, "reopen", "t1: only a thread that has ended can be reopened")
        good = staffed.config.read_text()
        staffed.config.write_text("agents: [")
        refused(terminal, "reload", "Reload the config", "", "cannot be used")
        staffed.config.write_text(good)
        does(terminal, "stop-supervisor", "Stop the supervisor?", "\r", "connection lost at")
        refused(terminal, "stop-supervisor", "there is no supervisor to ask")
        terminal.type("q")
        assert terminal.finish() == 0


@pytest.mark.parametrize("how", ["does", "refused"])
def test_no_action_is_left_out(how: str) -> None:
    calls = (one for one in ast.walk(ast.parse(inspect.getsource(sys.modules[__name__]))) if isinstance(one, ast.Call))
    named = {
        one.args[1].value
        for one in calls
        if isinstance(one.func, ast.Name) and one.func.id == how and isinstance(one.args[1], ast.Constant)
    }
    assert named == set(ACTIONS)
