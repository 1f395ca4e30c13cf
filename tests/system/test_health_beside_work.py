"""A CLI that never says its version holds up nobody but who asks for it."""

import os
import sys
from pathlib import Path

import pytest

from tests.kit.ceiling import CEILING
from tests.kit.system import process_tree
from tests.kit.system.workshop import Workshop, finish

pytestmark = pytest.mark.system

HANGS_WHEN_ASKED = """\
#!{python}
import json, os, signal, sys
if "--version" in sys.argv:
    with open({here!r}, "w") as fifo:
        fifo.write(str(os.getpid()))
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        signal.pause()
print(json.dumps({{"type": "result", "subtype": "success", "is_error": False, "result": "Done.", "session_id": "s"}}))
"""


def install(workshop: Workshop) -> Path:
    """Put a CLI on the path that hangs when asked for its version; return the FIFO that it writes its pid to then."""
    here = workshop.fifo("here")
    command = workshop.root / "bin" / "claude"
    command.parent.mkdir()
    command.write_text(HANGS_WHEN_ASKED.format(python=sys.executable, here=str(here)))
    command.chmod(0o755)
    workshop.environ["PATH"] = f"{command.parent}{os.pathsep}{workshop.environ['PATH']}"
    workshop.configure([{"alias": "dev", "backend": "claude", "safety_mode": "auto_approve", "workspace": "shared"}])
    return here


def test_work_goes_on_beside_a_version_command_that_hangs_and_a_stop_ends_it(workshop: Workshop) -> None:
    here = install(workshop)
    workshop.supervise()
    asking = workshop.begin("health", "--json", "--no-start")
    pid = int(here.read_text())
    assert process_tree.is_alive(pid)
    done = workshop.ask("dispatch", "dev", "Work.", "--thread", "t1", "--wait", "--timeout", str(CEILING))
    assert done["body"] == "Done."
    assert process_tree.is_alive(pid), "the work has not waited for it"
    assert workshop.ask("health", "--brief")["agents"][0]["usable"], "nor has a brief look"
    assert workshop("stop", "--now").code == 0
    assert process_tree.wait_gone(pid, CEILING)
    (dev,) = finish(asking).json()["agents"]
    assert (dev["usable"], dev["version"]) == (True, "")
    assert dev["notes"][0].startswith("it could not be looked at to the end, since the supervisor stops")


def test_a_version_command_that_hangs_is_told_in_words_and_leaves_the_agent_usable(workshop: Workshop) -> None:
    here = install(workshop)
    asking = workshop.begin("health", "--json")
    pid = int(here.read_text())
    (dev,) = finish(asking).json()["agents"]
    assert dev["usable"]
    assert dev["notes"] == ["its version cannot be told: `claude --version` did not end within 10 s and was ended"]
    assert process_tree.wait_gone(pid, CEILING)
