"""Whatever the file holds, it either loads or is refused in words."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compas.config.config import Loaded
from compas.config.findings import ConfigError
from compas.config.load import load
from compas.config.schema.declared import spellings
from compas.config.schema.file import ConfigFile

pytestmark = pytest.mark.exhaustive

WHOLE: dict[str, Any] = {
    "default_workdir": ".",
    "state_dir": "s",
    "agent_defaults": {
        "backend": "claude",
        "env": {"A": "b"},
        "handoff": {"on_response": "b"},
        "may": ["merge"],
    },
    "agents": [
        {"alias": "a", "handoff": {"on_response": ["b", "c"], "join": "c"}, "budget": {"usd": 1.5}},
        {"alias": "b", "backend": "mine", "prompt": "x", "timeout_secs": 5},
        {"alias": "c", "role": "operator", "backend_args": ["--yolo"], "env_pass": ["PATH"]},
    ],
    "orchestration": {
        "trigger_intents": ["a"],
        "redaction_patterns": ["a"],
        "circuit_breaker": {"enabled": False},
    },
    "backend_definitions": [{"name": "mine", "command": "x", "resume": {"flag": "", "session_id_arg": "i"}}],
    "repositories": [{"path": ".", "copy": ["x"], "setup": {"run": "y"}}],
    "schedules": [{"name": "n", "agent": "a", "cron": "* * * * *", "body": "b"}],
    "hooks": {"on_thread_failed": [{"command": "x", "env": {"A": "b"}}]},
    "models": ["m", {"id": "n"}],
    "database": {"max_connections": 8},
    "retention": {"logs": "3d"},
    "budgets": {"day": {"usd": 1}},
}

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["~", "~x", "a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)

FRAGMENTS = st.sampled_from(
    [
        *spellings(ConfigFile),
        *"abc&*!|>%@`'\"#?:-[]{},~ \n\t\0",
        ": ",
        "- ",
        "\n  ",
        "&a",
        "*a",
        "<<: ",
        "!!str ",
        "---\n",
        *[
            "\\u",
            "\ufeff",
            "\x85",
            "\ud7ff",
            "%YAML 1.",
            "'\\",
            '"\\x',
            "0x",
            "1e9",
            ".inf",
            "null",
            "~/",
            "é",
        ],
    ]
)

quick = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def outcome(path: Path, data: bytes) -> Loaded | ConfigError:
    path.write_bytes(data)
    try:
        return load(path, environ={"HOME": str(path.parent)})
    except ConfigError as refusal:
        return refusal


def is_in_words(found: Loaded | ConfigError, text: str) -> bool:
    """Tell whether every finding has a sentence, and a place that is in the file."""
    findings = found.warnings if isinstance(found, Loaded) else found.findings
    assert str(found)
    lines = len(text.splitlines()) + 1
    return (isinstance(found, Loaded) or findings != ()) and all(
        finding.sentence and 0 <= finding.line <= lines and (finding.line == 0) == (finding.column == 0)
        for finding in findings
    )


@quick
@given(st.lists(FRAGMENTS, max_size=30).map("".join) | st.text(max_size=60))
def test_any_text_loads_or_is_refused_in_words(tmp_path: Path, text: str) -> None:
    assert is_in_words(outcome(tmp_path / "config.yaml", text.encode("utf-8", "replace")), text)


@quick
@given(st.binary(max_size=60))
def test_any_bytes_load_or_are_refused_in_words(tmp_path: Path, data: bytes) -> None:
    assert is_in_words(outcome(tmp_path / "config.yaml", data), data.decode("utf-8", "replace"))


def places(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        return found + [each for key, nested in value.items() for each in places(nested, (*path, key))]
    if isinstance(value, list):
        return found + [each for index, nested in enumerate(value) for each in places(nested, (*path, index))]
    return found


@quick
@given(st.sampled_from(places(WHOLE)), VALUES, st.booleans())
def test_a_file_with_anything_put_anywhere_loads_or_is_refused_in_words(
    tmp_path: Path, place: tuple[Any, ...], value: object, remove: bool
) -> None:
    whole = copy.deepcopy(WHOLE)
    holder: Any = whole
    for step in place[:-1]:
        holder = holder[step]
    if remove:
        del holder[place[-1]]
    else:
        holder[place[-1]] = value
    text = yaml.safe_dump(whole, allow_unicode=True)
    assert is_in_words(outcome(tmp_path / "config.yaml", text.encode("utf-8", "replace")), text)


def test_the_file_that_the_others_are_made_from_loads(tmp_path: Path) -> None:
    found = outcome(tmp_path / "config.yaml", yaml.safe_dump(WHOLE).encode())
    assert isinstance(found, Loaded), found
