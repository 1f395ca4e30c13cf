"""What one piece of text looks like on a screen: its width, its colour, and nothing in it that the screen obeys."""

import time
import unicodedata
from typing import Literal

import msgspec

Colour = Literal["red", "green", "yellow", "cyan", "bold", "dim"]

_CODES: dict[Colour, str] = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "bold": "1", "dim": "2"}
_WIDE = ("W", "F")
_WITHOUT_WIDTH = ("Mn", "Me", "Cf")


class Style(msgspec.Struct, frozen=True, kw_only=True):
    """How to write for where the text goes. `now` is UTC seconds.

    On a screen, text is cut to `width` columns and made harmless; anywhere else it stays as it was written.
    """

    now: float
    is_screen: bool = False
    has_colour: bool = False
    width: int = 80

    def paint(self, text: str, colour: Colour | None) -> str:
        """Colour a text whose width has been settled."""
        return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if self.has_colour and colour and text else text

    def block(self, text: str) -> str:
        """Return text of several lines as it may be shown here."""
        return neutral(text, keep="\n\t") if self.is_screen else text

    def line(self, text: str) -> str:
        """Return text as one line; other line breaks would let an agent's text pose as ours."""
        return neutral(" ".join(text.split()))

    def time(self, at: float | None) -> str:
        """Return local time: the clock today, the date with it on other days."""
        if at is None:
            return "-"
        then, today = time.localtime(at), time.localtime(self.now)
        if then[:3] == today[:3]:
            return time.strftime("%H:%M:%S", then)
        return time.strftime("%Y-%m-%d %H:%M", then)


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


def width_of(text: str) -> int:
    """Return how many columns a terminal gives this text."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.category(char) in _WITHOUT_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(char) in _WIDE else 1


def cut(text: str, width: int) -> str:
    """Return the text in at most `width` columns, with an ellipsis where something is missing."""
    if width_of(text) <= width:
        return text
    kept, used = [], 0
    for char in text:
        used += _columns(char)
        if used > width - 1:
            break
        kept.append(char)
    return "".join(kept) + "…" if width > 0 else ""


def pad(text: str, width: int) -> str:
    """Fill the text with blanks to `width` columns."""
    return text + " " * (width - width_of(text))


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
