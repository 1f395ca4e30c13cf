"""Columns stay in line whatever an agent writes, and a terminal obeys none of it."""

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from compas.api.configuration import SettingRow, SettingsResponse
from compas.api.threads import TranscriptMessage, TranscriptResponse
from compas.dashboard.lines import (
    Line,
    chop,
    clean_lines,
    cut,
    cut_line,
    cut_words,
    fit,
    one_line,
    spread,
    width_of,
    wrap,
)
from tests.kit.dashboard.played_screen import open_screen
from tests.kit.dashboard.played_supervisor import (
    NOW,
    PlayedSupervisor,
    agent,
    ended,
    executing,
    health,
    no_costs,
    settled,
    spent,
)

NASTY = (
    "日本語のとても長い要約です、列を壊すでしょうか",
    "👩‍👩‍👧‍👦 family and flags 🇩🇪🇯🇵 and e\u0301 combined",
    "\x1b[2J\x1b]0;title\x07 escape \x9b31m\r\n\ttabs\x00",
    "\u202eright to left\u2066 \u200bzero width",
    "a" * 5000,
    "",
)


@example("\u200d", 1)  # a joiner
@example("0\u108f0", 2)  # a mark that widens what it stands behind
@given(st.text(max_size=40), st.integers(0, 30))
def test_cut_and_filled_text_has_the_width_that_was_asked_for(text: str, width: int) -> None:
    text = one_line(text)
    assert width_of(cut(text, width)) <= width
    assert width_of(fit(text, width)) == width
    line = Line((("", text[:3]), ("bold", text[3:])))
    assert width_of(cut_line(line, width).text) <= width
    assert width_of(spread(line, Line((("", "right"),)), width).text) == width


@example("00\u108f0", 2)
@given(st.text(max_size=60), st.integers(2, 30))
def test_wrapped_and_chopped_text_fits_and_loses_no_word(text: str, width: int) -> None:
    for line in clean_lines(text):
        chopped, wrapped = chop(line, width), wrap(line, width)
        assert all(width_of(part) <= width for part in (*chopped, *wrapped))
        assert "".join(chopped) == line
        assert "".join(wrapped).replace(" ", "") == line.replace(" ", "")


def test_a_cut_text_says_so() -> None:
    assert cut("abcdef", 4) == "abc…"
    assert cut("日本語", 4) == "日…"
    assert cut("abc", 3) == "abc"
    assert cut("abc", 0) == ""


# proves: c-config-dashboard 95
@pytest.mark.parametrize("columns", [80, 90, 100, 120])
async def test_wide_names_emoji_and_escape_sequences_leave_columns_in_line_and_do_nothing(columns: int) -> None:
    supervisor = PlayedSupervisor()
    supervisor.threads = [executing(f"t{number}", summary=text, agent=text) for number, text in enumerate(NASTY)]
    async with open_screen(supervisor, (columns, 24)) as screen:
        found = [line for line in await screen.lines() if "running  " in line]
        assert len(found) == len(NASTY)
        # The time ends at the same column in every row, and the about column begins at the same.
        assert {width_of(line) for line in found} == {columns - 1}
        shown = await screen.text()
        assert not any(char in shown for char in "\x1b\x07\x9b\r\t\x00\u202e")


# proves: c-config-dashboard 95
@pytest.mark.parametrize("columns", [40, 80, 120])
async def test_nothing_in_any_tab_is_obeyed_by_the_terminal_or_leaves_its_line(columns: int) -> None:
    for text in NASTY:
        name = one_line(text)[:20] or "x"
        supervisor = PlayedSupervisor()
        supervisor.health = health(agents=(agent(text, backend=text, usable=False, detail=text),), warnings=(text,))
        supervisor.threads = [settled("t1", summary=text, batch_id=text), settled("t2", summary=text, batch_id=text)]
        supervisor.tasks = [ended(1, agent=text, title=text, error=text, batch_id=text, category=text)]
        supervisor.held = (text,)
        supervisor.costs = msgspec.structs.replace(
            no_costs(), by_agent=(spent(text),), by_thread=(spent("t1"),), titles={"t1": text}
        )
        setting = SettingRow(key=f"a.{text}", value=text, source="file", effect=text, doc=text, line=1)
        supervisor.settings = SettingsResponse(
            config=text, state_dir=text, since=NOW, settings=(setting,), warnings=(text,)
        )
        async with open_screen(supervisor, (columns, 24)) as screen:
            for key in "123456":
                await screen.type(key)
                for step in ("down", "up"):
                    await screen.type(step)
                    lines = await screen.lines()
                    assert all(width_of(line) <= columns for line in lines), (key, name)
                    assert not any(char in "".join(lines) for char in "\x1b\x07\x9b\r\t\x00\u202e"), (key, name)


def test_a_title_is_cut_between_words_where_that_costs_little() -> None:
    assert cut_words("Write the handbook", 18) == "Write the handbook"
    assert cut_words("Write the handbook", 13) == "Write the …"
    assert cut_words("Write the handbook", 10) == "Write the…"
    assert cut_words("Do incomprehensibilities", 16) == "Do incomprehens…", "too much would be lost"
    assert cut_words("", 3) == ""


@pytest.mark.parametrize("text", NASTY)
async def test_nothing_in_a_conversation_is_obeyed_by_the_terminal(text: str) -> None:
    supervisor = PlayedSupervisor()
    supervisor.threads = [settled("t1", summary=text)]
    message = TranscriptMessage(id=1, reference="db:1", sender=text, to=text, intent=text, body=text, created_at=NOW)
    supervisor.transcripts["t1"] = TranscriptResponse(
        thread_id="t1", thread_status="Active", summary=text, messages=(message,)
    )
    async with open_screen(supervisor) as screen:
        await screen.type("enter")
        lines = await screen.lines()
        assert all(width_of(line) <= 80 for line in lines)
        assert not any(char in "".join(lines) for char in "\x1b\x07\x9b\r\t\x00\u202e")
