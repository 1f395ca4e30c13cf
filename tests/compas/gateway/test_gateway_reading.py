"""Logs, events and patches are cut to what a model can take, and nothing is lost between two pages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compas.api.history import DiffResponse, LogChunkItem, LogEvent, LogResponse
from compas.gateway.answers import LogAnswer
from compas.gateway.reading import (
    MOST_LOG_BYTES,
    MOST_PATCH_CHARACTERS,
    EnoughError,
    EventReader,
    LineReader,
    LogReader,
    TailReader,
    shortened,
)


def page(log: bytes, offset: int, lines: int, chunk: int) -> LogAnswer:
    """Read one page of a log that comes in chunks of whole lines, as the supervisor pushes it."""
    reader = LogReader("X", offset, lines)
    at = offset
    try:
        while at < len(log):
            end = log.find(b"\n", at + chunk) + 1 or len(log)
            text = log[at:end].decode(errors="replace")
            reader.take(LogChunkItem(execution_id="X", offset=at, next_offset=end, text=text))
            at = end
    except EnoughError:
        return reader.answer(None)
    return reader.answer(LogResponse(execution_id="X", next_offset=at, status="completed"))


@given(
    st.lists(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\n"), max_size=8), max_size=30),
    st.integers(1, 7),
    st.integers(1, 40),
)
def test_the_pages_of_a_log_make_up_the_log(lines: list[str], limit: int, chunk: int) -> None:
    log = "".join(f"{line}\n" for line in lines).encode()
    read, offset, more = "", 0, True
    while more:
        part = page(log, offset, limit, chunk)
        assert part.offset == offset
        assert part.text.count("\n") <= limit
        assert part.next_offset > offset or not part.has_more
        read, offset, more = read + part.text, part.next_offset, part.has_more
    assert read.encode() == log


@pytest.mark.parametrize("letter", ["x", "ü", "€"])
def test_a_line_that_is_too_long_is_read_in_parts_between_whole_characters(letter: str) -> None:
    log = (letter * MOST_LOG_BYTES + "\n").encode()
    read, offset, more = "", 0, True
    while more:
        part = page(log, offset, 10, 100)
        assert len(part.text.encode()) <= MOST_LOG_BYTES
        read, offset, more = read + part.text, part.next_offset, part.has_more
    assert read.encode() == log


def test_what_stands_for_a_cut_in_the_log_is_passed_on_whole() -> None:
    reader = LogReader("X", 0, 10)
    reader.take(LogChunkItem(execution_id="X", offset=100, next_offset=9000, text="[compas] 8900 bytes were cut\n"))
    reader.take(LogChunkItem(execution_id="X", offset=9000, next_offset=9003, text="on\n"))
    answer = reader.answer(LogResponse(execution_id="X", next_offset=9003, status="completed"))
    assert (answer.offset, answer.next_offset, answer.has_more) == (100, 9003, False)
    assert answer.text == "[compas] 8900 bytes were cut\non\n"


def test_of_the_end_of_a_log_that_is_too_long_the_end_is_kept() -> None:
    reader = TailReader()
    reader.take(LogChunkItem(execution_id="X", offset=0, next_offset=10**6, text="x" * MOST_LOG_BYTES + "end\n"))
    answer = reader.answer(LogResponse(execution_id="X", next_offset=10**6, status="completed"))
    assert answer.text.endswith("xend\n")
    assert (len(answer.text), answer.next_offset, answer.has_more) == (MOST_LOG_BYTES, 10**6, False)
    assert answer.offset == 10**6 - MOST_LOG_BYTES


def test_the_last_lines_stand_where_the_supervisor_says_though_a_notice_among_them_stands_for_a_cut() -> None:
    reader = TailReader()
    reader.take(LogChunkItem(execution_id="X", offset=100, next_offset=9003, text="[compas] cut\non\n"))
    answer = reader.answer(LogResponse(execution_id="X", next_offset=9003, status="completed"))
    assert (answer.offset, answer.next_offset) == (100, 9003)


@given(
    st.lists(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\n"), max_size=8), max_size=30),
    st.integers(1, 7),
    st.integers(0, 20),
    st.booleans(),
)
def test_lines_are_counted_from_where_they_were_asked_for(
    lines: list[str], limit: int, first: int, is_tail: bool
) -> None:
    reader = LineReader(None if is_tail else first, limit)
    wanted = lines[-limit:] if is_tail else lines[first : first + limit]
    for line in wanted:
        reader.take(LogChunkItem(execution_id="X", offset=0, next_offset=0, text=f"{line}\n", next_line=0))
    whole = LogResponse(execution_id="X", next_offset=0, status="completed", total_lines=len(lines))
    answer = reader.answer(whole)
    assert answer.lines == tuple(wanted)
    assert answer.offset == (len(lines) - len(wanted) if is_tail else first)
    assert (answer.returned_lines, answer.total_lines) == (len(wanted), len(lines))
    assert answer.next_offset == answer.offset + len(wanted)
    assert answer.has_more == (answer.next_offset < len(lines))


def test_lines_are_taken_while_there_is_room_and_one_at_least() -> None:
    long = "x" * MOST_LOG_BYTES
    for first, kept in ((0, (long,)), (None, ("last",))):
        reader = LineReader(first, 3)
        text = f"{long}\nin between\nlast\n"
        reader.take(LogChunkItem(execution_id="X", offset=0, next_offset=0, text=text, next_line=3))
        answer = reader.answer(LogResponse(execution_id="X", next_offset=3, status="completed", total_lines=3))
        assert answer.lines is not None
        assert answer.lines[: len(kept)] == kept or answer.lines[-1:] == kept
        assert (answer.has_more, answer.offset) == ((True, 0) if first == 0 else (False, 3 - len(answer.lines)))
        assert sum(map(len, answer.lines)) <= MOST_LOG_BYTES


def event(position: int, size: int) -> LogEvent:
    return LogEvent(
        position=position, at=0, stream="s", type="t", causation="", lineage="", epoch=1, data={"x": "x" * size}
    )


def test_events_are_taken_while_there_is_room_and_one_at_least() -> None:
    reader = EventReader()
    reader.take(event(1, 2 * MOST_LOG_BYTES))
    with pytest.raises(EnoughError):
        reader.take(event(2, 1))
    assert [one.position for one in reader.events] == [1]


def test_a_long_patch_is_cut_at_a_line_and_says_so() -> None:
    whole = DiffResponse(
        thread_id="T", branch="b", base="x", tip="y", uncommitted=False, text="+a\n" * 50_000, truncated=False, files=()
    )
    cut = shortened(whole)
    assert cut.truncated
    assert len(cut.text) <= MOST_PATCH_CHARACTERS
    assert cut.text.endswith("+a\n")
    assert shortened(cut) == cut
