"""Markdown is laid out for reading, whatever it is."""

from hypothesis import given
from hypothesis import strategies as st

from compas.dashboard.lines import width_of
from compas.dashboard.markdown import markdown


def laid_out(text: str, width: int = 24) -> list[str]:
    return ["".join(part for _, part in piece) for piece in markdown(text, width)]


def styles(text: str) -> set[tuple[str, str]]:
    return {segment for piece in markdown(text, 60) for segment in piece}


def test_prose_and_list_items_are_wrapped_below_themselves() -> None:
    text = "A sentence that is too long.\n\n- an item that is too long\n  1. nested and too long as well"
    assert laid_out(text) == [
        "A sentence that is too",
        "long.",
        "",
        "- an item that is too",
        "  long",
        "  1. nested and too long",
        "     as well",
    ]


def test_quotes_keep_their_mark_on_every_line() -> None:
    assert laid_out("> words of somebody else here") == ["> words of somebody else", "> here"]


def test_code_and_tables_keep_their_columns() -> None:
    text = "```py\nif x:\n    return   'far too long for it'\n```\n| a   | b |\n|-----|---|"
    assert laid_out(text) == [
        "```py",
        "if x:",
        "    return   'far too lo",
        "ng for it'",
        "```",
        "| a   | b |",
        "|-----|---|",
    ]


def test_what_is_emphasised_has_a_style_and_keeps_its_marks() -> None:
    assert {("heading", "# Title"), ("code", "`x`"), ("bold", "**b**")} <= styles("# Title\nsee `x` and **b** of a*b*c")


def test_a_fence_that_is_not_closed_ends_with_the_message() -> None:
    assert {style for piece in markdown("text\n~~~\ncode\n# no heading\n```", 60) for style, _ in piece} == {"", "code"}


@given(st.text(alphabet=st.sampled_from("ab `*_#>-|\n1.~ 日") | st.characters(), max_size=80), st.integers(1, 40))
def test_any_text_is_laid_out_within_its_width(text: str, width: int) -> None:
    for line in laid_out(text, width):
        assert width_of(line) <= max(2, width)
        assert "\n" not in line


@given(st.text(alphabet="ab `*_#>-|\n1.~", max_size=80))
def test_nothing_of_a_message_is_lost(text: str) -> None:
    def letters(found: str) -> str:
        return "".join(char for char in found if char in "ab1")

    assert letters("".join(laid_out(text, 10))) == letters(text)
