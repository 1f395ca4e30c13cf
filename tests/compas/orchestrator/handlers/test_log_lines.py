"""The first and the last lines of a log are exact: nothing is lost at a limit, and places can be read from again."""

from hypothesis import given
from hypothesis import strategies as st

from compas.api.history import LogChunkItem
from compas.orchestrator.executions.log_lines import Head, Part, Tail

texts = st.lists(
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\n"), max_size=5), min_size=1, max_size=25
).map(lambda lines: "".join(f"{line}\n" for line in lines))


def chunks(log: str, sizes: list[int], offset: int = 0) -> list[LogChunkItem]:
    """Cut the lines of a log, from a place in bytes on, into pieces of these numbers of lines."""
    lines = log.encode()[offset:].decode().split("\n")[:-1]
    found: list[LogChunkItem] = []
    while lines:
        size = sizes[len(found) % len(sizes)]
        text = "".join(f"{line}\n" for line in lines[:size])
        following = offset + len(text.encode())
        found.append(LogChunkItem(execution_id="X", offset=offset, next_offset=following, text=text))
        offset, lines = following, lines[size:]
    return found


sizes_of_pieces = st.lists(st.integers(1, 4), min_size=1, max_size=3)


@given(texts, sizes_of_pieces, st.integers(1, 9))
def test_pages_of_so_many_lines_make_up_the_log(log: str, sizes: list[int], limit: int) -> None:
    read, offset, more = "", 0, True
    while more:
        head, page = Head(limit), ""
        for item in chunks(log, sizes, offset):
            shown = head.take(item)
            if shown is None:
                break
            page, offset = page + shown.text, shown.next_offset
        assert page.count("\n") == min(limit, (log.removeprefix(read)).count("\n"))
        read, more = read + page, head.is_cut
    assert read == log


@given(texts, sizes_of_pieces, st.integers(0, 30))
def test_the_last_lines_stand_at_their_place(log: str, sizes: list[int], limit: int) -> None:
    tail = Tail(limit)
    for item in chunks(log, sizes):
        tail.take(item)
    found = tail.whole()
    expected = "".join(f"{line}\n" for line in log.split("\n")[:-1][-limit:]) if limit else ""
    assert (found.text if found is not None else "") == expected
    if found is not None:
        assert log.encode()[found.offset : found.next_offset].decode() == expected


@given(texts, sizes_of_pieces, st.integers(0, 30), st.none() | st.integers(1, 9))
def test_lines_from_one_on_are_let_through_and_all_are_counted(
    log: str, sizes: list[int], first: int, limit: int | None
) -> None:
    lines = log.split("\n")[:-1]
    part, shown = Part(first, limit), [LogChunkItem(execution_id="X", offset=0, next_offset=0, text="", next_line=0)]
    for item in chunks(log, sizes):
        found = part.take(item)
        shown += [found] if found is not None else []
    end = len(lines) if limit is None else min(first + limit, len(lines))
    assert "".join(one.text for one in shown) == "".join(f"{line}\n" for line in lines[first:end])
    assert shown[-1].next_line == (end if end > first else 0)
    assert (part.total, part.is_cut) == (len(lines), limit is not None and first + limit < len(lines))
    for one in shown:
        assert log.encode()[one.offset : one.next_offset].decode() == one.text


def test_a_piece_that_stands_for_a_cut_is_passed_on_whole() -> None:
    notice = LogChunkItem(execution_id="X", offset=10, next_offset=900, text="[compas] cut\nand more\n")
    head = Head(1)
    assert head.take(notice) == notice
    assert (head.is_full, head.is_cut) == (True, False)
    assert head.take(LogChunkItem(execution_id="X", offset=900, next_offset=902, text="x\n")) is None
    assert head.is_cut
    tail = Tail(1)
    tail.take(notice)
    last = tail.whole()
    assert last is not None
    assert (last.offset, last.next_offset, last.text) == (10, 900, "and more\n")


def test_a_last_line_without_its_end_counts() -> None:
    part = Part(2, 5)
    found = part.take(LogChunkItem(execution_id="X", offset=0, next_offset=5, text="a\nb\nc"))
    assert found is not None
    assert (found.text, found.offset, found.next_line, part.total) == ("c", 4, 3, 3)
    tail = Tail(2)
    tail.take(LogChunkItem(execution_id="X", offset=0, next_offset=5, text="a\nb\nc"))
    last = tail.whole()
    assert last is not None
    assert (last.offset, last.text) == (2, "b\nc")
