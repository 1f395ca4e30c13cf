"""Names of things: which ones are made, which may be chosen, and how messages are referred to."""

import re

import hypothesis.strategies as st
import pytest
from hypothesis import given

from compas.domain.ids import new_ulid, parse_reference, reference, thread_id_problem

TIMES = st.floats(0, 2**40, allow_nan=False)


# proves: a-core 4
@pytest.mark.parametrize(
    ("text", "number"), [("db:12", 12), ("12", 12), ("0", 0), ("db:999999999999999999", 10**18 - 1)]
)
def test_a_reference_is_read_with_or_without_its_prefix(text: str, number: int) -> None:
    assert parse_reference(text) == number


# proves: a-core 4
@pytest.mark.parametrize(
    "text", ["", "db:", "db:x", "x5", " 5", "5 ", "5\n", "db:db:5", "DB:5", "-1", "05", "1.0", "٥", "1e3", "9" * 19]
)
def test_what_is_no_reference_is_none(text: str) -> None:
    assert parse_reference(text) is None


@given(st.integers(0, 10**18 - 1))
def test_a_reference_that_is_written_is_read_again(number: int) -> None:
    assert parse_reference(reference(number)) == number


@given(st.text())
def test_reading_a_reference_never_raises(text: str) -> None:
    number = parse_reference(text)
    assert number is None or text in (str(number), reference(number))


@given(TIMES, TIMES)
def test_names_made_later_sort_later(one: float, other: float) -> None:
    earlier, later = sorted((one, other))
    assert new_ulid(earlier, bytes(10)) <= new_ulid(later, bytes(10))
    if int(earlier * 1000) < int(later * 1000):
        assert new_ulid(earlier, b"\xff" * 10) < new_ulid(later, bytes(10))


@given(TIMES)
def test_a_made_name_has_the_form_of_an_ulid_and_may_name_a_thread(now: float) -> None:
    name = new_ulid(now)
    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{26}", name)
    assert thread_id_problem(name) is None
    assert new_ulid(now) != name


@given(st.text(max_size=80) | st.from_regex(r"[A-Za-z0-9._/-]{1,70}", fullmatch=True))
def test_an_accepted_thread_id_is_safe_as_a_folder_and_in_a_branch(text: str) -> None:
    if thread_id_problem(text) is not None:
        return
    assert text.isascii()
    assert len(text) <= 64
    assert not set(text) & set("/\\ :~^?*[@{\n\0")
    assert ".." not in text
    assert not text.startswith((".", "-"))
    assert not text.endswith((".", ".lock"))
