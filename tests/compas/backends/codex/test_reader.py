"""What is read from Codex's output: recorded from the CLI, and written by hand where it cannot be provoked."""

import json
from datetime import datetime
from typing import Any

import pytest

from compas.backends.backend import Answer, Resumed
from compas.backends.codex.adapter import CodexBackend, CodexReader
from compas.domain.events import Category, Usage
from tests.kit.backends.recorded import FIRST, Read, read_said, read_scene

OTHER = "00000000-0000-4000-8000-000000000002"
NOON = datetime(2026, 11, 26, 12, 0).astimezone().timestamp()


def open_reader(resumed: Resumed | None = None) -> CodexReader:
    return CodexBackend(now=lambda: NOON).open_reader(resumed)


def read(name: str, resumed: Resumed | None = None) -> Read:
    return read_scene(open_reader(resumed), "codex", name)


def play(*lines: dict[str, Any] | str, code: int = 0, stderr: str = "", resumed: Resumed | None = None) -> Read:
    return read_said(open_reader(resumed), *lines, code=code, stderr=stderr)


def started(thread: str = FIRST) -> dict[str, Any]:
    return {"type": "thread.started", "thread_id": thread}


def item(kind: str, **more: object) -> dict[str, Any]:
    return {"type": "item.completed", "item": {"id": "item_0", "type": kind, **more}}


def message(text: str) -> dict[str, Any]:
    return item("agent_message", text=text)


def completed(tokens_in: int, tokens_out: int, cached: int = 0) -> dict[str, Any]:
    usage = {"input_tokens": tokens_in, "cached_input_tokens": cached, "output_tokens": tokens_out}
    return {"type": "turn.completed", "usage": usage}


def failed(text: str) -> dict[str, Any]:
    return {"type": "turn.failed", "error": {"message": text}}


TURN = {"type": "turn.started"}

# --- recorded ----------------------------------------------------------------------------------------------------


def test_a_turn_with_tools_is_told_step_by_step() -> None:
    found = read("work")
    spent = Usage(tokens_in=333, tokens_out=66, tokens_cached=99, turns=1)
    assert found.answer == Answer(success=True, reply="All done.", session=FIRST, usage=spent, counted=spent)
    assert found.told() == [
        ("session", FIRST, None),
        ("tool_call", "file_change: add op/repo/health.py", "file_change"),
        ("tool_result", "file_change: completed", "file_change"),
        ("tool_call", "shell: echo '{checked}'; exit 3", "shell"),
        ("tool_result", "shell: exit 3", "shell"),
        ("message", "All done.", None),
        ("turn_complete", "turn complete", None),
    ]
    assert [each.failed for each in found.progress if each.kind == "tool_result"] == [False, True]


def test_a_continued_conversation_accounts_for_this_run_only() -> None:
    counted = Usage(tokens_in=1000, tokens_out=200, tokens_cached=5070, turns=1)
    found = read("resumed", Resumed(session=FIRST, counted=counted)).answer
    assert found.usage == Usage(tokens_in=111, tokens_out=22, tokens_cached=33, turns=1)
    assert found.counted == Usage(tokens_in=1111, tokens_out=222, tokens_cached=5103, turns=2)


@pytest.mark.parametrize(
    ("scene", "category", "says"),
    [
        ("unknown_session", "stale_session", "no rollout found"),
        ("bad_key", "auth_failure", "401 Unauthorized"),
        ("forbidden", "auth_failure", "403 Forbidden"),
        ("not_logged_in", "auth_failure", "Missing environment variable"),
        ("bad_request", "agent_error", "scripted invalid_request_error (400)"),
        ("failed_after_a_tool", "agent_error", "scripted invalid_request_error (400)"),
        ("to_be_paid", "quota_exhausted", "402 Payment Required"),
        ("no_credit", "quota_exhausted", "Quota exceeded"),
        ("used_up", "quota_exhausted", "hit your usage limit"),
        ("limit_for_good", "transient", "429 Too Many Requests"),
        ("overloaded", "transient", "529"),
        ("server_error", "transient", "high demand"),
        ("cut", "transient", "stream disconnected"),
        ("invalid", "transient", "stream closed"),
        ("no_server", "transient", "Connection failed"),
        ("unknown_flag", "agent_error", "--no-such-flag"),
        ("stopped", "killed", "signal 15"),
    ],
)
def test_a_failure_has_its_class_and_says_why(scene: str, category: Category, says: str) -> None:
    found = read(scene, Resumed(session=FIRST)).answer
    assert (found.success, found.category, found.reply) == (False, category, None)
    assert says in found.error
    assert found.session == (None if scene in ("unknown_session", "unknown_flag") else FIRST)


