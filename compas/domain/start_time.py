"""When a scheduled dispatch may start: read from what a person, a script or a model wrote."""

import re
from datetime import UTC, datetime

from compas.domain.decision import Refusal

EXAMPLE = "2030-01-31T09:00:00+01:00"

_FORM = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})[Tt ](?P<time>\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)"
    r" ?(?P<offset>[Zz]|[+-]\d{2}:?\d{2})",
    re.ASCII,
)


def read_start_time(text: str) -> float | Refusal:
    """Return the moment in UTC seconds, or why there is none: a time without an offset could be anywhere.

    RFC 3339 is read, with a blank for the `T` and without seconds too (b-mcp-cli-merge 10, 11).
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        return _refusal(text, "a date and a time with their offset from UTC are needed")
    try:
        moment = datetime.fromisoformat(f"{found['date']}T{found['time']}{found['offset'].upper()}")
        seconds = moment.astimezone(UTC).timestamp()
        in_utc(seconds)
    except (ValueError, OverflowError) as problem:  # such as the 30th of February, or a time after the year 9999
        return _refusal(text, str(problem))
    return seconds


def _refusal(text: str, reason: str) -> Refusal:
    sentence = f"{text!r} is no time to start at: {reason}, as in {EXAMPLE} or 2030-01-31T08:00:00Z; nothing was done"
    return Refusal(code="bad_start_time", message=sentence)


def in_utc(seconds: float) -> str:
    """Write a moment in UTC, to the second."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
