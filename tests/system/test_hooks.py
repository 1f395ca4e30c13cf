"""Hooks and notifications of a real supervisor: crashes, hooks that call compas, that hang, and what people see."""

import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.kit.ceiling import CEILING
from tests.kit.system import hook_crashes, process_tree
from tests.kit.system.read_models import before_and_after_a_rebuild
from tests.kit.system.terminal import Terminal
from tests.kit.system.workshop import Workshop, finish

pytestmark = pytest.mark.system

KEEP = 'cat >> "$HOME/told"; echo >> "$HOME/told"'
COMPAS = f"{sys.executable} -P -m compas"


def script(workshop: Workshop, text: str, name: str = "hook", *, mode: int = 0o755) -> str:
    """Write a shell script beside the config and return how the config names it, which is a relative path."""
    path = workshop.root / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(mode)
    return f"./{name}"


def configure(workshop: Workshop, hooks: dict[str, Any], **keys: object) -> None:
    """Have an agent that answers, and these hooks."""
    turns = [[{"reply": "Done."}]] * 9
    workshop.configure([workshop.agent("dev", *turns)], hooks=hooks, **keys)


def told(workshop: Workshop) -> list[dict[str, Any]]:
    """Return what the script that keeps it was told."""
    path = workshop.root / "told"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def works(workshop: Workshop, thread: str = "t1") -> None:
    """Have a thread worked in and closed."""
    workshop.ask("dispatch", "dev", "work", "--thread", thread, "--wait", "--timeout", str(CEILING))
    workshop.ask("close", thread)


@pytest.mark.parametrize(("point", "runs"), hook_crashes.POINTS.items())
async def test_a_crash_between_an_event_and_its_hook_runs_it_under_the_same_key(
    workshop: Workshop, point: str, runs: int
) -> None:
    configure(workshop, {"on_thread_closed": [{"command": script(workshop, KEEP)}]})
    fuse = workshop.root / "fuse"
    fuse.touch()
    supervisor = workshop.supervise(COMPAS_FAILPOINT=f"{point}@{fuse}")
    works(workshop)
    assert supervisor.wait(CEILING) == -signal.SIGKILL
    assert workshop.ask("status", "t1")["threads"][0]["thread_status"] == "Completed"
    works(workshop, "t2")
    assert finish(workshop.begin("stop")).code == 0
    ended = [event for event in workshop.events() if event["type"] == "hook.ended"]
    assert [event["data"]["outcome"] for event in ended] == ["succeeded", "succeeded"]
    keys = [fields["key"] for fields in told(workshop) if fields["thread"] == "t1"]
    assert (len(keys), len(set(keys))) == (runs, 1)
    assert finish(workshop.begin("stop")).code == 0
    before, after = await before_and_after_a_rebuild(workshop.state / "compas.sqlite")
    assert after == before


def test_what_a_killed_supervisor_left_of_a_hook_is_ended_before_it_is_run_again(workshop: Workshop) -> None:
    on = workshop.fifo("on")
    text = f"cat > /dev/null; echo $$ > {on}; test -e $HOME/again || exec sleep 600"
    configure(workshop, {"on_thread_closed": [{"command": script(workshop, text), "timeout_secs": 600}]})
    supervisor = workshop.supervise()
    works(workshop)
    first = int(on.read_text())
    supervisor.kill()
    supervisor.wait(CEILING)
    assert process_tree.is_alive(first), "nobody is there to end it"
    (workshop.root / "again").touch()
    workshop.supervise()
    second = int(on.read_text())
    assert second != first
    workshop.until_logged("hook.ended", 0)
    assert not process_tree.is_alive(first)


def test_a_hook_that_calls_compas_is_the_operator(workshop: Workshop) -> None:
    text = f'cat >/dev/null; {COMPAS} reopen "$COMPAS_THREAD_ID" --json > "$HOME/answer" 2>&1'
    env = {"PYTHONPATH": workshop.environ["PYTHONPATH"]}
    configure(workshop, {"on_thread_closed": [{"command": script(workshop, text), "timeout_secs": 120, "env": env}]})
    workshop.supervise()
    works(workshop)
    ended = workshop.until_logged("hook.ended", 0)
    assert ended["data"]["outcome"] == "succeeded", (workshop.root / "answer").read_text()
    assert workshop.ask("status", "t1")["threads"][0]["thread_status"] == "Active"


def test_hooks_that_hang_delay_no_dispatch_and_are_ended_when_the_supervisor_stops(workshop: Workshop) -> None:
    script(workshop, "trap '' TERM; sleep 600 & setsid sleep 600 & wait; wait")
    configure(workshop, {"on_execution_started": [{"command": "./hook", "timeout_secs": 600}]})
    workshop.supervise()
    for number in range(6):
        works(workshop, f"t{number}")
    kinds = [event["type"] for event in workshop.events()]
    assert (kinds.count("thread.closed"), kinds.count("hook.ended")) == (6, 0)
    listed = workshop.ask("hooks")["hooks"]
    assert [one["waiting"] for one in listed] == [6]
    assert finish(workshop.begin("stop")).code == 0
    assert not [one for one in workshop.processes() if "sleep 600" in one.command]