# proves: a-core 86
def test_too_many_requests_are_a_failure_of_the_moment() -> None:
    found = read("limit_for_good").answer
    assert (found.category, found.error) == ("transient", "exceeded retry limit, last status: 429 Too Many Requests")


def test_what_is_tried_again_is_told_as_that_and_no_failure_by_itself() -> None:
    assert read("cut").kinds() == ["session", "retrying", "error", "error"]
    reconnecting = {"type": "error", "message": "Reconnecting... 1/5 (unexpected status 401 Unauthorized: no)"}
    assert play(started(), TURN, reconnecting, message("Done."), completed(1, 1)).answer.success


def test_a_warning_of_the_clis_is_told_and_does_no_harm() -> None:
    found = read("unknown_model")
    assert found.answer.success
    assert ("error", "Model metadata for `a-model` not found. Defaulting to fallba", None) in found.told()


def test_an_allowance_that_is_used_up_has_the_time_it_is_there_again() -> None:
    assert read("used_up").answer.resets_at == datetime(2100, 1, 1).astimezone().timestamp()
    today = play(started(), TURN, failed("You've hit your usage limit. Try again at 3:45 PM.".replace("T", "t")))
    assert today.answer.resets_at == datetime(2026, 11, 26, 15, 45).astimezone().timestamp()
    unknown = play(started(), TURN, failed("You've hit your usage limit. try again at Foo 99th, 2100 1:00 PM"))
    assert unknown.answer.resets_at is None


# --- the reply ---------------------------------------------------------------------------------------------------


# proves: a-core 85
def test_the_reply_is_the_last_message_whatever_commands_print() -> None:
    braces = item("command_execution", command="cat x", aggregated_output='{"text": "no"}\n{{{', exit_code=0)
    found = play(started(), TURN, message("First."), braces, message("Last {one}."), braces, completed(1, 1))
    assert found.answer.reply == "Last {one}."


def test_a_turn_that_says_nothing_succeeds_with_no_reply() -> None:
    assert play(started(), TURN, completed(1, 1)).answer == Answer(
        success=True,
        session=FIRST,
        usage=Usage(tokens_in=1, tokens_out=1, tokens_cached=0, turns=1),
        counted=Usage(tokens_in=1, tokens_out=1, tokens_cached=0, turns=1),
    )


def test_a_completed_turn_stands_whatever_the_exit_status_is() -> None:
    assert play(started(), TURN, message("Done."), completed(1, 1), code=1).answer.success


def test_a_failed_turn_is_no_success_whatever_was_said_before_and_the_exit_status_is() -> None:
    found = play(started(), TURN, message("Done."), failed("boom")).answer
    assert (found.success, found.category, found.error, found.reply) == (False, "agent_error", "boom", None)


def test_of_two_turns_the_last_one_decides() -> None:
    assert play(started(), TURN, failed("boom"), TURN, message("Done."), completed(1, 1)).answer.reply == "Done."
    assert not play(started(), TURN, completed(1, 1), TURN).answer.success


@pytest.mark.parametrize("code", [0, 1])
def test_a_run_without_the_end_of_a_turn_has_failed(code: int) -> None:
    found = play(started(), TURN, message("Half."), code=code, stderr="something odd").answer
    assert (found.success, found.category) == (False, "unknown")
    assert found.error == f"codex ended with exit status {code} before its turn did:\nsomething odd"


def test_what_an_agent_says_or_prints_is_never_taken_for_a_failure_of_another_class() -> None:
    said = [message("401 Unauthorized, quota exceeded"), item("command_execution", aggregated_output="403 Forbidden")]
    assert play(started(), TURN, *said, failed("the tool is broken")).answer.category == "agent_error"


def test_lines_that_cannot_be_read_are_counted_and_shown_when_nothing_else_is() -> None:
    found = play("no json", "[1]", "more", code=1)
    assert found.kinds() == ["error", "error"]
    assert "no json\n[1]\nmore\n(3 lines of its output could not be read)" in found.answer.error


