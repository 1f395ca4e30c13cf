"""The page with what an execution does, step by step, or as it was printed; any execution of the thread."""

from typing import ClassVar

from compas.dashboard.keymap import Binding, Context
from compas.dashboard.lines import BLANK, Line, one_line, plain
from compas.dashboard.page_keys import PAGE_KEYS
from compas.dashboard.pages.page import OnChange, Subject
from compas.dashboard.runs.card import card
from compas.dashboard.runs.run_reader import RunChoice
from compas.dashboard.selection import NO_THREAD
from compas.dashboard.source import Asks
from compas.dashboard.state import Update
from compas.dashboard.widgets.pager import Pager


class LogPage:
    """Begins at the end and follows the execution until that ends."""

    kind: ClassVar[str] = "log"
    context: Context = "page"
    keys: ClassVar[tuple[Binding, ...]] = PAGE_KEYS["log"]

    def __init__(self, asks: Asks, thread: str, execution: str, on_change: OnChange) -> None:
        self.thread = thread
        self.pager = Pager(is_following=True)
        self._choice = RunChoice(asks, thread, execution, on_change)
        self._is_raw = False
        self._has_ended = False

    @classmethod
    def open(cls, asks: Asks, subject: Subject | None, on_change: OnChange) -> "LogPage | str":
        """See PageKind."""
        if subject is None:
            return NO_THREAD
        if subject.execution is None:
            return "nothing has been started in this thread, so there is no log"
        return cls(asks, subject.thread, subject.execution, on_change)

    @property
    def execution(self) -> str:
        """See Page."""
        return self._choice.execution

    def heading(self) -> Line:
        """See Page."""
        name = f"{one_line(self.thread)}  {'log' if self._is_raw else 'steps'} of {one_line(self.execution)}"
        return Line((("head", name), ("dim", f"  {self._choice.reader.printed.state}")))

    def above(self, width: int, now: float) -> list[Line]:
        """See Page."""
        run, place = self._choice.run, self._choice.place
        return [*card(run, place, width, now), BLANK] if run is not None else []

    def lines(self, width: int, now: float) -> list[Line]:
        """See Page."""
        reader = self._choice.reader
        if reader.is_over and not self._has_ended:
            self._has_ended = True
            self.pager.stay_at_end()
        if self._is_raw:
            return reader.printed.lines(width)
        if not reader.steps.is_empty:
            return reader.steps.lines(width, now)
        if reader.printed.is_empty:
            trouble = reader.steps.trouble
            return [plain(f"  {trouble}", "warn")] if trouble else reader.printed.lines(width)
        hint = "  No step is known of what it printed; J shows it as it was printed, like this:"
        return [plain(hint, "dim"), BLANK, *reader.printed.lines(width)]

    def tell(self, word: str) -> str:
        """See Page."""
        match word:
            case "raw":
                self._is_raw = not self._is_raw
            case "details":
                self._choice.reader.steps.has_details = not self._choice.reader.steps.has_details
            case "older" | "newer":
                trouble = self._choice.step(-1 if word == "older" else 1)
                if not trouble:
                    self._has_ended = False
                    self.pager.to_end(is_last=True)
                return trouble
        return ""

    def is_ticking(self) -> bool:
        """See Page."""
        return self._choice.is_at_work

    def hear(self, update: Update) -> None:
        """See Page: what it prints has a stream of its own."""
        self._choice.hear(update)

    async def run(self) -> None:
        """See Page."""
        await self._choice.read()
