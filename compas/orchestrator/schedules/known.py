"""The schedules of the config: their times, and the refusal of unknown names."""

from collections.abc import Mapping

from compas.domain.decision import Refusal
from compas.domain.specs import ScheduleSpec
from compas.suggest import did_you_mean
from compas.timetable import Timetable, TimetableError, timetable


def times_of(spec: ScheduleSpec | None) -> Timetable | None:
    """Return when a schedule comes; None where this system lacks its time zone, and for none."""
    try:
        return None if spec is None else timetable(spec.cron, spec.timezone)
    except TimetableError:
        return None


def why_unreadable(spec: ScheduleSpec) -> str:
    """Say why a schedule has no times here; empty when it has."""
    try:
        times = timetable(spec.cron, spec.timezone)
    except TimetableError as err:
        return str(err)
    return "" if times.comes else f"{spec.cron!r} names a day that no month has"


def unknown_schedule(name: str, known: Mapping[str, ScheduleSpec]) -> Refusal:
    """Refuse what is about a schedule that the config does not have."""
    if not known:
        return Refusal(code="unknown_schedule", message=f"no schedule is called {name!r}: the config has none")
    sentence = f"no schedule is called {name!r}{did_you_mean(name, known)}; there are: {', '.join(known)}"
    return Refusal(code="unknown_schedule", message=sentence)
