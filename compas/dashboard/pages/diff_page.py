"""The page with what a thread's work changes."""

from typing import ClassVar

from compas.api.history import DIFF, DiffRequest, DiffResponse, LogEvent
from compas.dashboard.keymap import Context
from compas.dashboard.lines import BLANK, Line, chop, clean_lines, one_line, plain
from compas.dashboard.pages.page import NO_ROW, OnChange, Subject
from compas.dashboard.reading import Reading
from compas.dashboard.source import Asks
from compas.dashboard.state import Opened, Update, thread_of
from compas.dashboard.widgets.pager import Pager

_STYLES = (
    ("diff ", "head"),
    ("+++", "head"),
    ("---", "head"),
    ("@@", "accent"),
    ("+", "good"),
    ("-", "bad"),
)


class DiffPage:
    """Begins at the top; read again when an execution of the thread has ended."""

    kind: ClassVar[str] = "diff"
    context: Context = "page"

    def __init__(self, asks: Asks, thread: str, on_change: OnChange) -> None:
        self.thread = thread
        self.pager = Pager(is_following=False)
        self._reading = Reading(asks, DIFF, DiffRequest(thread_id=thread), on_change)
        self._laid_out: tuple[DiffResponse, int] | None = None
        self._lines: list[Line] = []

    @classmethod
    def open(cls, asks: Asks, subject: Subject | None, on_change: OnChange) -> "DiffPage | str":
        """See PageKind."""
        return cls(asks, subject.thread, on_change) if subject is not None else NO_ROW

    def heading(self) -> Line:
        """See Page."""
        answer = self._reading.answer
        if answer is None:
            return Line((("head", f"{one_line(self.thread)}  diff"),))
        added = sum(one.added or 0 for one in answer.files)
        deleted = sum(one.deleted or 0 for one in answer.files)
        note = "  with changes that are not committed" if answer.uncommitted else ""
        counts = (("good", f"  +{added}"), ("bad", f" -{deleted}"), ("dim", f"  {one_line(answer.branch)}{note}"))
        return Line((("head", f"{one_line(self.thread)}  diff"), *(counts if answer.files else ())))

    def lines(self, width: int, now: float) -> list[Line]:
        """See Page."""
        answer = self._reading.answer
        if answer is None:
            return self._reading.instead()
        if not answer.text:
            return [plain("  the thread's work changes nothing yet", "dim")]
        if self._laid_out is None or self._laid_out[0] is not answer or self._laid_out[1] != width:
            self._laid_out = (answer, width)
            self._lines = diff_lines(answer, width)
        return self._lines

    def is_ticking(self) -> bool:
        """See Page."""
        return False

    def hear(self, update: Update) -> None:
        """See Page."""
        match update:
            case Opened():
                self._reading.outdate()
            case LogEvent(type="execution.ended" | "execution.stopped") if thread_of(update) == self.thread:
                self._reading.outdate()

    async def run(self) -> None:
        """See Page."""
        await self._reading.run()


def diff_lines(answer: DiffResponse, width: int) -> list[Line]:
    """Return a diff in lines of `width` columns; what is added and deleted can be told by its sign and its colour."""
    lines: list[Line] = []
    for line in clean_lines(answer.text.rstrip("\n")):
        style = next((style for start, style in _STYLES if line.startswith(start)), "")
        if lines and line.startswith("diff "):
            lines.append(BLANK)
        lines += [plain(part, style) for part in chop(line, max(1, width))]
    if answer.truncated:
        lines += [BLANK, plain("! the diff is too long to be shown whole: compas diff THREAD --stat", "warn")]
    return lines
