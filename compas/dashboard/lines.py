"""Lines of the screen: pieces of text with a style each, cut, filled and wrapped by the columns they take."""

import re
from collections.abc import Iterable

import msgspec
from urwid import calc_text_pos, calc_width

from compas.text import neutral

Segment = tuple[str, str]
"""A style of the theme, and text without control characters."""

TAB_COLUMNS = 4

_JOINER = "\u200d"
_LOOSE_JOINERS = re.compile(rf"(?<!\S){_JOINER}+|{_JOINER}+(?!\S)")
"""Joiners that join nothing: a terminal, and what counts columns for it, would join them to what we write beside."""


class Line(msgspec.Struct, frozen=True):
    """One line of the screen; `key` names the row of a list that it belongs to.

    `ground` is what it stands on, over the whole width: `chosen` or `bar`, and empty on nothing in particular.
    """

    segments: tuple[Segment, ...] = ()
    key: str | None = None
    ground: str = ""

    @property
    def text(self) -> str:
        """The line without its styles."""
        return "".join(text for _, text in self.segments)


BLANK = Line()


def plain(text: str, style: str = "") -> Line:
    """Return a line of one style."""
    return Line(((style, text),))


def one_line(text: str) -> str:
    """Return any text as one line that a terminal does not obey."""
    return _neutral(" ".join(text.split()))


def clean_lines(text: str) -> list[str]:
    """Split any text into lines that a terminal does not obey; tabs become blanks.

    Only a line feed ends a line: what else Python takes for a line break would let an agent's text pose as ours.
    """
    return [_neutral(line.rstrip("\r").expandtabs(TAB_COLUMNS)) for line in text.split("\n")]


def _neutral(text: str) -> str:
    return _LOOSE_JOINERS.sub("", neutral(text))


def width_of(text: str) -> int:
    """Return how many columns a terminal gives this text."""
    return len(text) if text.isascii() else calc_width(text, 0, len(text))


def cut(text: str, width: int) -> str:
    """Return the text in at most `width` columns, with an ellipsis where something is missing."""
    if width_of(text) <= width:
        return text
    if width <= 0:
        return ""
    return text[: _end_within(text, 0, width - 1)].rstrip(_JOINER) + "…"


def cut_words(text: str, width: int) -> str:
    """Return the text in at most `width` columns, cut between words where that costs no more than a third of it."""
    short = cut(text, width)
    if short == text or len(short) < 2 or text[len(short) - 1 : len(short)].isspace():
        return short
    blank = short.rfind(" ")
    return f"{short[:blank]} …" if blank > 0 and width_of(short[:blank]) * 3 >= width * 2 else short


def _end_within(text: str, start: int, width: int) -> int:
    """Return where the part ends that begins at `start` and has at most `width` columns.

    A mark that widens what it stands behind counts for nothing in `calc_text_pos`, and for one column in `calc_width`.
    """
    end, _ = calc_text_pos(text, start, len(text), width)
    while end > start and calc_width(text, start, end) > width:
        end -= 1
    return end


def fit(text: str, width: int) -> str:
    """Return the text in exactly `width` columns."""
    short = cut(text, width)
    return short + " " * max(0, width - width_of(short))


def right(text: str, width: int) -> str:
    """Return the text in exactly `width` columns, at their right edge."""
    short = cut(text, width)
    return " " * max(0, width - width_of(short)) + short


def cut_line(line: Line, width: int) -> Line:
    """Return the line in at most `width` columns."""
    if width_of(line.text) <= width:
        return line
    kept: list[Segment] = []
    before = ""
    for style, text in line.segments:
        if width_of(before + text) >= width:
            # The ellipsis stands for what follows too, so it is there even where this piece just fits.
            left = width - width_of(before)
            short = cut(text + "…", left)
            while width_of(before + short) > width:  # its first mark may widen what stands before it
                left -= 1
                short = cut(text + "…", left)
            kept.append((style, short))
            break
        kept.append((style, text))
        before += text
    return Line(tuple(kept), line.key, line.ground)


def spread(left: Line, end: Line, width: int) -> Line:
    """Put one part at each edge of a line of `width` columns; the left one gives way, down to nothing."""
    end = cut_line(end, width)
    room = max(0, width - width_of(end.text) - 1)
    left = cut_line(left, room)
    gap = " " * max(0, width - width_of(f"{left.text}{end.text}"))
    return Line((*left.segments, ("", gap), *end.segments), left.key, left.ground)


def joined(parts: Iterable[Line], separator: Segment) -> Line:
    """Return one line of several parts with a separator between them."""
    segments: list[Segment] = []
    for part in parts:
        segments += [separator, *part.segments] if segments else part.segments
    return Line(tuple(segments))


def chop(text: str, width: int) -> list[str]:
    """Split a line wherever `width` columns are full; nothing of it is lost."""
    if width_of(text) <= width:
        return [text]
    parts = []
    start = 0
    while start < len(text):
        end = max(_end_within(text, start, max(1, width)), start + 1)  # a wide character on a screen of one column
        parts.append(text[start:end])
        start = end
    return parts


def wrap(text: str, width: int) -> list[str]:
    """Split a line between words so that each part has at most `width` columns; longer words are split inside."""
    if width_of(text) <= width:
        return [text]
    parts: list[str] = []
    rest = text
    while width_of(rest) > width:
        end = max(_end_within(rest, 0, max(1, width)), 1)
        blank = rest.rfind(" ", 1, end + 1)
        if blank > 0 and rest[:blank].strip():
            parts.append(rest[:blank].rstrip())
            rest = rest[blank + 1 :].lstrip()
        else:
            parts.append(rest[:end])
            rest = rest[end:]
    return [*parts, rest] if rest or not parts else parts
