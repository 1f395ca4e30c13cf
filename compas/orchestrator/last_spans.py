"""Where the last days and hours began, by which figures are gathered."""

import time

HOURS = 24
HOUR_SECS = 3600
SPAN_SECS = 900
"""Every day and every hour begins with one of these, whatever the zone."""


def last_days(now: float, count: int) -> tuple[float, ...]:
    """Return when each of the last days of local time began, today's last (UTC seconds)."""
    year, month, day = time.localtime(now)[:3]
    # mktime takes days before the first of a month for those of the month before, and finds out about summer time.
    return tuple(time.mktime((year, month, day - back, 0, 0, 0, 0, 0, -1)) for back in reversed(range(count)))


def last_hours(now: float) -> tuple[float, ...]:
    """Return when each of the last 24 whole hours began, the one that is under way last (UTC seconds)."""
    current = now - now % HOUR_SECS
    return tuple(current - back * HOUR_SECS for back in reversed(range(HOURS)))
