"""Every reader takes every line: what makes no sense is not an error."""

import json

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from compas.backends.backend import ExitStatus, OutputReader
from compas.backends.claude.adapter import ClaudeReader
from compas.backends.codex.adapter import CodexBackend
from compas.backends.gemini.adapter import GeminiReader
from compas.backends.generic import GenericReader
from compas.backends.opencode.adapter import OpenCodeReader
from compas.backends.scripted import ScriptedReader
from compas.domain.specs import OutputSpec

pytestmark = pytest.mark.exhaustive

READERS = {
    "plaintext": lambda: GenericReader(OutputSpec()),
    "json": lambda: GenericReader(OutputSpec(format="json", result_field="a.b", session_id_field="session_id")),
    "jsonl": lambda: GenericReader(OutputSpec(format="jsonl", result_field="result")),
    "scripted": ScriptedReader,
    "claude": ClaudeReader,
    "codex": lambda: CodexBackend(now=lambda: 0.0).open_reader(None),
    "gemini": GeminiReader,
    "opencode": OpenCodeReader,
}
KEYS = {
    "opencode": [
        "part",
        "sessionID",
        "tool",
        "state",
        "reason",
        "tokens",
        "cache",
        "read",
        "data",
        "statusCode",
        "exit",
    ],
    "gemini": ["tool_id", "tool_name", "parameters", "role", "delta", "stats", "cached", "response", "code", "output"],
    "generic": ["type", "id", "text", "result", "a", "b", "category", "usage"],
    "claude": [
        *("subtype", "session_id", "message", "content", "name", "input", "tool_use_id", "is_error", "errors"),
        *("error", "api_error_status", "terminal_reason", "num_turns", "total_cost_usd", "rate_limit_info", "status"),
        *("model_usage_since_last_result", "costUSD", "inputTokens", "resetsAt", "local_command_outcome", "kind"),
    ],
    "codex": [
        *(
            "thread_id",
            "item",
            "text",
            "command",
            "aggregated_output",
            "exit_code",
            "changes",
            "path",
            "server",
            "tool",
        ),
        *("arguments", "query", "input_tokens", "cached_input_tokens", "output_tokens"),
    ],
}

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([key for keys in KEYS.values() for key in keys]), inner)
    ),
    max_leaves=8,
)
TAGS = st.sampled_from(
    ["session", "tool", "message", "result", "system", "assistant", "user", "rate_limit_event"]
) | st.sampled_from(
    [
        *("thread.started", "turn.started", "turn.completed", "turn.failed", "error", "item.started", "item.completed"),
        *("agent_message", "command_execution", "file_change", "mcp_tool_call", "web_search", "function_call"),
        *("init", "tool_use", "tool_result", "step_start", "text", "step_finish"),
    ]
)
NAMES = st.text(max_size=5) | st.sampled_from([key for keys in KEYS.values() for key in keys])
OBJECTS = st.builds(lambda tag, rest: {**rest, "type": tag}, TAGS, st.dictionaries(NAMES, VALUES))
LINES = (
    st.text() | (VALUES | OBJECTS).map(json.dumps) | st.sampled_from(['"\\ud800"', "\x00", "[" * 3000, '{"a":' * 3000])
)
STATUSES = st.builds(ExitStatus, code=st.none() | st.integers(0, 255), signal=st.none() | st.integers(1, 64))


@pytest.mark.parametrize("kind", READERS)
@settings(max_examples=80, deadline=None)
@given(lines=st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), LINES), max_size=8), status=STATUSES)
def test_a_reader_takes_arbitrary_lines_and_always_comes_to_an_answer(
    kind: str, lines: list[tuple[str, str]], status: ExitStatus
) -> None:
    reader: OutputReader = READERS[kind]()
    for stream, line in lines:
        for progress in reader.feed(stream, line):  # type: ignore[arg-type]
            assert isinstance(progress.summary, str)
    answer = reader.finish(status)
    assert answer.success == (answer.error == "") == (answer.category == "")
    assert answer.reply is None or isinstance(answer.reply, str)


# proves: a-core 99
@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("code", [0, 1])
@pytest.mark.parametrize("line", ["", "hello", "{}", '{"session_id": 7}', '{"type": "result", "text": "done"}'])
def test_a_reader_knows_no_conversation_that_its_cli_did_not_name(kind: str, code: int, line: str) -> None:
    reader: OutputReader = READERS[kind]()
    reader.feed("stdout", line)
    assert reader.finish(ExitStatus(code=code)).session is None
