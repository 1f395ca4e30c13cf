"""What is done from the dashboard is done by a real supervisor, and what that refuses is told in words."""

import os
import sys
from base64 import b64encode
from pathlib import Path

import pytest

from tests.kit.system.terminal import Terminal
from tests.kit.system.workshop import Workshop

pytestmark = pytest.mark.system

DASHBOARD = (sys.executable, "-P", "-m", "compas", "dashboard")
WORK = ({"write": "work.py", "text": "x = 1\n"}, {"say": "half way"}, {"reply": "All **done**."})
MORE = ({"append": "work.py", "text": "y = 2\n"}, {"reply": "More done."})

EDITOR = """\
#!/bin/sh
case "$1" in
  *.md) printf 'Written in the editor.' > "$1" ;;
  *) echo "EDITING $1 of $COMPAS_THREAD" ; read answer ;;
esac
"""
SHELL = """\
#!/bin/sh
echo "SHELL IN $(pwd) FOR $COMPAS_THREAD ON $COMPAS_BRANCH AS ${COMPAS_EXECUTION-operator}"
read answer
"""


@pytest.fixture
def staffed(workshop: Workshop) -> Workshop:
    """Return a workshop with an agent that works, one that waits, one that fails, and commands of the person's own."""
    gate = workshop.fifo("gate")
    slow = ({"say": "looking around"}, {"block": str(gate)}, {"reply": "Late."})
    workshop.configure(
        [
            workshop.agent("dev", WORK, MORE, MORE, workspace="worktree", commit="auto"),
            workshop.agent("slow", slow, slow, workspace="worktree"),
            workshop.agent("bad", ({"fail": "gave up on this"},), ({"reply": "Better now."},)),
        ],
        dashboard={
            "commands": [
                {"key": "b", "command": 'echo "OWN $COMPAS_THREAD"; read answer', "description": "show it"},
                {"key": "f5", "command": 'echo "in $(basename "$PWD")"', "on": "any", "background": True},
            ]
        },
    )
    return workshop


def script(workshop: Workshop, name: str, text: str) -> str:
    """Write a program and return its path."""
    path = workshop.root / name
    path.write_text(text)
    path.chmod(0o700)
    return str(path)


def done(workshop: Workshop, thread: str, agent: str = "dev") -> None:
    """Have a thread's work done before the dashboard is opened."""
    workshop.ask("dispatch", agent, "Do it.", "--thread", thread)
    workshop.ask("wait", "--thread-id", thread)


def status(workshop: Workshop, thread: str) -> dict[str, object]:
    (row,) = workshop.ask("status", thread)["threads"]
    found: dict[str, object] = row
    return found


def quits(terminal: Terminal) -> None:
    terminal.type("q")
    assert terminal.finish() == 0
    assert terminal.is_restored()


async def test_a_task_is_dispatched_answered_by_a_reply_and_judged(staffed: Workshop) -> None:
    with Terminal(staffed, DASHBOARD) as terminal:
        terminal.until("No agent has been given anything to do yet.")
        terminal.type("t")
        terminal.until("New task")
        terminal.type("Do it.\tt1\r")
        terminal.until("t1 was given the task as db:")
        terminal.until("answered")
        before = int(staffed.events("t1")[-1]["position"])
        terminal.type("r")
        terminal.until("Reply in t1")
        terminal.type("Go on.\r")
        terminal.until("t1 was given the task as db:")
        staffed.until("execution.ended", after=before)
        terminal.type("a")
        terminal.until("ahead of main")
        terminal.type("fine\r")
        terminal.until("t1 is approved at")
        terminal.type("x")
        terminal.until("Request changes in t1")
        terminal.type("Rename y.\r")
        terminal.until("dev was told what to change in t1")
        quits(terminal)
    bodies = [one["body"] for one in staffed.ask("transcript", "t1")["messages"]]
    assert {"Do it.", "Go on.", "Rename y."} <= set(bodies)
    assert (staffed.repo / "work.py").exists() is False


async def test_a_dispatch_that_is_refused_keeps_what_was_typed(staffed: Workshop) -> None:
    with Terminal(staffed, DASHBOARD) as terminal:
        terminal.until("No agent has been given anything to do yet.")
        terminal.type("t")
        terminal.until("New task")
        terminal.type("Keep these words.\tno/such name\r")
        terminal.until("'no/such name'")
        terminal.type("\x1b")
        terminal.until("q quit")
        terminal.type("t")
        terminal.until("Keep these words.")
        terminal.type("\x1b")
        terminal.until("q quit")
        quits(terminal)
    assert staffed.ask("status")["threads"] == []


