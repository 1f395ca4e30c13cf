"""What is read from OpenCode's output: recorded from the CLI, and written by hand where it never ends by itself."""

from pathlib import Path
from typing import Any

import pytest

from compas.backends.backend import Answer, ExitStatus
from compas.backends.opencode.adapter import OpenCodeReader
from compas.domain.events import Category, Usage
from tests.kit.backends.recorded import Read, as_text, read_said, read_scene, scenes_of

SESSION = "ses_1"
BEGAN = {"type": "step_start", "sessionID": SESSION, "part": {}}


def read(scene: str) -> Read:
    return read_scene(OpenCodeReader(), "opencode", scene)


def said(text: str) -> dict[str, Any]:
    return {"type": "text", "sessionID": SESSION, "part": {"text": text}}


def ended(reason: str = "stop", **part: object) -> dict[str, Any]:
    return {"type": "step_finish", "sessionID": SESSION, "part": {"reason": reason, **part}}


def failed(message: str, status: int | None = None, name: str = "APIError") -> dict[str, Any]:
    data = {"message": message} | ({} if status is None else {"statusCode": status})
    return {"type": "error", "sessionID": SESSION, "error": {"name": name, "data": data}}


def complaint(text: str, *, small: bool = False) -> str:
    """Return what is logged of a request that failed."""
    where = f"session.id={SESSION} small={str(small).lower()} agent=build mode=primary"
    return f'timestamp=2026-01-01T00:00:00.000Z level=ERROR run=1 message="stream error" {where} error.error="{text}"'


# --- recorded ----------------------------------------------------------------------------------------------------


def test_a_turn_with_tools_is_told_step_by_step() -> None:
    found = read("work")
    spent = Usage(cost_usd=pytest.approx(0.0003759), tokens_in=234, tokens_out=66, tokens_cached=99, turns=1)
    assert found.answer == Answer(success=True, reply="All done.", session=SESSION, usage=spent)
    assert found.told() == [
        ("session", SESSION, None),
        ("tool_call", "write: health.py", "write"),
        ("tool_result", "write: completed", "write"),
        ("tool_call", "bash: echo checked; exit 3", "bash"),
        ("tool_result", "bash: error", "bash"),
        ("message", "All done.", None),
        ("turn_complete", "turn complete", None),
    ]
    assert [each.failed for each in found.progress if each.kind == "tool_result"] == [False, True]


def test_a_continued_conversation_accounts_for_this_run_only() -> None:
    found = read("resumed").answer
    assert found.reply == "echo (prompt 2, 0 tool results): You are dev.\n\nAnd now?"
    assert found.usage == Usage(cost_usd=0.0001253, tokens_in=78, tokens_out=22, tokens_cached=33, turns=1)


def test_two_tools_at_once_have_each_its_result() -> None:
    assert [each.tool for each in read("two_tools_at_once").progress if each.kind == "tool_result"] == ["write", "bash"]


def test_bytes_that_are_no_text_are_replaced_by_the_cli_itself() -> None:
    found = read("odd_bytes")
    assert (found.answer.reply, found.progress[2].detail) == ("Read.", "a\ufffd\ufffdb")


@pytest.mark.parametrize(
    ("scene", "category", "says"),
    [
        ("unknown_session", "stale_session", "Session not found"),
        ("unknown_profile", "agent_error", "has no agent called 'nobody'"),
        ("unknown_model", "agent_error", "Model not found: fake/no-such-model. Did you mean: test-model?"),
        ("bad_key", "auth_failure", "invalid x-api-key"),
        ("forbidden", "auth_failure", "scripted permission_error (403)"),
        ("bad_request", "agent_error", "scripted invalid_request_error (400)"),
        ("invalid", "transient", "JSON parsing failed"),
        ("unknown_flag", "unknown", "show help"),
    ],
)
def test_a_failure_has_its_class_and_says_why(scene: str, category: Category, says: str) -> None:
    found = read(scene).answer
    assert (found.success, found.category, found.reply) == (False, category, None)
    assert says in found.error


def test_every_recorded_scene_is_judged_here() -> None:
    judged = Path(__file__).read_text()
    assert [scene for scene in scenes_of("opencode") if f'"{scene}"' not in judged] == []


# --- by hand -----------------------------------------------------------------------------------------------------


