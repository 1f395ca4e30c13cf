"""JSON that a CLI printed: what is half a character in it costs that character, and nothing else."""

import json
import re

import hypothesis.strategies as st
import pytest
from hypothesis import given

from compas.backends.backend import ExitStatus, OutputReader
from compas.backends.claude.adapter import ClaudeReader
from compas.backends.codex.adapter import CodexBackend
from compas.backends.gemini.adapter import GeminiReader
from compas.backends.generic import GenericReader
from compas.backends.json_values import decode_object, decode_value
from compas.backends.opencode.adapter import OpenCodeReader
from compas.backends.scripted import ScriptedReader
from compas.domain.specs import OutputSpec

HALF = "before \ud83d after"
WHOLE = "before \N{REPLACEMENT CHARACTER} after"

TEXTS = st.text(st.characters() | st.sampled_from('\ud83d\ude00\udc00\\u"d8'))
LINES: dict[str, tuple[OutputReader, list[dict[str, object]]]] = {
    "claude": (
        ClaudeReader(),
        [{"type": "result", "subtype": "success", "is_error": False, "result": HALF, "session_id": "s"}],
    ),
    "codex": (
        CodexBackend(now=lambda: 0.0).open_reader(None),
        [
            {"type": "item.completed", "item": {"type": "agent_message", "text": HALF}},
            {"type": "turn.completed", "usage": {}},
        ],
    ),
    "gemini": (
        GeminiReader(),
        [{"type": "message", "role": "assistant", "content": HALF}, {"type": "result", "status": "success"}],
    ),
    "opencode": (
        OpenCodeReader(),
        [
            {"type": "step_start", "sessionID": "s"},
            {"type": "text", "sessionID": "s", "part": {"text": HALF}},
            {"type": "step_finish", "sessionID": "s", "part": {"reason": "stop"}},
        ],
    ),
    "json": (GenericReader(OutputSpec(format="json", result_field="result")), [{"result": HALF}]),
    "jsonl": (GenericReader(OutputSpec(format="jsonl", result_field="result")), [{"result": HALF}]),
    "scripted": (ScriptedReader(), [{"type": "result", "text": HALF}]),
}


@pytest.mark.parametrize("name", LINES)
def test_a_reply_with_half_a_character_is_a_reply(name: str) -> None:
    reader, lines = LINES[name]
    for line in lines:
        reader.feed("stdout", json.dumps(line))
    answer = reader.finish(ExitStatus(code=0))
    assert (answer.success, answer.reply) == (True, WHOLE)


@given(st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=3), st.booleans())
def test_only_halves_are_replaced(found: dict[str, str], escaped: bool) -> None:
    read = decode_object(json.dumps(found, ensure_ascii=escaped))
    assert read == {_mended(key): _mended(value) for key, value in found.items()}


def _mended(text: str) -> str:
    paired = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass") if _is_paired(text) else text
    return re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", paired)


def _is_paired(text: str) -> bool:
    return re.search("[\ud800-\udbff][\udc00-\udfff]", text) is not None


@pytest.mark.parametrize("text", ["", "no json", '{"a": "\\ud83d"', r'{"a": "\\ud83d" \ud83d}', '"\\ud83'])
def test_what_is_no_json_is_none_with_halves_in_it_either(text: str) -> None:
    assert decode_value(text) is None


def test_a_backslash_in_front_of_such_letters_is_only_that() -> None:
    assert decode_value(r'["\\ud83d", "\ud83d", "\ud83d\ude00"]') == [
        "\\ud83d",
        "\N{REPLACEMENT CHARACTER}",
        "\N{GRINNING FACE}",
    ]
