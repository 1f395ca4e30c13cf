"""When cron expressions come: against the library's own answers, and against a walk through every minute."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import example, given
from hypothesis import strategies as st

from compas.time_zones import has_zones
from compas.timetable import Timetable, TimetableError, timetable

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Auckland", "UTC")
"""Changes by an hour at night, by half an hour, at midnight, and in the other half of the year."""
AT_SET_TIMES = ("30 2 * * *", "0 0 * * *", "15 1,2,3 * * *", "0-59/20 1-3 * * *", "59 23 * * SUN", "30 0 1 * *")
BY_THE_WALL = ("*/20 * * * *", "30 * * * *", "5 */2 * * *", "*/45 1-3 * * *", "0 * * * SUN")

HALF_AN_HOUR = "Australia/Lord_Howe"
"""There the library leaves out a time on the wall in the night in which half an hour is repeated (decision 0033)."""
CASES = [
    (zone, cron)
    for zone in ZONES
    if zone != "UTC"
    for cron in AT_SET_TIMES + (() if zone == HALF_AN_HOUR else BY_THE_WALL)
]

MINUTE = timedelta(minutes=1)


def seconds(text: str, zone: str = "UTC", fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


def changes(zone: str, first: int = 2020, last: int = 2030) -> list[datetime]:
    """Return the moments at which the clocks of a zone change, to the minute."""
    there, found = ZoneInfo(zone), []
    moment = datetime(first, 1, 1, tzinfo=UTC)
    while moment.year < last:
        following = moment + timedelta(hours=1)
        if moment.astimezone(there).utcoffset() != following.astimezone(there).utcoffset():
            found.append(moment)
        moment = following
    return found


def is_meant(cron: str, there: datetime) -> bool:
    """Tell whether a time on the wall is one that an expression of plain fields names."""
    minute, hour, day, _, weekday = (_numbers(word) for word in cron.replace("SUN", "0").split())
    fits = (day is None or there.day in day) and (weekday is None or there.isoweekday() % 7 in weekday)
    return fits and (minute is None or there.minute in minute) and (hour is None or there.hour in hour)


def _numbers(word: str) -> set[int] | None:
    if word == "*":
        return None
    found: set[int] = set()
    for part in word.split(","):
        span, _, step = part.partition("/")
        low, _, high = span.partition("-")
        first, last = (0, 59) if span == "*" else (int(low), int(high or low))
        found |= set(range(first, last + 1, int(step or 1)))
    return found


def walked_by_the_wall(cron: str, zone: str, start: datetime, end: datetime) -> Iterator[float]:
    """Walk through every minute that passes, and look at the clock on the wall."""
    moment = start
    while moment < end:
        moment += MINUTE
        if is_meant(cron, moment.astimezone(ZoneInfo(zone))):
            yield moment.timestamp()


def walked_at_set_times(cron: str, zone: str, start: datetime, end: datetime) -> Iterator[float]:
    """Walk through every minute of the calendar: the first time that the wall shows it, or the first after a gap."""
    there, last = ZoneInfo(zone), 0.0
    wall = start.astimezone(there).replace(tzinfo=None, fold=0) - timedelta(hours=3)
    while wall < end.astimezone(there).replace(tzinfo=None) + timedelta(hours=3):
        wall += MINUTE
        if not is_meant(cron, wall):
            continue
        at = wall
        while at.replace(tzinfo=there).astimezone(UTC).astimezone(there).replace(tzinfo=None, fold=0) != at:
            at += MINUTE  # the wall never shows this one
        moment = at.replace(tzinfo=there).timestamp()
        if start.timestamp() < moment <= end.timestamp() and moment > last:
            last = moment
            yield moment


def check_around(change: datetime, zone: str, cron: str, step: int = 61) -> None:
    """Compare two days around a change of the clocks with the walk, whatever the moment from which one asks."""
    start, end = change - timedelta(hours=26), change + timedelta(hours=26)
    walk = walked_by_the_wall if cron in BY_THE_WALL else walked_at_set_times
    expected = list(walk(cron, zone, start, end))
    times = Timetable(cron, zone)
    found = list(takewhile(lambda at: at <= end.timestamp(), times.after(start.timestamp())))
    assert found == expected, (cron, zone, change)
    for minutes in range(0, 52 * 60, step):
        moment = (start + minutes * MINUTE).timestamp()
        following = next((at for at in expected if at > moment), None)
        assert following is None or times.next_after(moment) == following, (cron, zone, change, minutes)


@pytest.mark.parametrize(("zone", "cron"), CASES)
def test_around_a_change_of_the_clocks_the_times_are_those_of_a_walk_through_every_minute(zone: str, cron: str) -> None:
    for change in changes(zone, 2026, 2027):
        check_around(change, zone, cron)


@pytest.mark.long
@pytest.mark.parametrize(("zone", "cron"), CASES)
def test_around_every_change_of_ten_years_they_are_so(zone: str, cron: str) -> None:
    found = changes(zone)
    assert len(found) >= 6
    for change in found:
        check_around(change, zone, cron, step=7)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("cron", ["30 2 * * *", "0 */6 * * *", "0 9 * * MON-FRI", "0 0 L * *", "0 12 * * 1#2"])
def test_a_year_of_times_is_what_the_library_says(zone: str, cron: str) -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC if zone == "UTC" else ZoneInfo(zone))
    theirs = [at.timestamp() for at in takewhile(lambda at: at.year == 2026, CronSim(cron, begin))]
    ours = takewhile(lambda at: at <= theirs[-1], Timetable(cron, zone).after(begin.timestamp()))
    assert list(ours) == theirs


@given(st.sampled_from(AT_SET_TIMES + BY_THE_WALL), st.sampled_from(ZONES), st.floats(1_767_225_600.0, 1_830_297_600.0))
@example("30 2 * * *", "Europe/Berlin", seconds("2026-10-25 02:10", "Europe/Berlin", fold=1))
def test_a_time_is_always_after_the_moment_from_which_one_asks(cron: str, zone: str, moment: float) -> None:
    times = Timetable(cron, zone)
    found = times.next_after(moment)
    assert found is not None
    assert moment < found
    between = moment + random.Random(int(moment)).random() * (found - moment) * 0.99
    assert times.next_after(between) == found, "nothing comes between"


def test_a_time_that_the_change_to_summer_time_leaves_out_comes_once_it_is_over() -> None:
    times = Timetable("30 2 * * *", "Europe/Berlin")
    found = times.next_after(seconds("2026-03-28 12:00", "Europe/Berlin"))
    assert found is not None
    assert times.local(found) == "2026-03-29 03:00 Europe/Berlin"


def test_a_time_that_the_change_back_repeats_comes_once() -> None:
    times = Timetable("30 2 * * *", "Europe/Berlin")
    first = times.next_after(seconds("2026-10-24 12:00", "Europe/Berlin"))
    assert first == seconds("2026-10-25 02:30", "Europe/Berlin")
    second = times.next_after(first)
    assert second == seconds("2026-10-26 02:30", "Europe/Berlin")


def test_seconds_are_counted_where_there_is_a_sixth_field() -> None:
    times = Timetable("15,45 0 9 * * *")
    assert [times.local(at) for at, _ in zip(times.after(0.0), range(2), strict=False)] == [
        "1970-01-01 09:00:15 UTC",
        "1970-01-01 09:00:45 UTC",
    ]


def test_what_never_comes_has_no_time_and_the_end_of_the_calendar_is_no_crash() -> None:
    assert Timetable("0 0 30 2 *").next_after(0.0) is None
    assert Timetable("0 0 1 1 *").next_after(datetime(9999, 6, 1, tzinfo=UTC).timestamp()) is None


def test_a_zone_that_there_is_not_is_named() -> None:
    assert has_zones()
    with pytest.raises(TimetableError, match="no time zone 'Mars/Olympus'"):
        timetable("* * * * *", "Mars/Olympus")


def test_a_system_without_time_zones_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compas.timetable.has_zones", lambda: False)
    with pytest.raises(TimetableError, match="install tzdata, or leave it at UTC"):
        Timetable("* * * * *", "Mars/Olympus")
    assert Timetable("* * * * *", "UTC").next_after(0.0) == 60.0


@given(st.text(alphabet="0123456789*/-,?LW#+@MONFRISU ²\n", max_size=40))
@example("1#2/3 * * * *")
@example("* * * * L,5")
@example("0 0 L/2 * 5L/2")
def test_any_text_is_a_cron_expression_or_not_but_never_a_crash(text: str) -> None:
    try:
        times = Timetable(text)
    except TimetableError:
        return
    found = times.next_after(1_700_000_000.0)
    assert found is None or found > 1_700_000_000.0
