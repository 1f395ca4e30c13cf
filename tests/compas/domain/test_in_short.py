"""A text of several lines is told in one that says something."""

import pytest

from compas.domain.in_short import in_short


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("", ""),
        (" \n\n", ""),
        ("one", "one"),
        ("\n  one \ntwo", "one"),
        ("it ended with 7:\n\n503 overloaded\nmore", "it ended with 7: 503 overloaded"),
        ("it ended with 7:", "it ended with 7:"),
    ],
)
def test_the_first_line_that_says_something_stands_for_all(text: str, short: str) -> None:
    assert in_short(text) == short
