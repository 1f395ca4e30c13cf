"""The scripted backend: how its player is started, and what the player's lines come to."""

import sys

import msgspec
import pytest

from compas.backends.backend import ExitStatus, Progress, Task
from compas.backends.scripted import (
    Line,
    MessageLine,
    ResultLine,
    ScriptedBackend,
    ScriptedReader,
    SessionLine,
    ToolLine,
)
from compas.domain.events import Usage
from compas.domain.specs import AgentSpec

AGENT = AgentSpec(alias="dev", backend="scripted", workdir="/src/app", script="/s/dev.json", backend_args=("--x",))
OK = ExitStatus(code=0)


def reading(*lines: Line, err: tuple[str, ...] = ()) -> ScriptedReader:
    reader = ScriptedReader()
    for line in lines:
        reader.feed("stdout", msgspec.json.encode(line).decode())
    for text in err:
        assert reader.feed("stderr", text) == ()
    return reader


@pytest.mark.parametrize(("session", "resume"), [(None, ()), ("turn-1", ("--resume", "turn-1"))])
def test_the_player_is_started_with_the_script_and_told_the_task_over_standard_input(
    session: str | None, resume: tuple[str, ...]
) -> None:
    command = ScriptedBackend().command_line(
        AGENT, Task(instruction="-do it", workdir="/w", files="/f", session=session)
    )
    assert command.argv[0] == sys.executable
    assert command.argv[-len(resume) - 2 :] == ("/s/dev.json", *resume, "--x")
    assert command.stdin == "-do it"
    assert ScriptedBackend().availability("").usable


def test_the_result_line_decides_and_the_last_one_counts() -> None:
    usage = Usage(turns=1, cost_usd=0.1)
    reader = reading(SessionLine(id="turn-1"), ResultLine(text="first"), ResultLine(text="done", usage=usage))
    answer = reader.finish(ExitStatus(code=3))
    assert (answer.success, answer.reply, answer.session, answer.usage) == (True, "done", "turn-1", usage)


def test_a_result_with_a_category_is_a_failure_with_its_text() -> None:
    answer = reading(SessionLine(id="turn-1"), ResultLine(text="no quota", category="quota_exhausted")).finish(OK)
    assert (answer.success, answer.error, answer.category, answer.reply) == (False, "no quota", "quota_exhausted", None)
    assert answer.session == "turn-1"


def test_without_a_result_it_has_failed_whatever_the_exit_status_and_says_what_was_printed() -> None:
    answer = reading(MessageLine(text="hm"), err=("Traceback",)).finish(OK)
    assert answer.error == "the scripted agent ended (exit status 0) without a result:\nTraceback"
    assert (answer.success, answer.category) == (False, "unknown")
    assert "(signal 9)" in reading().finish(ExitStatus(signal=9)).error
    assert "(no exit status)" in reading().finish(ExitStatus()).error


def test_of_a_flood_of_errors_the_end_is_shown() -> None:
    error = reading(err=tuple(f"line {n}" for n in range(1000))).finish(OK).error
    assert error.endswith("line 999")
    assert len(error.splitlines()) < 60


def test_the_lines_tell_what_the_agent_does() -> None:
    reader = ScriptedReader()
    told: list[Progress] = []
    for line in (
        SessionLine(id="turn-1"),
        ToolLine(name="write", summary="write a.txt"),
        MessageLine(text="halfway"),
        ResultLine(text="done"),
    ):
        told += reader.feed("stdout", msgspec.json.encode(line).decode())
    assert [(one.kind, one.summary) for one in told] == [
        ("session", "turn-1"),
        ("tool_call", "write a.txt"),
        ("message", "halfway"),
        ("turn_complete", "turn complete"),
    ]
    assert told[1].tool == "write"


@pytest.mark.parametrize("line", ["", "no json", "{}", '{"type": "other"}', "[1]", '{"type": "result"}'])
def test_a_line_that_is_none_of_the_players_is_left_to_the_log(line: str) -> None:
    reader = ScriptedReader()
    assert reader.feed("stdout", line) == ()
    reader.feed("stdout", '{"type": "result", "text": "done"}')
    assert reader.finish(OK).reply == "done"