def test_a_tool_of_an_mcp_server_has_its_servers_name_and_its_refusal_is_a_failure() -> None:
    call = {"id": "item_0", "type": "mcp_tool_call", "server": "s", "tool": "poke", "arguments": {"a": 1}}
    begun = {"type": "item.started", "item": call}
    refused = item(**{**call, "kind": "mcp_tool_call", "error": {"message": "needs approval"}, "status": "failed"})
    found = play(started(), begun, refused)
    assert found.told()[1:] == [("tool_call", "s::poke", "s::poke"), ("tool_result", "s::poke: error", "s::poke")]
    assert (found.progress[1].detail, found.progress[2].detail) == ('{"a":1}', "needs approval")
    assert found.progress[2].failed


# --- what was spent ----------------------------------------------------------------------------------------------


def test_a_run_of_several_turns_has_spent_what_the_last_of_them_counts() -> None:
    found = play(started(), TURN, completed(100, 10), TURN, message("Done."), completed(300, 30)).answer
    assert found.usage == Usage(tokens_in=300, tokens_out=30, tokens_cached=0, turns=2)


def test_after_a_run_whose_count_is_not_known_the_share_of_the_next_is_not_known_and_then_it_is_again() -> None:
    """What a failed or a killed run spent is in Codex's next count, and nothing tells how much it was."""
    first = play(started(), TURN, completed(100, 10)).answer
    lost = play(started(), TURN, failed("boom"), resumed=Resumed(session=FIRST, counted=first.counted)).answer
    assert lost.usage == Usage(turns=1)
    assert lost.counted == Usage(turns=2)
    after = play(started(), TURN, completed(400, 40), resumed=Resumed(session=FIRST, counted=lost.counted)).answer
    assert after.usage == Usage(turns=1)
    assert after.counted == Usage(tokens_in=400, tokens_out=40, tokens_cached=0, turns=3)
    known = play(started(), TURN, completed(500, 50), resumed=Resumed(session=FIRST, counted=after.counted)).answer
    assert known.usage == Usage(tokens_in=100, tokens_out=10, tokens_cached=0, turns=1)


def test_a_run_that_never_began_a_turn_leaves_the_count_as_it_was() -> None:
    counted = Usage(tokens_in=100, tokens_out=10, tokens_cached=0, turns=1)
    found = play(code=1, stderr="Error: no config", resumed=Resumed(session=FIRST, counted=counted)).answer
    assert (found.usage, found.counted) == (Usage(), counted)


def test_a_count_that_went_down_was_begun_anew_and_no_share_is_made_up() -> None:
    counted = Usage(tokens_in=1000, tokens_out=5, turns=1)
    found = play(started(), TURN, completed(100, 10), resumed=Resumed(session=FIRST, counted=counted)).answer
    assert (found.usage.tokens_in, found.usage.tokens_out) == (None, 5)


def test_a_count_that_is_missing_stays_unknown() -> None:
    found = play(started(), TURN, {"type": "turn.completed", "usage": {"output_tokens": 3}}).answer
    assert found.usage == Usage(tokens_out=3, turns=1)


# --- conversations -----------------------------------------------------------------------------------------------


def test_another_conversation_than_was_asked_for_is_recorded_as_what_it_is_and_told() -> None:
    counted = Usage(tokens_in=10, tokens_out=1, tokens_cached=0, turns=1)
    found = play(
        started(OTHER), TURN, message("Hm."), completed(100, 10), resumed=Resumed(session=FIRST, counted=counted)
    )
    assert (found.answer.session, found.answer.usage) == (OTHER, Usage(turns=1))
    assert found.answer.counted.tokens_in == 100
    assert any(FIRST in each.detail and OTHER in each.detail for each in found.progress if each.kind == "error")


def test_the_conversation_is_known_as_soon_as_it_is_named_and_an_empty_name_is_none() -> None:
    reader = open_reader()
    assert [each.summary for each in reader.feed("stdout", json.dumps(started()))] == [FIRST]
    assert reader.feed("stdout", json.dumps(started())) == ()
    assert play(started(""), TURN, completed(1, 1)).answer.session is None
