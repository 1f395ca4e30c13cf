"""What a look at a thread counts, and how much of a message it shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compas.domain.polling import PREVIEW_BYTES, Look, beginning

TASKS = frozenset({"dispatch", "handoff"})


# proves: b-mcp-cli-merge 52
@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=300), st.integers(0, 300))
def test_the_beginning_of_a_text_is_whole_characters_of_it_and_as_many_as_fit(text: str, limit: int) -> None:
    shown = beginning(text, limit)
    if len(text.encode()) <= limit:
        assert shown == text
        return
    kept = shown.removesuffix("...")
    assert text.startswith(kept)
    assert len(kept.encode()) <= limit < len(kept.encode()) + len(text[len(kept)].encode())


# proves: b-mcp-cli-merge 52
@pytest.mark.parametrize("before", [198, 199, 200])
def test_a_character_of_three_bytes_across_the_limit_is_left_out(before: int) -> None:
    body = "x" * before + "€" * 34
    assert beginning(body) == "x" * before + ("..." if before > PREVIEW_BYTES - 3 else "€...")


# proves: b-mcp-cli-merge 53
@pytest.mark.parametrize(
    ("look", "counted"),
    [
        (Look(trigger_intents=TASKS), ["response", "error"]),
        (Look(trigger_intents=TASKS, has_cursor=True), ["dispatch", "response", "handoff", "error"]),
        (Look(trigger_intents=TASKS, intent="handoff"), ["handoff"]),
        (Look(trigger_intents=TASKS, intent="Response"), []),
    ],
)
def test_tasks_are_no_messages_unless_they_are_asked_for(look: Look, counted: list[str]) -> None:
    assert [intent for intent in ("dispatch", "response", "handoff", "error") if look.counts(intent)] == counted