async def test_work_is_merged_from_its_row_and_its_thread_closed_and_taken_up_again(staffed: Workshop) -> None:
    done(staffed, "t1")
    with Terminal(staffed, DASHBOARD) as terminal:
        terminal.until("Do it.")
        terminal.type("C")
        terminal.until("Close t1?")
        terminal.type("\r")
        terminal.until("compas/t1")
        assert status(staffed, "t1")["thread_status"] == "Active"
        terminal.type("\x1b")
        terminal.until("q quit")
        terminal.type("m")
        terminal.until("1 commit ahead of main")
        terminal.type("\r")
        terminal.until("compas/t1 waits to be merged into main")
        staffed.until_logged("merge.completed", 0)
        terminal.type("C")
        terminal.until("Close t1?")
        terminal.type("\r")
        terminal.until("t1 is closed as completed")
        terminal.type("O")
        terminal.until("t1 is active again")
        quits(terminal)
    assert (staffed.repo / "work.py").read_text() == "x = 1\n"
    assert status(staffed, "t1")["thread_status"] == "Active"


async def test_a_merge_that_is_refused_says_why_and_changes_nothing(staffed: Workshop) -> None:
    done(staffed, "t1")
    before = int(staffed.events("t1")[-1]["position"])
    staffed.ask("request-changes", "t1", "Not so.")
    staffed.until("execution.ended", after=before)
    tree = Path(str(staffed.ask("worktrees", "t1")["worktrees"][0]["path"]))
    (tree / "stray.txt").write_text("left behind\n")
    before = staffed.git("rev-parse", "main")
    with Terminal(staffed, DASHBOARD) as terminal:
        terminal.until("Do it.")
        terminal.type("m")
        terminal.until("1 file not committed")
        terminal.type("\r")
        terminal.until("stray.txt")
        terminal.type("\x1b")
        terminal.until("q quit")
        quits(terminal)
    assert staffed.git("rev-parse", "main") == before


async def test_what_runs_is_cancelled_and_the_thread_abandoned_after_a_yes(staffed: Workshop) -> None:
    staffed.ask("dispatch", "slow", "Wait.", "--thread", "t1")
    staffed.until_said("looking around")
    with Terminal(staffed, DASHBOARD) as terminal:
        terminal.until("running")
        terminal.type("X")
        terminal.until("Cancel what is under way in t1?")
        terminal.type("y")
        terminal.until("1 execution of t1 cancelled")
        assert status(staffed, "t1")["thread_status"] == "Active"
        staffed.until("execution.stopped")
        terminal.type("A")
        terminal.until("Abandon t1?")
        terminal.type("n")
        terminal.until("q quit")
        assert status(staffed, "t1")["thread_status"] == "Active"
        terminal.type("A")
        terminal.until("Abandon t1?")
        terminal.type("y")
        terminal.until("t1 is abandoned")
        terminal.type("A")
        terminal.until("t1 was abandoned already")
        quits(terminal)
    assert status(staffed, "t1")["thread_status"] == "Abandoned"


async def test_a_failed_task_is_given_again(staffed: Workshop) -> None:
    staffed.ask("dispatch", "bad", "Try this.", "--thread", "t1")
    staffed("wait", "--thread-id", "t1")
    with Terminal(staffed, DASHBOARD) as terminal:
        terminal.until("gave up on this")
        terminal.type("i")
        terminal.until("✗ failed")
        terminal.type("R")
        terminal.until("bad: Try this.")
        terminal.type("y")
        terminal.until("execution 1 of 2")
        terminal.type("]")
        terminal.until("Better now.")
        terminal.type("q")
        quits(terminal)


async def test_every_page_shows_what_a_real_supervisor_tells(staffed: Workshop) -> None:
    done(staffed, "t1")
    with Terminal(staffed, DASHBOARD) as terminal:
        terminal.until("Do it.")
        for key, words in (
            ("\r", "All **done**."),
            ("i", "All **done**."),
            ("3", "half way"),
            ("4", "queued for dev"),
            ("l", "half way"),
            ("J", '"text":"All **done**."'),
            ("d", "work.py"),
            ("w", "dev ended: completed"),
            ("D", "What to do"),
            ("v", "execution.ended"),
            ("?", "In a list"),
        ):
            terminal.type(key)
            terminal.until(words)
        terminal.type("/")
        terminal.type("palette")
        terminal.until("hit")
        terminal.type("\x03")
        assert terminal.finish() == 130
        assert terminal.is_restored()