def test_the_supervisor_tells_of_its_start_and_of_its_end(workshop: Workshop) -> None:
    keep = [{"command": script(workshop, KEEP)}]
    configure(workshop, {"on_supervisor_started": keep, "on_supervisor_stopping": keep})
    for _ in range(2):
        workshop.supervise()
        workshop.until_logged("hook.ended", 0)
        assert finish(workshop.begin("stop")).code == 0
    assert [fields["event"] for fields in told(workshop)] == ["supervisor_started", "supervisor_stopping"] * 2


# proves: c-config-dashboard 67
def test_what_hooks_do_is_listed_and_they_can_be_tried(workshop: Workshop) -> None:
    hooks = {
        "on_thread_closed": [
            {"command": script(workshop, "cat >/dev/null; echo could not reach chat; exit 3"), "name": "chat"},
            {"command": "no-such-program"},
            {"command": script(workshop, "exit 0", "locked", mode=0o644)},
        ]
    }
    configure(workshop, hooks)
    works(workshop)
    workshop.until_logged("hook.ended", 0)
    tried = workshop("hooks", "test", "chat", "--thread", "t1")
    assert (tried.code, "could not reach chat" in tried.out, "failed with status 3" in tried.out) == (1, True, True)
    missing = workshop("hook-test", "thread_closed-2", "--json")
    assert (missing.code, missing.json()["outcome"]) == (1, "not_started")
    locked = f"{workshop.root}/locked is not there, or is not executable"
    assert workshop("hook-test", "thread_closed-3", "--json").json()["problem"] == locked
    listed = workshop("hooks").out
    assert "could not reach chat" in listed
    assert "no program no-such-program was found on PATH" in listed
    doctor = {check["detail"] for check in workshop("doctor", "--json").json()["checks"]}
    for said in (
        "the hook thread_closed-2 cannot be run: no program no-such-program was found on PATH",
        f"the hook thread_closed-3 cannot be run: {locked}",
    ):
        assert any(said in detail for detail in doctor)
    assert any("the hook chat failed with status 3" in detail for detail in doctor)
    assert finish(workshop.begin("stop")).code == 0
    named = {check["name"]: check for check in workshop("doctor", "--json").json()["checks"]}
    assert "no program no-such-program was found on PATH" in named["hook thread_closed-2"]["detail"]
    assert locked in named["hook thread_closed-3"]["detail"]


# proves: c-config-dashboard 73
def test_a_person_is_notified_by_arguments_that_no_shell_has_read(workshop: Workshop) -> None:
    fake = Path(workshop.root / "bin")
    fake.mkdir()
    (fake / "notify-send").write_text('#!/bin/sh\nfor word; do echo "$word" >> "$HOME/shown"; done\n')
    (fake / "notify-send").chmod(0o755)
    workshop.environ["PATH"] = f"{fake}:{workshop.environ['PATH']}"
    configure(workshop, {}, notifications={"desktop": True, "via": "notify-send"})
    workshop.supervise()
    title = 'say "hi" \\ $(touch pwned) `id` 🎉'
    command = ("dispatch", "dev", "work", "--thread", "t1", "--summary", title, "--wait", "--timeout", str(CEILING))
    workshop.ask(*command)
    ended = workshop.until_logged("notification.ended", 0)
    assert (ended["data"]["outcome"], ended["data"]["via"]) == ("shown", "notify-send")
    words = (workshop.root / "shown").read_text().splitlines()
    assert words[:3] == ["--app-name=compas", "--", f"compas: dev needs you: {title}"]
    assert not (workshop.root / "pwned").exists()
    assert not (workshop.repo / "pwned").exists()


def test_a_dashboard_has_its_terminal_show_notifications(workshop: Workshop) -> None:
    configure(workshop, {}, notifications={"desktop": True, "via": "osc9"})
    with Terminal(workshop, (sys.executable, "-P", "-m", "compas", "dashboard")) as terminal:
        terminal.until("No agent has been given anything to do yet.")
        workshop.ask("dispatch", "dev", "work", "--thread", "t1", "--wait", "--timeout", str(CEILING))
        workshop.until_logged("notification.ended", 0)
        workshop.ask("dispatch", "dev", "something else", "--thread", "t2")
        terminal.until("something else")
        terminal.type("q")
        assert terminal.finish() == 0
    assert "\x1b]9;compas: dev needs you: work: " in terminal.written
