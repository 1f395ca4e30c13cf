"""What one piece of text looks like on a screen: its width, its colour, and nothing in it that the screen obeys."""

from __future__ import annotations

import time
import unicodedata
from typing import TYPE_CHECKING, Literal, NamedTuple

from compas.text import counted as counted
from compas.text import duration as duration
from compas.text import neutral as neutral

if TYPE_CHECKING:
    from compas.domain.advice import Said

Colour = Literal["red", "green", "yellow", "cyan", "bold", "dim"]

_CODES: dict[Colour, str] = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "bold": "1", "dim": "2"}
_WIDE = ("W", "F")
_WITHOUT_WIDTH = ("Mn", "Me", "Cf")


class Style(NamedTuple):
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

    def age(self, at: float | None) -> str:
        """Return how long ago that was, in one unit: `40s`, `5m`, `3h`, `2d`."""
        if at is None:
            return "-"
        seconds = max(0, int(self.now - at))
        for unit, length in (("d", 86_400), ("h", 3600), ("m", 60)):
            if seconds >= length:
                return f"{seconds // length}{unit}"
        return f"{seconds}s"

    def time(self, at: float | None) -> str:
        """Return local time: the clock today, the date with it on other days."""
        if at is None:
            return "-"
        then, today = time.localtime(at), time.localtime(self.now)
        if then[:3] == today[:3]:
            return time.strftime("%H:%M:%S", then)
        return time.strftime("%Y-%m-%d %H:%M", then)


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


def cut_words(text: str, width: int) -> str:
    """Return the same, cut between words where that costs no more than a third of it."""
    short = cut(text, width)
    if short == text or len(short) < 2 or text[len(short) - 1].isspace():
        return short
    blank = short.rfind(" ")
    return f"{short[:blank]}…" if blank > 0 and width_of(short[:blank]) * 3 >= width * 2 else short


def wrap(text: str, width: int) -> list[str]:
    """Split a line between words so that each part has at most `width` columns; longer words are split inside."""
    parts = []
    rest = text
    while width_of(rest) > width:
        end = _end_within(rest, max(1, width))
        blank = rest.rfind(" ", 1, end + 1)
        if blank > 0 and rest[:blank].strip():
            parts.append(rest[:blank].rstrip())
            rest = rest[blank + 1 :].lstrip()
        else:
            parts.append(rest[:end])
            rest = rest[end:]
    return [*parts, rest] if rest or not parts else parts


def _end_within(text: str, width: int) -> int:
    """Return how many characters fit, marks without a width of their own behind them; at least one."""
    used = 0
    for index, char in enumerate(text):
        used += _columns(char)
        if used > width:
            return max(1, index)
    return len(text)


def pad(text: str, width: int) -> str:
    """Fill the text with blanks to `width` columns."""
    return text + " " * (width - width_of(text))


def told(said: Said) -> str:
    """Return what the supervisor tells: to a client that does not ask for data it writes advice in commands."""
    assert isinstance(said, str)
    return said
