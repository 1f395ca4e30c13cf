"""How a conversation that is too long for its model is told by each CLI: it is a class of its own, and forgotten."""

import json

import pytest

from compas.backends.backend import ExitStatus, OutputReader
from compas.backends.claude.adapter import ClaudeReader
from compas.backends.codex.adapter import CodexBackend
from compas.backends.failures import classify
from compas.backends.gemini.adapter import GeminiReader
from compas.backends.opencode.adapter import OpenCodeReader

ANTHROPIC = "API Error: 400 prompt is too long: 213462 tokens > 200000 maximum"
CODEX = "Codex ran out of room in the model's context window. Start a new thread or clear earlier history."
GEMINI = "[API Error: The input token count (1196509) exceeds the maximum number of tokens allowed (1048576).]"
SAID: dict[str, tuple[OutputReader, list[dict[str, object]], int]] = {
    "claude, by its reason": (
        ClaudeReader(),
        [
            {"type": "system", "subtype": "init", "session_id": "s"},
            {"type": "result", "is_error": True, "terminal_reason": "prompt_too_long", "result": "Prompt is too long"},
        ],
        1,
    ),
    "claude, by the provider's words": (
        ClaudeReader(),
        [{"type": "result", "is_error": True, "api_error_status": 400, "result": ANTHROPIC, "session_id": "s"}],
        1,
    ),
    "codex": (
        CodexBackend(now=lambda: 0.0).open_reader(None),
        [{"type": "thread.started", "thread_id": "s"}, {"type": "turn.failed", "error": {"message": CODEX}}],
        1,
    ),
    "gemini": (
        GeminiReader(),
        [{"type": "init", "session_id": "s"}, {"type": "result", "status": "error", "error": {"message": GEMINI}}],
        144,
    ),
    "opencode": (
        OpenCodeReader(),
        [{"type": "error", "sessionID": "s", "error": {"name": "ContextOverflowError", "data": {"message": "Full."}}}],
        1,
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_it_is_told_from_other_failures(name: str) -> None:
    reader, lines, code = SAID[name]
    for line in lines:
        reader.feed("stdout", json.dumps(line))
    answer = reader.finish(ExitStatus(code=code))
    assert (answer.success, answer.category, answer.session) == (False, "session_full", None)


def test_so_it_is_of_a_command_of_ones_own() -> None:
    assert classify("error: context_length_exceeded", has_result=False) == "session_full"


@pytest.mark.parametrize("text", ["429 too many tokens per minute", "the file is too long", "invalid context"])
def test_other_failures_are_not_taken_for_it(text: str) -> None:
    assert classify(text, has_result=False) != "session_full"
