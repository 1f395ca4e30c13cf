"""Says what keeps a text from being a cron expression; it does not compute times."""

import re

_NICKNAMES = frozenset({"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@hourly"})
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_LONGEST_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

_FIELDS: dict[str, tuple[int, int]] = {
    "second": (0, 59),
    "minute": (0, 59),
    "hour": (0, 23),
    "day of month": (1, 31),
    "month": (1, 12),
    "day of week": (0, 7),
    "year": (1, 5000),
}
_NAMES = list(_FIELDS)
_PART = re.compile(r"(\*|\?|[0-9]{1,4}|[A-Z]{3})(?:-([0-9]{1,4}|[A-Z]{3}))?(?:/([0-9]{1,4}))?")


def cron_problem(text: str) -> str | None:
    """Return what is wrong with `text`, or None. Five fields, six with seconds first, seven with the year last."""
    words = text.upper().split()
    if len(words) == 1 and words[0].startswith("@"):
        return None if words[0].lower() in _NICKNAMES else f"{text!r} is none of {', '.join(sorted(_NICKNAMES))}"
    if not 5 <= len(words) <= 7:
        return f"{text!r} has {len(words)} fields, not 5 (minute, hour, day of month, month, day of week)"
    names = {5: _NAMES[1:6], 6: _NAMES[:6], 7: _NAMES}[len(words)]
    for name, word in zip(names, words, strict=True):
        field = word.removeprefix("+") if name == "day of week" else word
        for part in field.split(","):
            if not _is_part(part, name):
                return f"{part or word!r} is not a {name}"
    return None


def never_comes(text: str) -> bool:
    """Tell whether the dates of a valid expression do not exist, such as 30 February (c-config 54)."""
    words = text.upper().split()
    if len(words) < 5:
        return False
    day, month, weekday = words[2:5] if len(words) == 5 else words[3:6]
    if weekday not in ("*", "?") or not re.fullmatch(r"[0-9,]+", day):
        return False
    months = [_number(each, "month") for each in month.split(",")]
    longest = max((31 if each is None else _LONGEST_MONTH[each - 1] for each in months), default=31)
    return min(int(each) for each in day.split(",")) > longest


def _is_part(part: str, name: str) -> bool:
    if name == "day of month" and re.fullmatch(r"L|LW|W|([1-9]|[12][0-9]|3[01])W", part):
        return True
    if name == "day of week":
        base = re.sub(r"(L|#[1-5]|#L)$", "", part)
        if base != part:
            return base == "" or _number(base, name) is not None
    match = _PART.fullmatch(part)
    if match is None:
        return False
    first, last, step = match.groups()
    if first == "?" and not name.startswith("day"):
        return False
    if first in "*?":
        return last is None and step != "0"
    low, high = _number(first, name), _number(last or first, name)
    if low is None or high is None or (step is not None and int(step) == 0):
        return False
    # SUN is 0 and 7, so that a range may end with it.
    return low <= (7 if last == "SUN" else high)


def _number(word: str, name: str) -> int | None:
    low, high = _FIELDS[name]
    if name == "month" and word in _MONTHS:
        return _MONTHS.index(word) + 1
    if name == "day of week" and word in _DAYS:
        return _DAYS.index(word)
    return int(word) if word.isascii() and word.isdigit() and low <= int(word) <= high else None
