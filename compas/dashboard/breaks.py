"""Keeps with lines that were wrapped how they go on, so that a text is found although a line ends inside it. Pure."""

from collections.abc import Iterator, Sequence

from compas.dashboard.lines import Line, Segment

ON_AT_ONCE: Segment = ("on", "")
AFTER_A_BLANK: Segment = ("on after a blank", "")
"""Stand unseen before the text of a line that goes on with that of the line above; what is before them is margin."""


def goes_on(text: str, parts: Sequence[str]) -> Iterator[tuple[Segment, ...]]:
    """Yield, for each part of a text that was split by `wrap` or `chop`, the segment that its line begins with."""
    at = 0
    for number, part in enumerate(parts):
        start = text.find(part, at)
        if number == 0:
            yield ()
        else:
            yield (AFTER_A_BLANK if start > at else ON_AT_ONCE,)
        at = max(at, start) + len(part)


def lines_of(text: str, parts: Sequence[str], style: str = "", margin: str = "") -> list[Line]:
    """Return the parts of a text as lines of one style, all but the first behind a margin."""
    before: Segment = ("", margin)
    return [
        Line((*((before,) if margin and joint else ()), *joint, (style, part)))
        for part, joint in zip(parts, goes_on(text, parts), strict=True)
    ]


def break_in(line: Line) -> tuple[str | None, int]:
    """Return what stands between a line and the one above, None where it begins a text, and how long its margin is."""
    margin = 0
    for segment in line.segments:
        if segment is AFTER_A_BLANK or segment == AFTER_A_BLANK:
            return " ", margin
        if segment is ON_AT_ONCE or segment == ON_AT_ONCE:
            return "", margin
        margin += len(segment[1])
    return None, 0
