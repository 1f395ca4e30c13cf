"""Reads when something is to start, as people write it: `18:30`, `+2h`, `+1h30m`, or a whole RFC 3339 time. Pure."""

import re
from datetime import datetime, timedelta

_IN = re.compile(r"\+(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?")
_AT = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
WRONG = "write 18:30, +2h, +1h30m, or a date and time with an offset such as 2030-01-31T09:00:00+01:00"


def start_time(typed: str, now: float) -> str | None:
    """Return the time in RFC 3339 with an offset; None where it cannot be read. `now` is UTC seconds.

    An hour that has passed today is tomorrow's. What is none of our short ways is left to the supervisor to judge.
    """
    text = typed.strip()
    local = datetime.fromtimestamp(now).astimezone()
    found = _IN.fullmatch(text)
    if found:
        if not any(found.groups()):
            return None
        days, hours, minutes = (int(part or 0) for part in found.groups())
        return _written(local + timedelta(days=days, hours=hours, minutes=minutes))
    found = _AT.fullmatch(text)
    if found:
        then = local.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
        return _written(then if then > local else then + timedelta(days=1))
    return text if re.match(r"\d{4}-\d\d-\d\d[Tt ]", text) else None


def _written(moment: datetime) -> str:
    return moment.replace(microsecond=0).isoformat()
