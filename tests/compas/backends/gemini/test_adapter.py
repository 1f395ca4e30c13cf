"""How Gemini CLI is started, and what its output comes to."""

import json

import msgspec
import pytest

from compas.backends.backend import Answer, ExitStatus, Task
from compas.backends.gemini.adapter import GeminiBackend, GeminiReader
from compas.domain.specs import AgentSpec

AGENT = AgentSpec(alias="dev", backend="gemini", workdir="/src/app")
TASK = Task(instruction="--help\n", workdir="/src/app", files="/run/files")
INIT = {"type": "init", "session_id": "s1", "model": "m"}
DONE = {"type": "result", "status": "success", "stats": {"input_tokens": 10, "output_tokens": 3, "cached": 4}}


def said(text: str) -> dict[str, object]:
    return {"type": "message", "role": "assistant", "content": text, "delta": True}


def failed(message: str) -> dict[str, object]:
    return {"type": "result", "status": "error", "error": {"type": "Error", "message": message}, "stats": {}}


def read(*lines: object, code: int = 0, stderr: str = "") -> Answer:
    reader = GeminiReader()
    for line in lines:
        reader.feed("stdout", line if isinstance(line, str) else json.dumps(line))
    if stderr:
        reader.feed("stderr", stderr)
    return reader.finish(ExitStatus(code=code))


def test_the_task_is_the_input_and_the_output_goes_to_a_file() -> None:
    command = GeminiBackend().command_line(AGENT, TASK)
    assert command.argv == ("gemini", "--output-format", "stream-json", "--yolo")
    assert (command.stdin, command.stdout) == ("--help\n", "file")


def test_session_model_prompt_and_further_arguments_reach_the_cli() -> None:
    agent = msgspec.structs.replace(AGENT, model="pro", backend_args=("--debug",))
    command = GeminiBackend().command_line(agent, msgspec.structs.replace(TASK, session="s1", prompt="You are dev."))
    assert command.argv[:3] == ("gemini", "-r", "s1")
    assert command.argv[-3:] == ("--model", "pro", "--debug")
    assert command.stdin == "You are dev.\n\n--help\n"


def test_repetitions_are_bounded_in_settings_below_all_others() -> None:
    command = GeminiBackend().command_line(AGENT, TASK)
    path = command.env_defaults["GEMINI_CLI_SYSTEM_DEFAULTS_PATH"]
    assert json.loads(command.files[path.removeprefix("/run/files/")]) == {"general": {"maxAttempts": 4}}


def test_the_answer_is_what_was_said_after_the_last_tool_call() -> None:
    call = {"type": "tool_use", "tool_id": "t", "tool_name": "write_file", "parameters": {}}
    answer = read(INIT, said("Let me see."), call, said("All "), said("done."), DONE)
    assert (answer.success, answer.reply, answer.session) == (True, "All done.", "s1")
    assert (answer.usage.tokens_in, answer.usage.tokens_out, answer.usage.tokens_cached) == (6, 3, 4)


def test_a_result_of_success_wins_over_a_late_exit_status() -> None:
    assert read(INIT, said("ok"), DONE, code=1).success


@pytest.mark.parametrize(
    ("message", "code", "category"),
    [
        ("Bad request", 144, "agent_error"),
        ("API key not valid", 145, "auth_failure"),
        ("slow down", 173, "transient"),
        ("You have exhausted your daily quota on this model.", 173, "quota_exhausted"),
        ("Quota exceeded for requests per minute; retry in 3 s", 173, "transient"),
        ("[API Error: terminated]", 1, "transient"),
        ("unavailable", 247, "transient"),
    ],
)
def test_a_failed_turn_is_a_failure_of_its_kind(message: str, code: int, category: str) -> None:
    answer = read(INIT, failed(message), code=code)
    assert (answer.success, answer.category, answer.error) == (False, category, message)


def test_an_unknown_session_is_stale() -> None:
    answer = read(code=42, stderr="Error resuming session")
    assert (answer.category, answer.session) == ("stale_session", None)


def test_an_end_without_a_result_is_a_failure_also_with_exit_status_0() -> None:
    answer = read(INIT, {"type": "tool_use", "tool_id": "t", "tool_name": "x", "parameters": {}}, said("half"))
    assert (answer.success, answer.category, answer.session) == (False, "unknown", "s1")


def test_a_conversation_that_the_cli_has_not_kept_is_not_one_to_go_on_with() -> None:
    assert read(INIT, said("half"), failed("[API Error: terminated]"), code=1).session is None


def test_an_end_by_a_signal_is_one() -> None:
    assert read(INIT, code=143).category == "killed"


def test_an_empty_answer_behind_a_warning_is_a_failure_in_its_words() -> None:
    answer = read(INIT, {"type": "error", "severity": "warning", "message": "Loop detected"}, DONE)
    assert (answer.success, answer.category, answer.error) == (False, "agent_error", "Loop detected")


@pytest.mark.parametrize("key", ["response", "result"])
def test_the_single_object_of_the_other_format_is_read_as_well(key: str) -> None:
    assert read({key: "text", "session_id": "s1"}) == Answer(success=True, reply="text", session="s1")
