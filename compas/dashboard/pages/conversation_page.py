"""The page with a thread's conversation."""

from typing import ClassVar

from compas.api.history import LogEvent
from compas.api.threads import TRANSCRIPT, TranscriptRequest, TranscriptResponse
from compas.dashboard.conversation import conversation, is_at_work
from compas.dashboard.keymap import Binding, Context
from compas.dashboard.lines import Line, one_line, plain
from compas.dashboard.pages.page import NO_ROW, OnChange, Subject
from compas.dashboard.reading import Reading
from compas.dashboard.source import Asks
from compas.dashboard.state import Opened, Update, thread_of
from compas.dashboard.widgets.pager import Pager


class ConversationPage:
    """Begins at the end and follows it; goes on when its thread is closed and reopened."""

    kind: ClassVar[str] = "conversation"
    context: Context = "page"

    def __init__(self, asks: Asks, thread: str, on_change: OnChange) -> None:
        self.thread = thread
        self.pager = Pager(is_following=True)
        self._reading = Reading(asks, TRANSCRIPT, TranscriptRequest(thread_id=thread), on_change)
        self._laid_out: tuple[TranscriptResponse, int, int] | None = None
        self._lines: list[Line] = []

    @classmethod
    def open(cls, asks: Asks, subject: Subject | None, on_change: OnChange) -> "ConversationPage | str":
        """See PageKind."""
        return cls(asks, subject.thread, on_change) if subject is not None else NO_ROW

    keys: ClassVar[tuple[Binding, ...]] = ()
    execution: str | None = None

    def above(self, width: int, now: float) -> list[Line]:
        """See Page."""
        return []

    def tell(self, word: str) -> str:
        """See Page."""
        return ""

    def heading(self) -> Line:
        """See Page."""
        answer = self._reading.answer
        status = f"  {answer.thread_status.lower()}" if answer is not None and answer.thread_status else ""
        summary = f"  {one_line(answer.summary)}" if answer is not None and answer.summary else ""
        return Line((("head", one_line(self.thread)), ("accent", status), ("", summary)))

    def lines(self, width: int, now: float) -> list[Line]:
        """See Page."""
        answer = self._reading.answer
        if answer is None:
            return self._reading.instead()
        if not answer.messages and not answer.executions:
            return [plain("  nothing has been said in this thread", "dim")]
        state = (answer, width, int(now) if is_at_work(answer) else 0)
        if self._laid_out is None or self._laid_out[0] is not answer or self._laid_out[1:] != state[1:]:
            self._laid_out = state
            self._lines = conversation(answer, width, now)
        return self._lines

    def is_ticking(self) -> bool:
        """See Page."""
        return self._reading.answer is not None and is_at_work(self._reading.answer)

    def hear(self, update: Update) -> None:
        """See Page."""
        if isinstance(update, Opened) or (isinstance(update, LogEvent) and thread_of(update) == self.thread):
            self._reading.outdate()

    async def run(self) -> None:
        """See Page."""
        await self._reading.run()
