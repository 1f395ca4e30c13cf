"""The first and the last lines of a log are exact: nothing is lost at a limit, and places can be read from again."""

from hypothesis import given
from hypothesis import strategies as st

from compas.api.history import LogChunkItem
from compas.orchestrator.executions.log_lines import Head, Tail

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
    tail = Tail(2)
    tail.take(LogChunkItem(execution_id="X", offset=0, next_offset=5, text="a\nb\nc"))
    last = tail.whole()
    assert last is not None
    assert (last.offset, last.text) == (2, "b\nc")
