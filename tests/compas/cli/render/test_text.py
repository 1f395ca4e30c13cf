"""Text on a screen keeps its columns and does nothing by itself."""

import string
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compas.cli.render.table import Cell, pairs, table
from compas.cli.render.text import Style, counted, cut, duration, neutral, pad, width_of

SCREEN = Style(now=0.0, is_screen=True, width=60)
PIPE = Style(now=0.0)


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let local time be an hour or two ahead of UTC."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@given(st.text())
def test_no_text_moves_the_cursor_or_breaks_the_line(text: str) -> None:
    shown = neutral(text)
    assert len(shown.splitlines()) <= 1
    assert all(ord(char) >= 32 and not 127 <= ord(char) < 160 for char in shown)


@given(st.text(alphabet=string.printable.strip() + "äß漢字🎉 "))
def test_ordinary_text_is_shown_as_it_is(text: str) -> None:
    assert neutral(text) == text


def test_escape_sequences_and_turns_of_direction_become_visible() -> None:
    assert neutral("\x1b[31mred\x1b[0m\x07") == "␛[31mred␛[0m\\x07"
    assert neutral("safe\u202egnp.exe") == "safe\\u202egnp.exe"


@given(st.text(), st.integers(min_value=1, max_value=40))
def test_a_cut_text_fits_and_says_that_it_is_cut(text: str, width: int) -> None:
    shown = cut(neutral(text), width)
    assert width_of(shown) <= width
    assert shown == neutral(text) or shown.endswith("…")


def test_wide_characters_count_two_columns_and_accents_none() -> None:
    assert width_of("漢字") == 4
    assert width_of("e\u0301") == 1
    assert width_of(pad("漢", 5)) == 5


def test_columns_stay_aligned_with_wide_characters_and_long_names() -> None:
    rows = [[Cell("a" * 30), Cell("x"), Cell("end")], [Cell("漢字🎉"), Cell("y"), Cell("end")]]
    lines = table(("NAME", "B", "C"), rows, SCREEN).splitlines()
    places = {width_of(line[: line.index(mark)]) for line, mark in zip(lines[1:], ("x  end", "y  end"), strict=True)}
    assert places == {32}


def test_ids_are_never_cut_and_the_last_column_is() -> None:
    text = table(("ID", "TEXT"), [[Cell("01" * 13), Cell("word " * 40)]], SCREEN)
    row = text.splitlines()[1]
    assert row.startswith("01" * 13 + "  ")
    assert row.endswith("…")
    assert width_of(row) <= 60


def test_nothing_is_cut_where_there_is_no_screen() -> None:
    assert "word " * 39 in table(("ID", "TEXT"), [[Cell("1"), Cell("word " * 40)]], PIPE)


def test_a_cell_cannot_pose_as_another_row() -> None:
    assert len(table(("ID", "TEXT"), [[Cell("1"), Cell("a\nb\rc\u2028d")]], PIPE).splitlines()) == 2


def test_colour_adds_nothing_to_the_width() -> None:
    plain = table(("A", "B"), [[Cell("1", "red"), Cell("2")]], SCREEN)
    painted = table(("A", "B"), [[Cell("1", "red"), Cell("2")]], Style(now=0.0, is_screen=True, has_colour=True))
    assert "\x1b[31m1\x1b[0m" in painted
    assert "\x1b" not in plain


def test_names_without_a_value_are_left_out() -> None:
    assert pairs([("thread", "T"), ("batch", None), ("note", "")], PIPE) == "thread  T"


@pytest.mark.usefixtures("in_berlin")
def test_times_are_local_and_have_a_date_on_other_days() -> None:
    noon = 1_700_046_000.0  # 2023-11-15 11:00 UTC
    assert Style(now=noon + 60).time(noon) == "12:00:00"
    assert Style(now=noon + 86_400).time(noon) == "2023-11-15 12:00"
    assert Style(now=noon).time(None) == "-"


def test_durations_are_short() -> None:
    assert [duration(ms) for ms in (None, 850, 4_200, 200_000, 7_500_000)] == [
        "-",
        "850 ms",
        "4.2 s",
        "3 m 20 s",
        "2 h 5 m",
    ]


def test_one_is_not_many() -> None:
    assert (counted(1, "process", "processes"), counted(2, "process", "processes")) == ("1 process", "2 processes")