# proves: a-core 90
def test_the_conversation_is_the_first_one_named_among_lines_that_are_no_json() -> None:
    nameless = {"type": "step_start", "sessionID": "", "part": {}}
    lines = ["Loading…", "{broken", nameless, BEGAN, "more", said("Done."), ended()]
    assert read_said(OpenCodeReader(), *lines).answer.session == SESSION
    assert read_said(OpenCodeReader(), "Loading…", nameless, "more").answer.session is None


def test_the_reply_is_the_last_answer_of_the_turn() -> None:
    lines = [BEGAN, said("Let me see."), ended("tool-calls"), BEGAN, said("Part one."), said("Part two."), ended()]
    assert read_said(OpenCodeReader(), *lines).answer.reply == "Part one.\n\nPart two."


@pytest.mark.parametrize("reason", ["tool-calls", "length", "content-filter"])
@pytest.mark.parametrize("code", [0, 1])
def test_a_turn_whose_last_answer_did_not_end_it_is_a_failure_also_with_exit_status_0(reason: str, code: int) -> None:
    answer = read_said(OpenCodeReader(), BEGAN, said("Half."), ended(reason), code=code).answer
    assert (answer.success, answer.session) == (False, SESSION)
    assert f"its last answer ended with {reason!r}" in answer.error


def test_a_finished_turn_stands_whatever_the_exit_status_is() -> None:
    assert read_said(OpenCodeReader(), BEGAN, said("Done."), ended(), code=1).answer.success


@pytest.mark.parametrize(
    ("error", "category"),
    [
        (failed("nope", 401), "auth_failure"),
        (failed("You exceeded your current quota", 429), "quota_exhausted"),
        (failed("pay first", 402), "quota_exhausted"),
        (failed("slow down", 429), "transient"),
        (failed("busy", 503), "transient"),
        (failed("too long", 400, "ContextOverflowError"), "session_full"),
        (failed("log in", name="ProviderAuthError"), "auth_failure"),
        (failed("aborted", name="MessageAbortedError"), "agent_error"),
    ],
)
def test_a_turn_that_ended_with_an_error_is_of_its_class(error: dict[str, Any], category: Category) -> None:
    answer = read_said(OpenCodeReader(), BEGAN, error, code=1).answer
    assert (answer.success, answer.category) == (False, category)


def test_requests_that_fail_again_and_again_end_the_run_because_the_cli_would_never_stop() -> None:
    reader = OpenCodeReader()
    told = [each for _ in range(3) for each in reader.feed("stderr", complaint("AI_APICallError: overloaded"))]
    assert [(each.kind, each.ends_run) for each in told] == [
        ("session", False),
        ("retrying", False),
        ("retrying", False),
        ("error", True),
    ]
    answer = reader.finish(ExitStatus(signal=9))
    assert (answer.category, answer.session) == ("transient", SESSION)
    assert "3 times in a row: AI_APICallError: overloaded" in answer.error


def test_requests_that_fail_between_answers_do_not_end_the_run() -> None:
    reader = OpenCodeReader()
    for _ in range(5):
        told = [each for _ in range(2) for each in reader.feed("stderr", complaint("reset"))]
        assert [each.ends_run for each in told if each.kind == "retrying"] == [False, False]
        for line in (BEGAN, ended("tool-calls")):
            reader.feed("stdout", as_text(line))


def test_an_allowance_that_is_used_up_ends_the_run_at_once() -> None:
    reader = OpenCodeReader()
    told = reader.feed("stderr", complaint('You exceeded your current quota, see \\"billing\\"'))
    assert told[-1].ends_run
    answer = reader.finish(ExitStatus(signal=9))
    assert answer.category == "quota_exhausted"
    assert '"billing"' in answer.error


def test_a_failed_request_for_a_title_is_of_no_concern() -> None:
    assert OpenCodeReader().feed("stderr", complaint("x", small=True)) == ()


def test_a_permission_that_was_refused_is_shown_in_the_failure() -> None:
    refused = "\x1b[93m\x1b[1m! \x1b[0m permission requested: external_directory (/etc/*); auto-rejecting"
    answer = read_said(OpenCodeReader(), BEGAN, ended("tool-calls"), stderr=refused).answer
    assert not answer.success
    assert "permission requested: external_directory (/etc/*); auto-rejecting" in answer.error
