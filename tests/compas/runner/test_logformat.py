from hypothesis import given
from hypothesis import strategies as st

from compas.runner.logformat import Stream, cut_notice, format_line, parse_lines

streams: st.SearchStrategy[Stream] = st.sampled_from(["stdout", "stderr", "compas"])
texts = st.builds(
    str.__add__,
    st.sampled_from(["", "[stderr] ", "[stdout] ", "[compas] ", "[stdout]", "[stdout] [stderr] "]),
    st.text().map(lambda text: text.replace("\n", "\u2028")),
)


@given(st.lists(st.tuples(streams, texts)))
def test_every_line_is_read_back_as_it_was_written(lines: list[tuple[Stream, str]]) -> None:
    log = "".join(format_line(stream, text) for stream, text in lines)
    assert list(parse_lines(log)) == lines


def test_an_ordinary_line_of_stdout_stands_bare() -> None:
    assert format_line("stdout", '{"type": "result"}') == '{"type": "result"}\n'


def test_a_notice_is_a_line_of_compas_and_tells_the_count() -> None:
    ((stream, text),) = parse_lines(cut_notice(12345))
    assert stream == "compas"
    assert "12345" in text
