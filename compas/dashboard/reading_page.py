"""A page that shows one answer of the supervisor, read again whenever something may have changed it."""

from abc import ABC, abstractmethod
from typing import ClassVar, Generic

from compas.api.history import LogEvent
from compas.api.operation import Operation
from compas.dashboard.keymap import Binding, Context
from compas.dashboard.lines import Line
from compas.dashboard.pages.page import OnChange
from compas.dashboard.reading import Reading
from compas.dashboard.source import Asks, Req, Res
from compas.dashboard.state import Opened, Update, thread_of
from compas.dashboard.widgets.pager import Pager


class ReadingPage(ABC, Generic[Req, Res]):
    """What pages of this kind share; see Page. The answer is laid out again only when that would change it."""

    context: ClassVar[Context] = "page"
    keys: ClassVar[tuple[Binding, ...]] = ()
    execution: str | None = None

    def __init__(
        self,
        asks: Asks,
        operation: Operation[Req, Res],
        request: Req,
        thread: str,
        on_change: OnChange,
    ) -> None:
        self.thread = thread
        self.pager = Pager(is_following=False)
        self.reading = Reading(asks, operation, request, on_change)
        self._seen: tuple[Res, tuple[int, ...]] | None = None
        self._lines: list[Line] = []

    @abstractmethod
    def heading(self) -> Line:
        """See Page."""

    @abstractmethod
    def laid_out(self, answer: Res, width: int, now: float) -> list[Line]:
        """Return the answer in lines of at most `width` columns."""

    def concerns(self, event: LogEvent) -> bool:
        """Tell whether an event may have changed the answer."""
        return thread_of(event) == self.thread

    def depends_on(self, now: float) -> tuple[int, ...]:
        """Return what the layout depends on beside answer and width."""
        return ()

    def above(self, width: int, now: float) -> list[Line]:
        """See Page."""
        return []

    def lines(self, width: int, now: float) -> list[Line]:
        """See Page."""
        answer = self.reading.answer
        if answer is None:
            return self.reading.instead()
        state = (width, *self.depends_on(now))
        if self._seen is None or self._seen[0] is not answer or self._seen[1] != state:
            self._seen = (answer, state)
            self._lines = self.laid_out(answer, width, now)
        return self._lines

    def tell(self, word: str) -> str:
        """See Page."""
        return ""

    def is_ticking(self) -> bool:
        """See Page."""
        return False

    def hear(self, update: Update) -> None:
        """See Page."""
        if isinstance(update, Opened) or (isinstance(update, LogEvent) and self.concerns(update)):
            self.reading.outdate()

    async def run(self) -> None:
        """See Page."""
        await self.reading.run()
