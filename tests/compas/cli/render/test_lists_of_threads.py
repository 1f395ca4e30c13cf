"""A list of threads fits the screen it is shown on, and says the same as ever to a script."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compas.api.batches import BatchStatusResponse, BatchThread
from compas.api.threads import DiffSize, GivenVerdict, StatusResponse, StatusRow, ThreadDetails
from compas.cli.render.batches import batch_status_text
from compas.cli.render.table import Cell, Column, fitted
from compas.cli.render.text import Style, cut_words, width_of, wrap
from compas.cli.render.threads import status_text

NOW = 1_700_000_000.0
ROWS = (
    StatusRow(
        thread_id="add-health-check",
        thread_status="Active",
        updated_at=NOW - 300,
        agent="dev",
        execution_status="completed",
        review="changed_since_the_approval",
        title="Add a health check endpoint that says which version runs",
        diff=DiffSize(files=3, added=120, deleted=7),
    ),
    StatusRow(
        thread_id="01JD0000000000000000000000",
        thread_status="Failed",
        updated_at=NOW - 90_000,
        agent="dev-codex",
        execution_status="failed",
        error="the model is not there",
        details=ThreadDetails(verdicts=(GivenVerdict(by="reviewer", verdict="request_changes"),)),
    ),
)


def screen(width: int) -> list[str]:
    text = status_text(StatusResponse(threads=ROWS, total=2), Style(now=NOW, is_screen=True, width=width))
    return text.splitlines()


def test_a_wide_screen_shows_title_verdict_age_and_the_size_of_the_diff() -> None:
    head, first, second = screen(150)
    assert head.split() == ["THREAD", "STATUS", "WORK", "VERDICT", "AGE", "DIFF", "AGENT", "TITLE"]
    assert re.split(r"\s{2,}", first) == [
        *("add-health-check", "Active", "completed", "approved, changed", "5m", "+120 -7", "dev"),
        "Add a health check endpoint that says which version runs",
    ]
    assert re.split(r"\s{2,}", second)[3:6] == ["request changes", "1d", "-"]


@pytest.mark.parametrize("width", [60, 72, 80, 100, 120])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    lines = screen(width)
    assert max(map(width_of, lines)) <= width
    assert all("add-health-check"[:12] in line for line in lines[1:2]), "what a thread is called stands on every screen"
    assert "AGE" in lines[0]


def test_a_title_is_cut_between_words_by_the_columns_it_takes() -> None:
    line = screen(112)[1]
    assert line.endswith(("Add a health check…", "Add a health…"))
    assert cut_words("日本語 のテスト です", 9) == "日本語…"
    assert cut_words("indivisible", 6) == "indiv…"


def test_a_script_gets_what_it_always_got() -> None:
    text = status_text(StatusResponse(threads=ROWS, total=2), Style(now=NOW))
    assert text.splitlines()[0].split() == ["THREAD", "STATUS", "AGENT", "WORK", "REVIEW", "CHANGED", "SUMMARY"]
    assert "changed since the approval" in text
    assert "Add a health check" not in text


def test_a_batch_is_listed_in_the_same_columns_and_says_how_to_see_more() -> None:
    one = BatchThread(
        thread_id="t1",
        status="Active",
        title="日本語",
        review="approved",
        updated_at=NOW,
        diff=DiffSize(files=1, added=1, deleted=0),
    )
    response = BatchStatusResponse(
        batch_id="b", thread_count=3, counts={"Active": 3}, work={}, threads=(one,), more=True, next_offset=1
    )
    lines = batch_status_text(response, Style(now=NOW, is_screen=True, width=100)).splitlines()
    assert lines[-1] == "2 more threads; --offset 1 shows the next ones"
    assert re.split(r"\s{2,}", lines[-2]) == ["t1", "Active", "-", "approved", "0s", "+1 -0", "-", "日本語"]
    plain = batch_status_text(response, Style(now=NOW)).splitlines()
    assert plain[-3].split() == ["THREAD", "STATUS", "AGENT", "WORK", "SUMMARY"]


CELLS = st.text(st.sampled_from("ab 日é​\t\x1b-"), max_size=30)


@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=5), width=st.integers(24, 90))
def test_whatever_stands_in_it_a_table_that_fits_is_no_wider_than_the_screen(
    rows: list[tuple[str, str, str]], width: int
) -> None:
    columns = (Column("A", least=8), Column("B", least=4, spare=1), Column("C", least=8, spare=2))
    text = fitted(columns, [[Cell(one) for one in row] for row in rows], Style(now=NOW, is_screen=True, width=width))
    lines = text.split("\n")
    assert max(map(width_of, lines)) <= width
    assert len(lines) == len(rows) + 1


@given(text=st.text(st.sampled_from("ab 日é-"), max_size=60), width=st.integers(2, 30))
def test_a_wrapped_line_fits_and_loses_nothing_but_blanks(text: str, width: int) -> None:
    parts = wrap(text, width)
    assert all(width_of(part) <= width for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())
