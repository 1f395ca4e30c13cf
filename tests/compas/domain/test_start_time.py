"""When a scheduled dispatch starts: what is read, and what is refused with an example of the right form."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compas.domain.decision import Refusal
from compas.domain.start_time import EXAMPLE, in_utc, read_start_time

NINE_IN_UTC = datetime(2030, 1, 31, 9, tzinfo=UTC).timestamp()

offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1990, 1, 1), datetime(2900, 1, 1), timezones=offsets)


@given(moments)
def test_every_moment_is_read_back_as_the_same_one_whatever_its_offset(moment: datetime) -> None:
    assert read_start_time(moment.isoformat()) == pytest.approx(moment.timestamp(), abs=1e-5)


@pytest.mark.parametrize(
    "text",
    [
        "2030-01-31T09:00:00Z",
        "2030-01-31t09:00:00z",
        "2030-01-31T11:00:00+02:00",
        "2030-01-31 11:00:00 +0200",
        "2030-01-31T04:00-05:00",
        " 2030-01-31T09:00:00.000000000Z ",
    ],
)
def test_the_usual_ways_of_writing_one_moment_are_understood(text: str) -> None:
    assert read_start_time(text) == NINE_IN_UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2026-03-21",
        "2030-01-31T09:00:00",
        "2030-01-31T09:00:00 Europe/Berlin",
        "2030-02-30T09:00:00Z",
        "2030-01-31T25:00:00Z",
        "2030-01-31T09:00:00+25:00",
        "31.01.2030 09:00",
        "1893456000",
        "9999-12-31T23:59:59.999999Z",
        "0001-01-01T00:00:00+14:00",
        "٢٠٣٠-01-31T09:00:00Z",
    ],
)
def test_what_is_no_moment_is_refused_with_what_was_given_and_an_example(text: str) -> None:
    found = read_start_time(text)
    assert isinstance(found, Refusal)
    assert repr(text) in found.message
    assert EXAMPLE in found.message


@given(st.text())
def test_any_other_text_is_refused_and_never_an_error(text: str) -> None:
    assert isinstance(read_start_time(text), Refusal)


def test_the_example_is_itself_understood() -> None:
    found = read_start_time(EXAMPLE)
    assert not isinstance(found, Refusal)
    assert in_utc(found) == "2030-01-31T08:00:00Z"
