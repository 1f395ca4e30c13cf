"""Backends that the config defines, as whole executions: how a task reaches them, and what cannot."""

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.kit.ceiling import CEILING
from tests.kit.system.workshop import Workshop

pytestmark = pytest.mark.system

READS_FILE = """\
import json, sys
text = open(sys.argv[1], encoding="utf-8").read()
print(json.dumps({"answer": {"text": f"{len(text)} characters, first {text[:8]!r}"}, "id": "s1"}))
"""
ECHOES = "import sys\nprint(repr(sys.argv[1:]))\n"


def configure(workshop: Workshop, code: str, *args: str, **definition: object) -> None:
    """Make `dev` an agent on a command with this code."""
    program = workshop.root / "cli.py"
    program.write_text(code)
    workshop.configure(
        [{"alias": "dev", "backend": "cli", "workspace": "shared", "prompt": "Be kind."}],
        backend_definitions=[
            {"name": "cli", "command": sys.executable, "args": [str(program), *args], **definition},
        ],
    )


def dispatch(workshop: Workshop, task: str) -> Any:  # noqa: ANN401 - an answer has any shape
    """Give `dev` a task over standard input and return how its execution ended."""
    file = workshop.root / "task"
    file.write_text(task)
    with file.open("rb") as given:
        workshop("dispatch", "dev", "-", "--thread", "t1", "--wait", "--timeout", str(CEILING), "--json", stdin=given)
    return workshop.until("execution.ended")["data"]


def test_a_task_of_any_length_reaches_a_command_in_a_file(workshop: Workshop) -> None:
    output = {"format": "json", "result_field": "answer.text", "session_id_field": "id"}
    configure(workshop, READS_FILE, "{{instruction}}", prompt="file", output=output)
    end = dispatch(workshop, "x" * 300_000)
    assert (end["status"], end["session"]) == ("completed", "s1")
    assert end["preview"] == "300010 characters, first 'Be kind.'"
    files: list[Path] = list((workshop.state / "executions").glob("*/files/*"))
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)


def test_a_task_that_is_too_long_for_an_argument_fails_with_what_to_set_instead(workshop: Workshop) -> None:
    configure(workshop, ECHOES, "{{instruction}}")
    end = dispatch(workshop, "x" * 131_072)
    assert end["status"] == "failed"
    assert "131082 bytes, and 131071 are possible; set `prompt: file` or `prompt: stdin` for 'cli'" in end["error"]


def test_a_definition_with_a_file_but_no_place_for_its_path_is_refused_with_the_line(workshop: Workshop) -> None:
    configure(workshop, ECHOES, prompt="file")
    done = workshop("dispatch", "dev", "Hello.")
    assert done.code != 0
    assert "backend_definitions[0].prompt: file needs {{instruction}} in args" in done.err
    assert "line " in done.err
