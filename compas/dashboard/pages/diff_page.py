"""The page with what a thread's work changes, by file."""

from typing import ClassVar

from compas.api.history import DIFF, DiffRequest, DiffResponse, LogEvent
from compas.dashboard.breaks import lines_of
from compas.dashboard.diff_layout import FileDiff, files_of, laid_out
from compas.dashboard.keymap import Binding
from compas.dashboard.lines import BLANK, Line, one_line, plain, wrap
from compas.dashboard.page_keys import PAGE_KEYS
from compas.dashboard.pages.page import OnChange, Subject
from compas.dashboard.reading_page import ReadingPage
from compas.dashboard.selection import NO_THREAD
from compas.dashboard.source import Asks

_TELLING = ("execution.ended", "execution.stopped", "work.committed", "person.judged", "merge.completed")


class DiffPage(ReadingPage[DiffRequest, DiffResponse]):
    """Begins at the top; read again when an execution of the thread has ended. Files stay folded as they were."""

    kind: ClassVar[str] = "diff"
    keys: ClassVar[tuple[Binding, ...]] = PAGE_KEYS["diff"]

    def __init__(self, asks: Asks, thread: str, on_change: OnChange) -> None:
        super().__init__(asks, DIFF, DiffRequest(thread_id=thread), thread, on_change)
        self._folded: frozenset[str] = frozenset()
        self._current = ""
        self._files: tuple[DiffResponse, list[FileDiff]] | None = None
        self._starts: dict[str, int] = {}

    @classmethod
    def open(cls, asks: Asks, subject: Subject | None, on_change: OnChange) -> "DiffPage | str":
        """See PageKind."""
        return cls(asks, subject.thread, on_change) if subject is not None else NO_THREAD

    def heading(self) -> Line:
        """See Page."""
        answer = self.reading.answer
        if answer is None:
            return Line((("head", f"{one_line(self.thread)}  diff"),))
        added = sum(one.added or 0 for one in answer.files)
        deleted = sum(one.deleted or 0 for one in answer.files)
        note = "  with changes that are not committed" if answer.uncommitted else ""
        counts = (("good", f"  +{added}"), ("bad", f" -{deleted}"), ("dim", f"  {one_line(answer.branch)}{note}"))
        return Line((("head", f"{one_line(self.thread)}  diff"), *(counts if answer.files else ())))

    def concerns(self, event: LogEvent) -> bool:
        """See ReadingPage."""
        return event.type in _TELLING and super().concerns(event)

    def depends_on(self, now: float) -> tuple[int, ...]:
        """See ReadingPage."""
        return (hash(self._folded), hash(self._current))

    def laid_out(self, answer: DiffResponse, width: int, now: float) -> list[Line]:
        """See ReadingPage."""
        files = self._read(answer)
        if not files:
            return [*_notes(answer, width), plain("  the thread's work changes nothing yet", "dim")]
        above = _notes(answer, width)
        lines, starts = laid_out(files, self._folded, self._current, width)
        self._starts = {path: at + len(above) for path, at in starts.items()}
        if answer.truncated:
            lines += [BLANK, plain("! the diff is too long to be shown whole: compas diff THREAD --stat", "warn")]
        return [*above, *lines]

    def tell(self, word: str) -> str:
        """See Page."""
        paths = list(self._starts)
        if not paths:
            return "there is no file"
        match word:
            case "next-file" | "previous-file":
                at = paths.index(self._current) if self._current in paths else -1 if word == "next-file" else 1
                self._current = paths[max(0, min(len(paths) - 1, at + (1 if word == "next-file" else -1)))]
                self.pager.show_line(self._starts[self._current])
            case "fold":
                path = self._current = self._meant(paths)
                self._folded ^= {path}
                self.pager.show_line(self._starts[path])
            case "fold-all":
                self._folded = frozenset() if self._folded >= set(paths) else frozenset(paths)
                self.pager.show_line(0)
        return ""

    def _meant(self, paths: list[str]) -> str:
        """Return the file that was gone to while any of it is to be seen, else the one at the top of the screen."""
        top = self.pager.top
        at_top = next((path for path in reversed(paths) if self._starts[path] <= top), paths[0])
        if self._current not in paths:
            return at_top
        return self._current if self._starts[self._current] >= top else at_top

    def _read(self, answer: DiffResponse) -> list[FileDiff]:
        if self._files is None or self._files[0] is not answer:
            self._files = (answer, files_of(answer.text))
            known = {one.path for one in self._files[1]}
            self._folded &= known
            if self._current not in known:
                self._current = self._files[1][0].path if self._files[1] else ""
        return self._files[1]


def _notes(answer: DiffResponse, width: int) -> list[Line]:
    """Return what is to be said of the work as a whole."""
    found = [
        line
        for text, style in ((one_line(answer.review_note or ""), "dim"), (one_line(answer.remark), "warn"))
        if text
        for line in lines_of(text, wrap(text, max(1, width)), style)
    ]
    return [*found, BLANK] if found else []
