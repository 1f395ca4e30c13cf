"""The page that explains how a thread came to stand where it stands."""

from typing import ClassVar

from compas.api.diagnosis import WHY, WhyRequest, WhyResponse
from compas.dashboard.advice_keys import with_keys
from compas.dashboard.breaks import lines_of
from compas.dashboard.lines import BLANK, Line, one_line, wrap
from compas.dashboard.pages.page import OnChange, Subject
from compas.dashboard.reading_page import ReadingPage
from compas.dashboard.selection import NO_THREAD
from compas.dashboard.source import Asks
from compas.dashboard.times import hour

_DEEPEST = 12
"""Columns that a cause is indented at most."""


class WhyPage(ReadingPage[WhyRequest, WhyResponse]):
    """Where it stands and what to do, then each step below what caused it."""

    kind: ClassVar[str] = "why"

    @classmethod
    def open(cls, asks: Asks, subject: Subject | None, on_change: OnChange) -> "WhyPage | str":
        """See PageKind."""
        if subject is None:
            return NO_THREAD
        return cls(asks, WHY, WhyRequest(thread_id=subject.thread), subject.thread, on_change)

    def heading(self) -> Line:
        """See Page."""
        answer = self.reading.answer
        status = f"  {answer.thread_status.lower()}" if answer is not None else ""
        return Line((("head", f"{one_line(self.thread)}  why"), ("accent", status)))

    def laid_out(self, answer: WhyResponse, width: int, now: float) -> list[Line]:
        """See ReadingPage."""
        found = _told("", answer.standing, width)
        if answer.review_note:
            found += _told("review  ", answer.review_note, width)
        found += _told("next    ", with_keys(answer.next_step), width)
        found.append(BLANK)
        for cause in answer.causes:
            indent = min(_DEEPEST, 2 * cause.depth)
            because = f": {one_line(cause.because)}" if cause.because else ""
            clock = f"{hour(cause.at, now, with_seconds=True)}  "
            told = one_line(cause.what) + because
            parts = wrap(told, max(1, width - len(clock) - indent))
            first, *rest = lines_of(told, parts, margin=" " * (len(clock) + indent))
            found += [Line((("dim", clock), ("", " " * indent), *first.segments)), *rest]
        return found


def _told(label: str, text: str, width: int) -> list[Line]:
    told = one_line(text)
    first, *rest = lines_of(told, wrap(told, max(1, width - len(label))), margin=" " * len(label))
    return [Line((("dim", label), *first.segments)), *rest]
