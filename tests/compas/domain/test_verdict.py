"""Reading a verdict: from the last line only, and never from talk about one."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from compas.domain.verdict import read_verdict

LINES = {
    "Verdict: approve": "approve",
    "verdict: approved.": "approve",
    "**Verdict:** approve": "approve",
    "**Verdict: Approved!**": "approve",
    "### VERDICT: `approve`": "approve",
    "> - Verdict : request changes": "request_changes",
    "Verdict: request_changes": "request_changes",
    "Verdict: Changes-requested": "request_changes",
    "Verdict: changes requested.": "request_changes",
    "I approve": "",
    "Verdict: approve, once the tests pass": "",
    "Verdict: not approved": "",
    "Verdict: approve or request changes": "",
    "My verdict: approve": "",
    "Verdict approve": "",
    "Verdict:": "",
    "disapproved": "",
    "": "",
}


@pytest.mark.parametrize(("line", "verdict"), LINES.items())
def test_a_last_line_is_a_verdict_or_it_is_none(line: str, verdict: str) -> None:
    assert read_verdict(line) == verdict
    assert read_verdict(f"Looks fine.\r\n{line}\r\n \n") == verdict


def test_only_the_last_line_counts() -> None:
    assert read_verdict("Verdict: approve\nBut see above.") == ""
    assert read_verdict("Verdict: request changes\n\nVerdict: approve") == "approve"


@given(st.text(), st.sampled_from(sorted(LINES)))
def test_what_stands_above_the_last_line_does_not_matter(above: str, line: str) -> None:
    if line:
        assert read_verdict(f"{above}\n{line}") == LINES[line]


@given(st.text())
def test_a_text_that_does_not_name_a_verdict_has_none(text: str) -> None:
    if "verdict" not in text.lower():
        assert read_verdict(text) == ""


def test_a_long_last_line_of_nothing_but_emphasis_is_no_verdict() -> None:
    assert read_verdict("verdict" + " *_`" * 20_000 + ":" + " *_`" * 20_000 + "x") == ""
