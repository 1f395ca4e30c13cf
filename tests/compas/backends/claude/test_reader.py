"""What is read from Claude Code's output: recorded from the CLI, and written by hand where it cannot be provoked."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from compas.backends.backend import Answer
from compas.backends.claude.adapter import ClaudeReader
from compas.backends.claude.tools import summarize
from compas.domain.events import Category, Usage
from tests.kit.backends.recorded import FIRST, Read, lines_of, read_said, read_scene, scenes_of


def read(name: str) -> Read:
    return read_scene(ClaudeReader(), "claude", name)


def play(*lines: dict[str, Any] | str, code: int = 0, stderr: str = "") -> Read:
    return read_said(ClaudeReader(), *lines, code=code, stderr=stderr)


def result(**more: object) -> dict[str, Any]:
    return {"type": "result", "subtype": "success", "is_error": False, "result": "Done.", "session_id": "s1", **more}


def init(session: str = "s1") -> dict[str, Any]:
    return {"type": "system", "subtype": "init", "session_id": session}


def said(*blocks: dict[str, Any], message: str = "m1", **more: object) -> dict[str, Any]:
    return {"type": "assistant", "message": {"id": message, "content": list(blocks), **more}}


# --- recorded ----------------------------------------------------------------------------------------------------


def test_a_turn_with_tools_is_told_step_by_step() -> None:
    found = read("work")
    assert found.answer == Answer(
        success=True,
        reply="All done.",
        session=FIRST,
        usage=Usage(cost_usd=0.0013359, tokens_in=333, tokens_out=66, tokens_cached=99, turns=3),
    )
    assert found.told() == [
        ("session", FIRST, None),
        ("tool_call", "Write to health.py", "Write"),
        ("tool_result", "tool_result: toolu_0001 (completed)", "Write"),
        ("tool_call", "Bash: echo checked; exit 3", "Bash"),
        ("tool_result", "tool_result: toolu_0003 (error)", "Bash"),
        ("message", "All done.", None),
        ("turn_complete", "turn complete", None),
    ]
    assert json.loads(found.progress[1].detail) == {"file_path": "health.py", "content": "OK = 1"}
    assert found.progress[4].detail == "Exit code 3\nchecked"


def test_a_continued_conversation_accounts_for_this_run_only() -> None:
    """Its `total_cost_usd` holds the first run too, which had ten times the tokens."""
    found = read("resumed")
    assert found.answer.reply == "echo (prompt 2, 0 tool results): And now?"
    assert found.answer.usage == Usage(
        cost_usd=pytest.approx(0.0004453), tokens_in=111, tokens_out=22, tokens_cached=33, turns=1
    )
    total = json.loads(lines_of("claude", "resumed")[0][-1][1])["total_cost_usd"]
    assert total > 0.005


def test_what_was_sent_to_the_background_is_waited_for_and_every_result_counts_once() -> None:
    found = read("background")
    assert [told[0] for told in found.told()].count("turn_complete") == 2
    assert found.answer.success
    assert found.answer.usage == Usage(
        cost_usd=pytest.approx(0.0013359), tokens_in=333, tokens_out=66, tokens_cached=99, turns=3
    )


def test_a_request_that_is_repeated_is_told_and_does_no_harm() -> None:
    found = read("limit_once")
    assert ("retrying", "repetition 1 of 1 of a request in 0.0 s: 429 rate_limit", None) in found.told()
    assert (found.answer.success, found.answer.reply) == (True, "Recovered.")


@pytest.mark.parametrize(
    ("name", "category", "says"),
    [
        ("unknown_session", "stale_session", "No conversation found with session ID"),
        ("bad_key", "auth_failure", "Invalid API key"),
        ("forbidden", "auth_failure", "403"),
        ("not_logged_in", "auth_failure", "Not logged in"),
        ("bad_request", "agent_error", "400"),
        ("no_credit", "quota_exhausted", "Credit balance is too low"),
        ("limit_for_good", "transient", "429"),
        ("used_up", "quota_exhausted", "It resets at 2100-01-01 00:00:00 UTC."),
        ("overloaded", "transient", "529"),
        ("server_error", "transient", "500"),
        ("cut", "transient", "Connection to the API was lost"),
        ("invalid", "transient", "JSON Parse error"),
        ("no_server", "transient", "ECONNREFUSED"),
        ("too_many_turns", "agent_error", "maximum number of turns"),
        ("own_command", "agent_error", "begin it with a space"),
        ("unknown_flag", "unknown", "unknown option '--no-such-flag'"),
        ("as_root", "unknown", "set safety_mode: auto_approve"),
        ("stopped", "killed", "exit status 143 without a result"),
    ],
)
def test_a_failed_turn_is_a_failure_of_its_class_and_says_why(name: str, category: Category, says: str) -> None:
    answer = read(name).answer
    assert (answer.success, answer.reply, answer.category) == (False, None, category)
    assert says in answer.error


def test_every_recorded_scene_is_judged_here() -> None:
    judged = Path(__file__).read_text()
    assert [scene for scene in scenes_of("claude") if f'"{scene}"' not in judged] == []


def test_a_conversation_that_is_unknown_is_not_named_again() -> None:
    assert read("unknown_session").answer.session is None
    assert read("bad_key").answer.session == FIRST


def test_an_interrupted_run_still_names_its_conversation_and_what_it_has_read() -> None:
    answer = read("stopped").answer
    assert answer.session == FIRST
    assert answer.usage == Usage(tokens_in=111, tokens_cached=33, turns=1)


def test_tools_that_are_called_together_are_told_apart() -> None:
    told = read("two_tools_at_once").told()
    assert [(kind, tool) for kind, _, tool in told if kind.startswith("tool")] == [
        ("tool_call", "Write"),
        ("tool_call", "Bash"),
        ("tool_result", "Write"),
        ("tool_result", "Bash"),
    ]


def test_bytes_that_are_no_text_are_replaced_by_the_cli_itself() -> None:
    found = read("odd_bytes")
    assert found.answer.success
    assert found.progress[2].detail == "a\ufffd\ufffdb"


# --- by hand -----------------------------------------------------------------------------------------------------


# proves: a-core 76
def test_a_result_that_says_success_stands_whatever_the_exit_status_is() -> None:
    assert play(init(), result(), code=1).answer == Answer(success=True, reply="Done.", session="s1")


# proves: a-core 78
def test_of_two_result_lines_the_last_one_decides() -> None:
    last = result(result="Second.", session_id="s2")
    assert play(init(), result(is_error=True), last).answer == Answer(success=True, reply="Second.", session="s2")
    assert not play(init(), result(), result(is_error=True)).answer.success


# proves: a-core 80
def test_a_result_without_usage_leaves_it_unknown() -> None:
    assert play(init(), result()).answer.usage == Usage()


def test_an_empty_name_is_no_conversation() -> None:
    assert play(init(""), result(session_id="")).answer.session is None
    assert play(init("s1"), result(session_id="")).answer.session == "s1"


def test_what_is_said_on_standard_error_only_is_shown_and_judged() -> None:
    answer = play(code=1, stderr="HTTP 401 Unauthorized\n").answer
    assert (answer.category, answer.success) == ("auth_failure", False)
    assert "HTTP 401 Unauthorized" in answer.error
    failed = result(is_error=True, subtype="error_during_execution", result=None, errors=[])
    assert "spawn failed" in play(init(), failed, code=1, stderr="spawn failed\n").answer.error


@pytest.mark.parametrize("code", [0, 1])
def test_without_a_result_line_a_run_has_failed_whatever_its_exit_status(code: int) -> None:
    answer = play(init(), said({"type": "text", "text": "Almost."}), "raw words", code=code).answer
    assert (answer.success, answer.reply, answer.session) == (False, None, "s1")
    assert f"exit status {code} without a result" in answer.error
    assert "raw words" in answer.error
    assert "1 lines of its output could not be read" in answer.error


def test_what_an_agent_talks_about_is_no_failure_of_that_kind() -> None:
    words = "authentication quota 429 timeout: No conversation found with session ID: x"
    turn = said({"type": "text", "text": words})
    assert play(init(), turn, result(result=words)).answer.success
    assert play(init(), turn, code=1).answer.category == "unknown"


# proves: a-core 106
def test_a_line_with_two_tool_calls_is_told_as_two() -> None:
    blocks = [{"type": "tool_use", "id": f"t{n}", "name": "Read", "input": {"file_path": "/a/b/c/d"}} for n in (1, 2)]
    assert play(said(*blocks)).told() == [("tool_call", "Read b/c/d", "Read")] * 2


def test_older_versions_whose_total_is_the_runs_are_read_too() -> None:
    usage = {"input_tokens": 5, "output_tokens": 6, "cache_read_input_tokens": 7, "cache_creation_input_tokens": 8}
    answer = play(init(), result(total_cost_usd=0.5, usage=usage, num_turns=2)).answer
    assert answer.usage == Usage(cost_usd=0.5, tokens_in=5, tokens_out=6, tokens_cached=15, turns=2)


def test_what_sub_agents_used_counts_by_model() -> None:
    models = {
        "a": {"costUSD": 0.25, "inputTokens": 1, "outputTokens": 2, "cacheReadInputTokens": 3},
        "b": {"costUSD": 0.5, "inputTokens": 10, "outputTokens": 20, "cacheCreationInputTokens": 30},
    }
    answer = play(init(), result(model_usage_since_last_result=models, total_cost_usd=99, num_turns=1)).answer
    assert answer.usage == Usage(cost_usd=0.75, tokens_in=11, tokens_out=22, tokens_cached=33, turns=1)


def test_the_lines_of_one_answer_are_counted_once() -> None:
    usage = {"input_tokens": 5, "cache_read_input_tokens": 7}
    lines = [said({"type": "text", "text": text}, usage=usage) for text in "ab"]
    assert play(init(), *lines, code=143).answer.usage == Usage(tokens_in=5, tokens_cached=7, turns=1)


def test_lines_that_cannot_be_read_are_counted_and_told_now_and_then() -> None:
    found = play(init(), *["[1]", "{", '{"type": 3}', "null", "", "x"], result())
    assert found.answer.success
    counted = [summary for kind, summary, _ in found.told() if kind == "error"]
    assert counted == [f"{n} lines of output could not be read so far" for n in (1, 2, 4)]


def test_a_success_that_was_broken_off_is_none() -> None:
    assert not play(init(), result(terminal_reason="aborted_streaming")).answer.success
    assert not play(init(), result(subtype="error_max_budget_usd")).answer.success


def test_a_limit_that_was_passed_is_no_reason_for_a_later_failure() -> None:
    def limit(status: str) -> dict[str, Any]:
        return {"type": "rate_limit_event", "rate_limit_info": {"status": status, "resetsAt": 1}}

    failed = result(is_error=True, terminal_reason="api_error", result="It broke.")
    assert play(limit("rejected"), failed).answer.category == "quota_exhausted"
    assert play(limit("rejected"), limit("allowed"), failed).answer.category == "transient"


def test_what_is_told_is_short_whatever_is_said() -> None:
    long = "word " * 10_000
    call = {"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": long}}
    back = {"type": "user", "message": {"content": [{"type": "tool_result", "tool_use_id": "t", "content": long}]}}
    for progress in play(said(call), back, said({"type": "text", "text": long})).progress:
        assert len(progress.summary) < 100
        assert len(progress.detail) <= 4000


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("Write", {"file_path": "/home/op/repo/src/a.py"}, "Write to repo/src/a.py"),
        ("Edit", {"file_path": "a.py"}, "Edit a.py"),
        ("Read", {}, "Read ?"),
        ("Bash", {"command": "x" * 100}, f"Bash: {'x' * 60}"),
        ("Glob", {"pattern": "*.py"}, "Glob: *.py"),
        ("Grep", {"pattern": 3}, "Grep: ?"),
        ("Task", {}, "Task: sub-task"),
        ("TodoWrite", {"todos": []}, "TodoWrite: the list of tasks"),
        ("WebFetch", {"url": "u" * 100}, f"WebFetch: {'u' * 50}"),
        ("Agent", {"prompt": "p" * 100}, f"Agent: {'p' * 40}"),
        ("Agent", {}, "Agent: sub-agent"),
        ("mcp__x__y", {"a": 1}, "mcp__x__y"),
        ("", {}, "?"),
    ],
)
def test_a_tool_call_is_told_in_a_few_words(name: str, given: dict[str, Any], told: str) -> None:
    assert summarize(name, given) == told


def test_an_answer_can_be_sent_on() -> None:
    answer = read("used_up").answer
    assert msgspec.json.decode(msgspec.json.encode(answer), type=Answer) == answer


def test_an_allowance_that_is_used_up_tells_when_it_is_there_again() -> None:
    assert read("used_up").answer.resets_at == 4102444800
    assert read("limit_for_good").answer.resets_at is None
