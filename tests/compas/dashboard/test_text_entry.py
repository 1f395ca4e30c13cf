"""A text that is typed, and places that are found in lines: whatever is done, nothing is lost or invented."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from compas.dashboard.breaks import lines_of
from compas.dashboard.lines import Line, chop, width_of, wrap
from compas.dashboard.prompts.text_entry import CURSOR, TextEntry
from compas.dashboard.widgets.finding import Finding
from compas.dashboard.widgets.pager import Pager

TEXT = st.text(alphabet=st.sampled_from("ab \n日"), max_size=8)
WORDS = ("erase", "erase-word", "erase-line", "left", "right", "start", "end")


class Typing(RuleBasedStateMachine):
    """Compares the entry with a plain model: what stands before the cursor, and what behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.entry = TextEntry()
        self.before, self.behind = "", ""

    @rule(text=TEXT)
    def insert(self, text: str) -> None:
        self.entry.insert(text)
        self.before += text

    @rule(word=st.sampled_from(WORDS))
    def edit(self, word: str) -> None:
        assert self.entry.edit(word)
        line = self.before.rpartition("\n")[2]
        rest = self.behind.partition("\n")[0]
        match word:
            case "erase":
                self.before = self.before[:-1]
            case "erase-line":
                self.before = self.before[: len(self.before) - len(line)]
            case "erase-word":
                self.before = self.before[: self.entry.cursor]
            case "left":
                self.before, self.behind = self.before[:-1], self.before[-1:] + self.behind
            case "right":
                self.before, self.behind = self.before + self.behind[:1], self.behind[1:]
            case "start":
                self.before, self.behind = self.before[: len(self.before) - len(line)], line + self.behind
            case "end":
                self.before, self.behind = self.before + rest, self.behind[len(rest) :]

    @rule(by=st.sampled_from([-1, 1]))
    def move_line(self, by: int) -> None:
        self.entry.move_line(by)
        self.before, self.behind = self.entry.text[: self.entry.cursor], self.entry.text[self.entry.cursor :]

    @invariant()
    def the_text_and_the_cursor_are_those_of_the_model(self) -> None:
        assert self.entry.text == self.before + self.behind
        assert self.entry.cursor == len(self.before)
        rows = self.entry.shown(5, has_cursor=True)
        assert "".join(rows).count(CURSOR) == 1
        assert all(width_of(row) <= 5 for row in rows)


TestTyping = Typing.TestCase


def test_a_word_is_erased_with_the_blanks_behind_it() -> None:
    entry = TextEntry("one two  ")
    entry.edit("erase-word")
    assert entry.text == "one "
    assert not entry.edit("accept")


def test_the_cursor_goes_from_line_to_line_and_says_where_there_is_none() -> None:
    entry = TextEntry("long line\nx")
    assert entry.move_line(-1)
    assert (entry.cursor, entry.move_line(-1)) == (1, False)
    assert entry.move_line(1)
    assert not entry.move_line(1)


SEGMENTS = st.lists(st.tuples(st.sampled_from(["", "dim"]), st.text(alphabet="abAB ", max_size=6)), max_size=4)


@given(st.lists(SEGMENTS, max_size=6), st.text(alphabet="abA", min_size=1, max_size=3))
def test_every_place_is_found_counted_and_marked_and_the_text_stays_what_it_was(
    found: list[list[tuple[str, str]]], text: str
) -> None:
    lines = [Line(tuple(segments)) for segments in found]
    finding = Finding(text)
    finding.settle(lines, 0)
    is_exact = text != text.lower()
    wanted = sum((line.text if is_exact else line.text.lower()).count(text) for line in lines)
    marked = [finding.marked(number, line) for number, line in enumerate(lines)]
    assert [line.text for line in marked] == [line.text for line in lines]
    covered = sum(len(part) for line in marked for style, part in line.segments if style in ("hit", "hit now"))
    assert covered == wanted * len(text)
    assert finding.count == ("no hit" if not wanted else f"hit 1 of {wanted}")


@given(st.integers(0, 60), st.integers(1, 20), st.lists(st.integers(-30, 30), max_size=8))
def test_a_search_shows_a_line_that_is_there_however_it_is_stepped_through(
    count: int, height: int, steps: list[int]
) -> None:
    lines = [Line((("", f"{'x' if number % 7 == 0 else 'y'} {number}"),)) for number in range(count)]
    pager = Pager(is_following=False)
    pager.search("x")
    for by in steps:
        pager.next_hit(by)
        shown = pager.window(lines, height)
        assert len(shown) == min(count, height)
        if count and by:
            assert any(style == "hit now" for line in shown for style, _ in line.segments)


@given(
    st.lists(st.text(alphabet="abc", min_size=1, max_size=9), min_size=1, max_size=12), st.integers(1, 12), st.data()
)
def test_what_a_break_stands_in_is_found_in_wrapped_and_in_chopped_lines(
    words: list[str], width: int, data: st.DataObject
) -> None:
    text = " ".join(words)
    begin = data.draw(st.integers(0, len(text) - 1))
    wanted = text[begin : data.draw(st.integers(begin + 1, len(text)))]
    for parts, margin in ((wrap(text, width), "│ "), (chop(text, width), "")):
        lines = lines_of(text, parts, margin=margin)
        finding = Finding(wanted)
        finding.settle(lines, 0)
        marked = [finding.marked(number, line) for number, line in enumerate(lines)]
        assert [line.text for line in marked] == [line.text for line in lines]
        if not wanted.isspace():
            assert finding.count.endswith(f" of {text.count(wanted)}")
            shown = "".join(part for line in marked for style, part in line.segments if style == "hit now")
            assert shown.replace(" ", "") == wanted.replace(" ", "")
