"""Times in words: how long, how long ago, and at what hour, in local time."""

import time


def elapsed(seconds: float) -> str:
    """Write a span in at most two units: `12 s`, `3 m 20 s`, `2 h 05 m`, `3 d 4 h`; one before its time is `0 s`."""
    whole = max(0, int(seconds))
    minutes, secs = divmod(whole, 60)
    hours, mins = divmod(minutes, 60)
    days, hrs = divmod(hours, 24)
    if days:
        return f"{days} d {hrs} h"
    if hours:
        return f"{hours} h {mins:02} m"
    return f"{minutes} m {secs:02} s" if minutes else f"{secs} s"


def ago(seconds: float) -> str:
    """Write how long ago something was, in one unit; what was less than a minute ago is `now`."""
    whole = max(0, int(seconds))
    if whole < 60:
        return "now"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if whole >= size:
            return f"{whole // size} {unit} ago"
    return "now"


def day(at: float, now: float) -> str:
    """Write the day in local time: `today`, `Mon Mar 30`, and the year where it is another."""
    then, today = time.localtime(at), time.localtime(now)
    if then[:3] == today[:3]:
        return "today"
    return time.strftime("%a %b %d" if then[0] == today[0] else "%Y-%m-%d", then)


def soon(at: float, now: float) -> str:
    """Write in ten columns when something will be: the hour today, else the day in local time."""
    then, today = time.localtime(at), time.localtime(now)
    if then[:3] == today[:3]:
        return time.strftime("%H:%M", then)
    return time.strftime("%a %b %d" if then[0] == today[0] else "%Y-%m-%d", then)


def hour(at: float, now: float, *, with_seconds: bool = False) -> str:
    """Write the local time; the date stands before it on any other day than today."""
    then, today = time.localtime(at), time.localtime(now)
    clock = time.strftime("%H:%M:%S" if with_seconds else "%H:%M", then)
    if then[:3] == today[:3]:
        return clock
    return time.strftime("%b %d " if then[0] == today[0] else "%Y-%m-%d ", then) + clock
