"""When a cron expression comes, in a time zone: what the cron library and the zone database answer, in UTC seconds."""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from functools import lru_cache

from cronsim import CronSim, CronSimError

from compas.domain.ids import shown
from compas.errors import CompasError
from compas.time_zones import find_zone, has_zones

LONGEST_EXPRESSION = 1000
"""Characters."""

_NICKNAMES = {
    "@YEARLY": "0 0 1 1 *",
    "@ANNUALLY": "0 0 1 1 *",
    "@MONTHLY": "0 0 1 * *",
    "@WEEKLY": "0 0 * * 0",
    "@DAILY": "0 0 * * *",
    "@HOURLY": "0 * * * *",
}
_FIELDS = {
    "minute": "0 to 59",
    "hour": "0 to 23",
    "day-of-month": "1 to 31, L for the last day, LW for the last weekday",
    "month": "1 to 12, or JAN to DEC",
    "day-of-week": "0 to 7 (0 and 7 are Sunday), SUN to SAT, 1#2 for the second Monday, 5L for the last Friday",
}
_WITH_SECONDS = {"second": "0 to 59", **_FIELDS}
_LONG_PAST = datetime(2000, 1, 1, tzinfo=UTC)
"""Whether an expression ever comes does not depend on when that is asked: it is looked for from here on."""


class TimetableError(CompasError):
    """An expression that cannot be read, or an unknown time zone; one sentence says what was found and what to use."""


class Timetable:
    """The times of one expression in one zone. Raises TimetableError for what cannot be read."""

    def __init__(self, cron: str, zone: str = "UTC") -> None:
        self.zone = zone
        self._zone = _read_zone(zone)
        self._cron = _checked(cron)
        self.comes = _ever_comes(self._cron)
        """Whether there is such a time within fifty years; 30 February never comes."""

    def next_after(self, moment: float) -> float | None:
        """Return the first time after `moment`, both in UTC seconds; None when there is none.

        A time that the change to summer time leaves out comes when the change is over, and one that the change back
        repeats comes once, as with Debian's cron. An expression whose minutes or hours begin with a star, or that has
        seconds, follows the clock on the wall instead.
        """
        if not self.comes:
            return None
        try:
            for found in CronSim(self._cron, datetime.fromtimestamp(moment, UTC).astimezone(self._zone)):
                # In a repeated hour the library begins with the first of the two, which may be over.
                if (at := found.timestamp()) > moment:
                    return at
        except (OverflowError, ValueError):
            return None  # beyond the year 9999
        return None

    def after(self, moment: float) -> Iterator[float]:
        """Yield the times after `moment`, for as long as there are any."""
        found = self.next_after(moment)
        while found is not None:
            yield found
            found = self.next_after(found)

    def local(self, moment: float) -> str:
        """Write a moment as the clocks of the zone show it: 2030-01-31 02:00 Europe/Berlin."""
        there = datetime.fromtimestamp(moment, UTC).astimezone(self._zone)
        return f"{there:%Y-%m-%d %H:%M:%S} {self.zone}" if there.second else f"{there:%Y-%m-%d %H:%M} {self.zone}"


@lru_cache(maxsize=512)
def timetable(cron: str, zone: str) -> Timetable:
    """Return the timetable of an expression, which is read once. Raises TimetableError."""
    return Timetable(cron, zone)


def _read_zone(name: str) -> tzinfo:
    found = find_zone(name)
    if found is not None:
        return found
    if has_zones():
        raise TimetableError(f"there is no time zone {name!r} on this system; write it like Europe/Berlin")
    raise TimetableError(
        f"this system has no time zones, so {name!r} cannot be used; install tzdata, or leave it at UTC"
    )


def _checked(text: str) -> str:
    """Return the expression in the spelling that the library reads."""
    if len(text) > LONGEST_EXPRESSION:
        raise TimetableError(f"the expression has {len(text)} characters, more than {LONGEST_EXPRESSION}")
    words = text.upper().split()
    if len(words) == 1 and words[0].startswith("@"):
        if words[0] not in _NICKNAMES:
            raise TimetableError(f"{shown(text)} is none of {', '.join(_NICKNAMES).lower()}")
        return _NICKNAMES[words[0]]
    if len(words) not in (5, 6):
        found = f"{shown(text)} has {len(words)} fields, not 5 (minute, hour, day of month, month, day of week)"
        raise TimetableError(f"{found} or 6 (with the second first); a year cannot be given")
    # As others write it: no particular day, and a week that ends on Sunday.
    words[-3] = "*" if words[-3] == "?" else words[-3]
    words[-1] = "*" if words[-1] == "?" else words[-1].replace("-SUN", "-7")
    cron = " ".join(words)
    problem = _problem(cron)
    if problem == "Bad day-of-month" and _problem(" ".join([*words[:-2], "*", words[-1]])) is None:
        return cron  # it can be read, and names a day that no month has
    if problem is not None:
        raise TimetableError(_in_words(text, words, problem))
    return cron


def _problem(cron: str) -> str | None:
    try:
        CronSim(cron, _LONG_PAST)
    except (CronSimError, ValueError) as error:  # of a number with thousands of digits, Python's own
        return str(error)
    return None


def _in_words(text: str, words: list[str], problem: str) -> str:
    names = _FIELDS if len(words) == 5 else _WITH_SECONDS
    field = problem.removeprefix("Bad ")
    if field not in names:
        return f"{shown(text)} cannot be read as a cron expression: {shown(problem)}"
    return f"{shown(words[list(names).index(field)])} cannot be the {field.replace('-', ' ')}: use {names[field]}"


def _ever_comes(cron: str) -> bool:
    try:
        return next(CronSim(cron, _LONG_PAST), None) is not None
    except CronSimError:
        return False
