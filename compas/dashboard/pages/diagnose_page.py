"""The page that says what is in a thread's way, and what can be done about it."""

from typing import ClassVar

from compas.api.diagnosis import DIAGNOSE, DiagnoseRequest, DiagnoseResponse
from compas.dashboard.advice_keys import with_keys
from compas.dashboard.breaks import lines_of
from compas.dashboard.lines import BLANK, Line, one_line, plain, wrap
from compas.dashboard.pages.page import OnChange, Subject
from compas.dashboard.reading_page import ReadingPage
from compas.dashboard.selection import NO_THREAD
from compas.dashboard.source import Asks
from compas.text import counted, duration


class DiagnosePage(ReadingPage[DiagnoseRequest, DiagnoseResponse]):
    """What stands, what blocks, what helps."""

    kind: ClassVar[str] = "diagnose"

    @classmethod
    def open(cls, asks: Asks, subject: Subject | None, on_change: OnChange) -> "DiagnosePage | str":
        """See PageKind."""
        if subject is None:
            return NO_THREAD
        return cls(asks, DIAGNOSE, DiagnoseRequest(thread_id=subject.thread), subject.thread, on_change)

    def heading(self) -> Line:
        """See Page."""
        return Line((("head", f"{one_line(self.thread)}  diagnosis"),))

    def laid_out(self, answer: DiagnoseResponse, width: int, now: float) -> list[Line]:
        """See ReadingPage."""
        counts = f"{counted(answer.message_count, 'message')}, {counted(answer.execution_count, 'execution')}"
        found = [*_wrapped(answer.standing, width, ""), plain(counts, "dim")]
        if answer.latest_execution_id is not None:
            took = answer.latest_execution_duration_ms
            after = f" after {duration(took)}" if took is not None else ""
            newest = f"newest: {answer.latest_execution_agent} {answer.latest_execution_status}{after}"
            found += _wrapped(newest, width, "dim")
        if answer.latest_execution_error:
            found += _wrapped(answer.latest_execution_error, width, "bad")
        found += _listed("In its way", answer.blockers, width)
        return [*found, *_listed("What to do", tuple(map(with_keys, answer.suggestions)), width)]


def _wrapped(text: str, width: int, style: str) -> list[Line]:
    told = one_line(text)
    return lines_of(told, wrap(told, max(1, width)), style)


def _listed(title: str, told: tuple[str, ...], width: int) -> list[Line]:
    if not told:
        return []
    found = [BLANK, plain(title, "head")]
    for text in map(one_line, told):
        first, *rest = lines_of(text, wrap(text, max(1, width - 2)), margin="  ")
        found += [Line((("accent", "· "), *first.segments)), *rest]
    return found
