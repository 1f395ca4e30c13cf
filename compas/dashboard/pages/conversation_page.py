"""The page with a thread's conversation, and with those of the threads that its fan-outs opened."""

from typing import ClassVar

import trio

from compas.api.history import LogEvent
from compas.api.threads import TRANSCRIPT, TranscriptRequest, TranscriptResponse
from compas.dashboard.conversation import Chain, conversation, is_at_work
from compas.dashboard.keymap import Binding, Context
from compas.dashboard.lines import Line, one_line, plain
from compas.dashboard.page_keys import PAGE_KEYS
from compas.dashboard.pages.page import OnChange, Subject
from compas.dashboard.reading import Reading
from compas.dashboard.selection import NO_THREAD
from compas.dashboard.source import Asks
from compas.dashboard.state import Opened, Update, thread_of
from compas.dashboard.widgets.pager import Pager

MOST_THREADS = 50
"""Threads of a chain that are read at most."""

Transcripts = Reading[TranscriptRequest, TranscriptResponse]


class ConversationPage:
    """Begins at the end and follows it; goes on when its thread is closed and reopened."""

    kind: ClassVar[str] = "conversation"
    context: Context = "page"
    keys: ClassVar[tuple[Binding, ...]] = PAGE_KEYS["conversation"]
    execution: str | None = None

    def __init__(self, asks: Asks, thread: str, on_change: OnChange) -> None:
        self.thread = thread
        self.pager = Pager(is_following=True)
        self._asks = asks
        self._on_change = on_change
        self._readings: dict[str, Transcripts] = {thread: self._reading(thread)}
        self._found = trio.Event()
        self._is_whole = False
        self._seen: tuple[object, ...] = ()
        self._lines: list[Line] = []

    @classmethod
    def open(cls, asks: Asks, subject: Subject | None, on_change: OnChange) -> "ConversationPage | str":
        """See PageKind."""
        return cls(asks, subject.thread, on_change) if subject is not None else NO_THREAD

    def heading(self) -> Line:
        """See Page."""
        answer = self._answer
        status = f"  {answer.thread_status.lower()}" if answer is not None and answer.thread_status else ""
        summary = f"  {one_line(answer.summary)}" if answer is not None and answer.summary else ""
        return Line((("head", one_line(self.thread)), ("accent", status), ("", summary)))

    def above(self, width: int, now: float) -> list[Line]:
        """See Page."""
        return []

    def lines(self, width: int, now: float) -> list[Line]:
        """See Page."""
        answer = self._answer
        if answer is None:
            return self._readings[self.thread].instead()
        if not answer.messages and not answer.executions:
            return [plain("  nothing has been said in this thread", "dim")]
        answers = {name: one.answer for name, one in self._readings.items() if one.answer is not None}
        clock = int(now) if self.is_ticking() else 0
        seen = (width, clock, self._is_whole, *answers.values())
        if seen != self._seen:
            self._seen = seen
            self._lines = conversation(answer, width, now, Chain(threads=answers, is_whole=self._is_whole))
        return self._lines

    def tell(self, word: str) -> str:
        """See Page."""
        if word == "details":
            self._is_whole = not self._is_whole
        return ""

    def is_ticking(self) -> bool:
        """See Page."""
        return any(one.answer is not None and is_at_work(one.answer) for one in self._readings.values())

    def hear(self, update: Update) -> None:
        """See Page."""
        if isinstance(update, Opened):
            for reading in self._readings.values():
                reading.outdate()
        elif isinstance(update, LogEvent) and (found := self._readings.get(thread_of(update) or "")) is not None:
            found.outdate()

    async def run(self) -> None:
        """See Page."""
        begun: set[str] = set()
        async with trio.open_nursery() as nursery:
            while True:
                for name in [name for name in self._readings if name not in begun]:
                    begun.add(name)
                    nursery.start_soon(self._readings[name].run)
                await self._found.wait()
                self._found = trio.Event()

    @property
    def _answer(self) -> TranscriptResponse | None:
        return self._readings[self.thread].answer

    def _reading(self, thread: str) -> Transcripts:
        return Reading(self._asks, TRANSCRIPT, TranscriptRequest(thread_id=thread), self._take)

    def _take(self) -> None:
        """Read the threads that those which were read have opened."""
        for reading in list(self._readings.values()):
            for name in reading.answer.children if reading.answer is not None else ():
                if name not in self._readings and len(self._readings) < MOST_THREADS:
                    self._readings[name] = self._reading(name)
                    self._found.set()
        self._on_change()
