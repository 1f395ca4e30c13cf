"""Quiet hours: when they hold, and until when."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compas.domain.outbox.quiet import quiet_until
from compas.domain.outbox.specs import QuietSpec

NIGHT = QuietSpec(begins=22 * 60, ends=7 * 60)
NOON = QuietSpec(begins=12 * 60, ends=13 * 60)
BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str, zone: ZoneInfo | None = None) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone or UTC).timestamp()


@pytest.mark.parametrize(
    ("quiet", "now", "until"),
    [
        (NIGHT, "2026-03-10 21:59:59", None),
        (NIGHT, "2026-03-10 22:00:00", "2026-03-11 07:00:00"),
        (NIGHT, "2026-03-11 00:00:00", "2026-03-11 07:00:00"),
        (NIGHT, "2026-03-11 06:59:59", "2026-03-11 07:00:00"),
        (NIGHT, "2026-03-11 07:00:00", None),
        (NIGHT, "2026-12-31 23:30:00", "2027-01-01 07:00:00"),
        (NOON, "2026-03-10 12:30:00", "2026-03-10 13:00:00"),
        (NOON, "2026-03-10 13:00:00", None),
        (NOON, "2026-03-10 02:00:00", None),
    ],
)
def test_hours_hold_from_their_beginning_to_their_end(quiet: QuietSpec, now: str, until: str | None) -> None:
    assert quiet_until(at(now), quiet, UTC) == (None if until is None else at(until))


def test_without_quiet_hours_it_is_never_quiet() -> None:
    assert quiet_until(0.0, None, UTC) is None


@pytest.mark.parametrize("night", ["2026-03-28 23:00", "2026-10-24 23:00"])
def test_a_change_of_summer_time_in_the_night_ends_it_at_seven_by_the_clock(night: str) -> None:
    now = at(night, BERLIN)
    end = quiet_until(now, NIGHT, BERLIN)
    assert end is not None
    assert datetime.fromtimestamp(end, BERLIN).strftime("%H:%M") == "07:00"


@given(
    st.integers(0, 1439),
    st.integers(0, 1439),
    st.floats(1_500_000_000, 2_000_000_000),
    st.sampled_from([UTC, BERLIN, ZoneInfo("America/St_Johns"), None]),
)
def test_the_end_is_ahead_and_not_quiet_itself(begins: int, ends: int, now: float, zone: ZoneInfo | None) -> None:
    quiet = QuietSpec(begins=begins, ends=ends)
    end = quiet_until(now, quiet, zone)
    if end is not None:
        # Where the clock is set back, the end comes twice in a night: asking again finds the second.
        assert now < end <= now + 25 * 3600
        again = quiet_until(end, quiet, zone)
        assert again is None or again - end <= 3600
