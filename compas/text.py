"""Text that every screen shows alike: harmless to the terminal, and durations and numbers in words."""

import unicodedata
from collections.abc import Sequence


def neutral(text: str, keep: str = "") -> str:
    """Make control characters and escape sequences visible, so that a terminal does not obey them (c-config 95).

    Turns of writing direction are shown too: they can make a line read other than it is.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in keep else _visible(char) for char in text)


def _visible(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Zs" or char in ("\u200d", "\u200c"):
        return char  # spaces of other widths, and the joiners that emoji are made with
    if char == "\x1b":
        return "␛"
    return char.encode("unicode_escape", "backslashreplace").decode("ascii")


def duration(milliseconds: int | None) -> str:
    """Write a duration the short way: `850 ms`, `4.2 s`, `3 m 20 s`, `2 h 5 m`."""
    if milliseconds is None:
        return "-"
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} m {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} m"


def counted(count: int, one: str, many: str | None = None) -> str:
    """Write a number with its noun: `1 agent`, `2 agents`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def alternatives(words: Sequence[str]) -> str:
    """Write words of which one is to be chosen: `a`, `a or b`, `a, b or c`."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last
