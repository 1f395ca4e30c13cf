"""What was recorded from every CLI, cut off after each line: a run that has not come to its end is no success."""

import json
from collections.abc import Callable

import pytest

from compas.backends.backend import ExitStatus, OutputReader
from compas.backends.claude.adapter import ClaudeReader
from compas.backends.codex.adapter import CodexBackend
from compas.backends.gemini.adapter import GeminiReader
from compas.backends.opencode.adapter import OpenCodeReader
from tests.kit.backends.recorded import Line, lines_of, read_lines, scenes_of

READERS: dict[str, Callable[[], OutputReader]] = {
    "claude": ClaudeReader,
    "codex": lambda: CodexBackend(now=lambda: 0.0).open_reader(None),
    "gemini": GeminiReader,
    "opencode": OpenCodeReader,
}
RECORDINGS = [(backend, scene) for backend in READERS for scene in scenes_of(backend)]
ENDS = [ExitStatus(code=0), ExitStatus(code=1), ExitStatus(signal=9)]


def ends_a_turn(backend: str, line: Line) -> bool:
    """Tell whether this is the line by which the CLI says that it is done."""
    try:
        said = json.loads(line[1])
    except ValueError:
        return False
    match backend:
        case "codex":
            return bool(said.get("type") == "turn.completed")
        case "opencode":
            return bool(said.get("type") == "step_finish" and said["part"]["reason"] == "stop")
    return bool(said.get("type") == "result")


def test_there_are_recordings_of_every_cli() -> None:
    assert {backend: len(scenes_of(backend)) >= 10 for backend in READERS} == dict.fromkeys(READERS, True)


@pytest.mark.parametrize(("backend", "scene"), RECORDINGS)
@pytest.mark.parametrize("status", ENDS, ids=["exit0", "exit1", "killed"])
def test_output_that_breaks_off_anywhere_before_its_end_is_no_success(
    backend: str, scene: str, status: ExitStatus
) -> None:
    lines, _ = lines_of(backend, scene)
    is_over = False
    for index, line in enumerate(lines):
        half = (line[0], line[1][: len(line[1]) // 2])
        answers = [read_lines(READERS[backend](), [*lines[:index], *more], status).answer for more in ([], [half])]
        for answer in answers:
            assert not answer.success or is_over
            assert answer.success == (answer.error == "")
        is_over = is_over or ends_a_turn(backend, line)


@pytest.mark.parametrize(("backend", "scene"), RECORDINGS)
def test_an_end_as_recorded_is_judged_the_same_however_the_streams_are_interleaved(backend: str, scene: str) -> None:
    lines, status = lines_of(backend, scene)
    out = [line for line in lines if line[0] == "stdout"]
    err = [line for line in lines if line[0] == "stderr"]
    answers = [read_lines(READERS[backend](), order, status).answer for order in (out + err, err + out)]
    assert answers[0] == answers[1]


@pytest.mark.parametrize(("backend", "scene"), RECORDINGS)
def test_a_cli_is_expected_to_end_from_its_last_result_on_and_not_before_any_more_is_told(
    backend: str, scene: str
) -> None:
    lines, status = lines_of(backend, scene)
    reader = READERS[backend]()
    done_before_more = False
    was_done = False
    for line in lines:
        told = [each.kind for each in reader.feed(*line)]
        done_before_more |= was_done and bool({"tool_call", "message"}.intersection(told)) and reader.is_done
        was_done = reader.is_done
    assert not done_before_more
    assert was_done or not reader.finish(status).success


def test_claude_is_not_expected_to_end_while_something_of_its_runs_in_the_background() -> None:
    reader = ClaudeReader()
    running = {"type": "system", "subtype": "background_tasks_changed", "tasks": [{"task_id": "1"}]}
    result = {"type": "result", "subtype": "success", "result": "It runs.", "session_id": "s"}
    reader.feed("stdout", json.dumps(running))
    reader.feed("stdout", json.dumps(result))
    assert not reader.is_done
    reader.feed("stdout", json.dumps(running | {"tasks": []}))
    assert reader.is_done
    reader.feed("stdout", json.dumps({"type": "system", "subtype": "init", "session_id": "s"}))
    assert not reader.is_done
