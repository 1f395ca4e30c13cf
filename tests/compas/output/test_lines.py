from hypothesis import given
from hypothesis import strategies as st

from compas.output.lines import Line, LineSplitter

pieces = st.lists(st.binary(max_size=30).map(lambda data: data.replace(b"\x00", b"\n")))


@given(pieces, st.integers(1, 20))
def test_lines_do_not_depend_on_how_the_bytes_were_cut_into_reads(reads: list[bytes], limit: int) -> None:
    splitter = LineSplitter(limit)
    lines = [line for read in reads for line in splitter.feed(read)] + splitter.finish()
    whole = b"".join(reads).split(b"\n")
    if not whole[-1]:
        whole.pop()
    assert lines == [Line(line[:limit], max(0, len(line) - limit)) for line in whole]


def test_a_finished_splitter_starts_afresh() -> None:
    splitter = LineSplitter(10)
    assert splitter.feed(b"half") == []
    assert splitter.finish() == [Line(b"half")]
    assert splitter.finish() == []
    assert splitter.feed(b"\n") == [Line(b"")]
