"""What is read from Gemini CLI's output: recorded from the CLI, and written by hand where it cannot be provoked."""

from pathlib import Path

import pytest

from compas.backends.backend import Answer
from compas.backends.gemini.adapter import GeminiReader
from compas.domain.events import Category, Usage
from tests.kit.backends.recorded import FIRST, Read, read_said, read_scene, scenes_of


def read(scene: str) -> Read:
    return read_scene(GeminiReader(), "gemini", scene)


# --- recorded ----------------------------------------------------------------------------------------------------


def test_a_turn_with_tools_is_told_step_by_step() -> None:
    found = read("work")
    spent = Usage(tokens_in=234, tokens_out=66, tokens_cached=99, turns=1)
    assert found.answer == Answer(success=True, reply="All done.", session=FIRST, usage=spent)
    assert found.told() == [
        ("session", FIRST, None),
        ("tool_call", "write_file: health.py", "write_file"),
        ("tool_result", "tool_result: write_file__call_0001 (completed)", "write_file"),
        ("tool_call", "run_shell_command: echo checked; exit 3", "run_shell_command"),
        ("tool_result", "tool_result: run_shell_command__call_0002 (completed)", "run_shell_command"),
        ("message", "All done.", None),
        ("turn_complete", "turn complete", None),
    ]


def test_a_continued_conversation_accounts_for_this_run_only() -> None:
    found = read("resumed").answer
    assert (found.reply, found.session) == ("echo (prompt 2, 0 tool results): You are dev.\n\nAnd now?", FIRST)
    assert found.usage == Usage(tokens_in=78, tokens_out=22, tokens_cached=33, turns=1)


def test_two_tools_at_once_have_each_its_result() -> None:
    found = [(each.kind, each.tool) for each in read("two_tools_at_once").progress if each.tool]
    assert sorted(found) == [
        ("tool_call", "run_shell_command"),
        ("tool_call", "write_file"),
        ("tool_result", "run_shell_command"),
        ("tool_result", "write_file"),
    ]


def test_bytes_that_are_no_text_are_replaced_by_the_cli_itself() -> None:
    assert read("odd_bytes").answer.reply == "Read."


@pytest.mark.parametrize(
    ("scene", "category", "says"),
    [
        ("unknown_session", "stale_session", "No previous sessions found for this project"),
        ("bad_key", "auth_failure", "invalid x-api-key"),
        ("forbidden", "auth_failure", "scripted PERMISSION_DENIED (403)"),
        ("not_logged_in", "auth_failure", "you must specify the GEMINI_API_KEY"),
        ("not_trusted", "agent_error", "not running in a trusted directory"),
        ("bad_request", "agent_error", "(400)"),
        ("no_credit", "quota_exhausted", "quota"),
        ("limit_for_good", "transient", "scripted RESOURCE_EXHAUSTED (429)"),
        ("server_error", "transient", "scripted UNAVAILABLE (503)"),
        ("cut", "transient", "[API Error: terminated]"),
        ("invalid", "transient", "[API Error: Expected property name"),
        ("no_server", "transient", "fetch failed"),
        ("unknown_flag", "unknown", "Unknown arguments: such-flag"),
    ],
)
def test_a_failure_has_its_class_and_says_why(scene: str, category: Category, says: str) -> None:
    found = read(scene).answer
    assert (found.success, found.category, found.reply, found.session) == (False, category, None, None)
    assert says in found.error


@pytest.mark.parametrize("scene", ["limit_for_good", "server_error", "no_server"])
def test_a_request_that_is_sent_again_is_told_of(scene: str) -> None:
    told = [each.summary for each in read(scene).progress if each.kind == "retrying"]
    assert len(told) == 1
    assert told[0].startswith("Attempt 1 failed")


def test_every_recorded_scene_is_judged_here() -> None:
    judged = Path(__file__).read_text()
    assert [scene for scene in scenes_of("gemini") if f'"{scene}"' not in judged] == []


# --- by hand -----------------------------------------------------------------------------------------------------


def test_output_that_is_no_json_is_shown_as_it_is_and_no_success() -> None:
    answer = read_said(GeminiReader(), "Something was printed.", "And more.").answer
    assert (answer.success, answer.category) == (False, "unknown")
    assert "exit status 0 and without a result:\nSomething was printed.\nAnd more." in answer.error


def test_tools_without_end_do_not_grow_in_memory() -> None:
    reader = GeminiReader()
    for number in range(3000):
        read = reader.feed("stdout", f'{{"type": "tool_use", "tool_id": "{number}", "tool_name": "ls"}}')
        assert read[-1].tool == "ls"
    (late,) = reader.feed("stdout", '{"type": "tool_result", "tool_id": "0", "status": "success"}')
    assert (late.kind, late.tool) == ("tool_result", None)


def test_a_result_of_a_tool_that_failed_is_marked() -> None:
    reader = GeminiReader()
    line = '{"type": "tool_result", "tool_id": "1", "status": "error", "error": {"message": "no such file"}}'
    (told,) = reader.feed("stdout", line)
    assert (told.failed, told.detail) == (True, "no such file")
