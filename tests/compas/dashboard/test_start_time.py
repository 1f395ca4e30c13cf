"""When something is to start, as people write it."""

from datetime import UTC, datetime

import pytest

from compas.dashboard.actions.start_time import start_time

NOW = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("+2h", "2023-11-15T00:13:20+00:00"),
        ("+1h30m", "2023-11-14T23:43:20+00:00"),
        ("+1d", "2023-11-15T22:13:20+00:00"),
        ("23:00", "2023-11-14T23:00:00+00:00"),
        ("9:05", "2023-11-15T09:05:00+00:00"),
        ("22:13", "2023-11-15T22:13:00+00:00"),
        (" 2030-01-31T09:00:00+01:00 ", "2030-01-31T09:00:00+01:00"),
    ],
)
def test_short_ways_become_a_time_with_an_offset(typed: str, wanted: str) -> None:
    assert start_time(typed, NOW) == wanted


@pytest.mark.parametrize("typed", ["tea time", "+", "25:00", "12", "+2", "h"])
def test_what_is_no_time_is_not_taken_for_one(typed: str) -> None:
    assert start_time(typed, NOW) is None
