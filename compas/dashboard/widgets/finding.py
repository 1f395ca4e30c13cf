"""Finds a text in lines, counts its places, and marks them."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from compas.dashboard.breaks import break_in
from compas.dashboard.lines import Line, Segment

HIT, CURRENT = "hit", "hit now"
"""Styles of a place, and of the one that was gone to."""

Span = tuple[int, int, int]
"""Where in the text of a line something begins and ends, and which of all places it is part of."""


class Finding:
    """One search. Small letters find capitals too; a capital finds only itself.

    Lines are looked through again only when they are another sequence, so one must not be changed in place. The current
    place keeps its number among all while lines come behind it.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._is_exact = text != text.lower()
        self._places: list[int] = []  # the number of the line that each begins in
        self._by_line: dict[int, list[Span]] = {}
        self._current: int | None = None
        self._wanted: int | None = None
        self._seen: Sequence[Line] | None = None

    @property
    def count(self) -> str:
        """How often it was found, in words."""
        if not self._text:
            return ""
        if not self._places:
            return "no hit"
        total = f"{len(self._places)} hit{'s' if len(self._places) > 1 else ''}"
        return total if self._current is None else f"hit {self._current + 1} of {len(self._places)}"

    def step(self, by: int) -> None:
        """Go to a later place, or an earlier one, when the lines are seen next."""
        self._wanted = by

    def settle(self, lines: Sequence[Line], top: int) -> int | None:
        """Take the lines there are now; return the line to show, None where nothing is to move."""
        is_first = self._seen is None
        self._look(lines)
        if not self._places:
            self._current = self._wanted = None
            return None
        if is_first:
            self._current = next((number for number, line in enumerate(self._places) if line >= top), 0)
        elif self._wanted is None:
            return None
        elif self._current is None:
            self._current = 0
        else:
            self._current = (self._current + self._wanted) % len(self._places)
        self._wanted = None
        return self._places[self._current]

    def marked(self, number: int, line: Line) -> Line:
        """Return a line with its places marked."""
        parts = self._by_line.get(number)
        if not parts:
            return line
        spans = [(start, end, CURRENT if place == self._current else HIT) for start, end, place in parts]
        return Line(tuple(_split(line.segments, spans)), line.key)

    def _look(self, lines: Sequence[Line]) -> None:
        if lines is self._seen:
            return
        self._seen = lines
        self._places, self._by_line = [], {}
        for run in _runs(lines) if self._text else ():
            self._look_in(run)
        if self._current is not None:
            self._current = min(self._current, len(self._places) - 1) if self._places else None

    def _look_in(self, run: Sequence["_Part"]) -> None:
        """Take the places in a text that stands in one line, or goes on over several."""
        for start in self._starts("".join(part.text for part in run)):
            end, at, place = start + len(self._text), 0, None
            for part in run:
                first, last = max(start, at + part.joint), min(end, at + len(part.text))
                if first < last:
                    if place is None:
                        place = len(self._places)
                        self._places.append(part.line)
                    offset = part.begin - at - part.joint
                    self._by_line.setdefault(part.line, []).append((first + offset, last + offset, place))
                at += len(part.text)

    def _starts(self, text: str) -> list[int]:
        if not self._text:
            return []
        searched = text if self._is_exact else text.lower()
        if len(searched) != len(text):
            searched = text  # a few capitals are longer in small letters: places would be off
        found: list[int] = []
        at = searched.find(self._text)
        while at >= 0:
            found.append(at)
            at = searched.find(self._text, at + len(self._text))
        return found


class _Part(NamedTuple):
    """What a line has of a text; `joint` characters of it stand for the break before it, and are not seen."""

    line: int
    text: str
    begin: int
    joint: int


def _runs(lines: Sequence[Line]) -> Iterator[list[_Part]]:
    """Yield each text with the lines that it stands in, as it was before it was wrapped."""
    run: list[_Part] = []
    for number, line in enumerate(lines):
        between, margin = break_in(line)
        text = line.text
        if between is None:
            if run:
                yield run
            run = [_Part(number, text, 0, 0)]
        else:
            run.append(_Part(number, between + text[margin:], margin, len(between)))
    if run:
        yield run


def _split(segments: Sequence[Segment], spans: Sequence[tuple[int, int, str]]) -> list[Segment]:
    """Give the characters of each span its style; the spans are in order and do not overlap."""
    found: list[Segment] = []
    begin = 0
    for style, text in segments:
        end = begin + len(text)
        at = begin
        for start, stop, mark in spans:
            first, last = max(start, at), min(stop, end)
            if first >= last:
                continue
            if first > at:
                found.append((style, text[at - begin : first - begin]))
            found.append((mark, text[first - begin : last - begin]))
            at = last
        if at < end:
            found.append((style, text[at - begin :]))
        begin = end
    return found