async def test_worktree_and_text_are_opened_in_shell_and_editor_and_the_screen_comes_back(staffed: Workshop) -> None:
    done(staffed, "t1")
    env = {"SHELL": script(staffed, "sh", SHELL), "EDITOR": script(staffed, "ed", EDITOR)}
    with Terminal(staffed, DASHBOARD, **env) as terminal:
        terminal.until("Do it.")
        terminal.type("s")
        terminal.until("SHELL IN")
        terminal.until("FOR t1 ON compas/t1 AS operator")
        terminal.type("\n")
        terminal.until("q quit")
        terminal.type("e")
        terminal.until("EDITING")
        terminal.until("of t1")
        terminal.type("\n")
        terminal.until("q quit")
        terminal.type("r")
        terminal.until("Reply in t1")
        terminal.type("\x18")
        terminal.until("Written in the editor.")
        terminal.type("\r")
        terminal.until("t1 was given the task")
        quits(terminal)
    bodies = [one["body"] for one in staffed.ask("transcript", "t1")["messages"]]
    assert "Written in the editor." in bodies


async def test_ctrl_c_in_the_program_that_has_the_terminal_leaves_the_dashboard_alone(staffed: Workshop) -> None:
    done(staffed, "t1")
    with Terminal(staffed, DASHBOARD, SHELL=script(staffed, "sh", SHELL)) as terminal:
        terminal.until("Do it.")
        terminal.type("s")
        terminal.until("SHELL IN")
        terminal.type("\x03")
        terminal.until("q quit")
        terminal.type("?")
        terminal.until("In a list")
        terminal.type("q")
        quits(terminal)


async def test_a_dashboard_that_is_ended_while_the_terminal_is_lent_ends_that_program_too(staffed: Workshop) -> None:
    done(staffed, "t1")
    with Terminal(staffed, DASHBOARD, SHELL=script(staffed, "sh", SHELL)) as terminal:
        terminal.until("Do it.")
        terminal.type("s")
        terminal.until("SHELL IN")
        os.kill(terminal.process.pid, 15)
        assert terminal.finish() == 143
        assert terminal.is_restored()


async def test_commands_of_the_config_run_with_the_thread_and_a_clash_of_keys_is_an_error(staffed: Workshop) -> None:
    done(staffed, "t1")
    with Terminal(staffed, DASHBOARD) as terminal:
        terminal.until("Do it.")
        terminal.type("b")
        terminal.until("OWN t1")
        terminal.type("\n")
        terminal.until("q quit")
        terminal.type("\x1b[15~")
        terminal.until("in t1")
        quits(terminal)
    staffed.config.write_text(staffed.config.read_text().replace('"key": "b"', '"key": "q"'))
    result = staffed("reload")
    assert result.code == 1
    assert "'q' is a key of the dashboard itself" in result.out + result.err


async def test_name_and_path_go_to_the_clipboard_of_the_terminal(staffed: Workshop) -> None:
    done(staffed, "t1")
    with Terminal(staffed, DASHBOARD) as terminal:
        terminal.until("Do it.")
        terminal.type("y")
        terminal.until("copied: t1")
        assert "\x1b]52;c;dDE=" in terminal.written
        terminal.type("P")
        path = b64encode(str(staffed.repo / ".compas-worktrees" / "t1").encode()).decode()
        terminal.until_written(f"\x1b]52;c;{path}\x07")
        terminal.until(".compas-worktrees/t1")
        quits(terminal)


async def test_the_supervisor_is_reloaded_stopped_and_started_from_the_dashboard(staffed: Workshop) -> None:
    with Terminal(staffed, DASHBOARD) as terminal:
        terminal.until("ready")
        pid = staffed.supervisor_pid()
        terminal.type("L")
        terminal.until("the config file is in force")
        terminal.type("K")
        terminal.until("Stop the supervisor?")
        terminal.type("\r")
        terminal.until("connection lost at")
        terminal.type("S")
        terminal.until("epoch 2")
        assert staffed.supervisor_pid() != pid
        quits(terminal)


async def test_a_command_is_chosen_by_its_name(staffed: Workshop) -> None:
    done(staffed, "t1")
    with Terminal(staffed, DASHBOARD) as terminal:
        terminal.until("Do it.")
        terminal.type(":")
        terminal.until("dispatch")
        terminal.type("opdif\r")
        terminal.until("work.py")
        terminal.type("q")
        quits(terminal)


async def test_programs_that_cannot_be_started_are_told_and_what_was_typed_stays(staffed: Workshop) -> None:
    done(staffed, "t1")
    with Terminal(staffed, DASHBOARD, SHELL="/nowhere/sh", EDITOR="/nowhere/ed") as terminal:
        terminal.until("Do it.")
        terminal.type("s")
        terminal.until("No such file or directory")
        terminal.until("/nowhere/sh")
        terminal.type("r")
        terminal.until("Reply in t1")
        terminal.type("Half a thought\x18")
        terminal.until("the editor could not be used")
        terminal.type(", whole\r")
        terminal.until("t1 was given the task")
        quits(terminal)
    assert "Half a thought, whole" in [one["body"] for one in staffed.ask("transcript", "t1")["messages"]]
