"""Reads everything that one execution does and prints, while it is looked at."""

import trio

from compas.api.history import LogEvent
from compas.api.threads import TRANSCRIPT, TranscriptExecution, TranscriptRequest
from compas.dashboard.pages.page import OnChange
from compas.dashboard.reading import Reading
from compas.dashboard.runs.card import AT_WORK
from compas.dashboard.runs.printed import Printed
from compas.dashboard.runs.steps import Steps
from compas.dashboard.source import Asks
from compas.dashboard.state import Opened, Update, thread_of


class RunReader:
    """One execution. `is_over` once nothing more will come."""

    def __init__(self, asks: Asks, execution: str, on_change: OnChange) -> None:
        self.execution = execution
        self.printed = Printed(asks, execution, on_change)
        self.steps = Steps(asks, execution, on_change)

    @property
    def is_over(self) -> bool:
        """Whether it has ended and all of it was read."""
        return self.printed.is_over and self.steps.is_over

    async def run(self) -> None:
        """Read until it has ended."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.printed.run)
            nursery.start_soon(self.steps.run)


class RunChoice:
    """Which execution of a thread is looked at; another one can be chosen at any time, also before any is known."""

    def __init__(self, asks: Asks, thread: str, execution: str, on_change: OnChange) -> None:
        self.reader = RunReader(asks, execution, on_change)
        self.transcript = Reading(asks, TRANSCRIPT, TranscriptRequest(thread_id=thread), on_change)
        self._thread = thread
        self._asks = asks
        self._on_change = on_change
        self._chosen = trio.Event()

    @property
    def execution(self) -> str:
        """The one that is looked at."""
        return self.reader.execution

    @property
    def run(self) -> TranscriptExecution | None:
        """What is known of it."""
        return self._found()[0]

    @property
    def place(self) -> tuple[int, int]:
        """Which of how many of its thread it is; (0, 0) while that is not known."""
        return self._found()[1]

    @property
    def is_at_work(self) -> bool:
        """Whether it is known to run."""
        return self.run is not None and self.run.status in AT_WORK

    def _found(self) -> tuple[TranscriptExecution | None, tuple[int, int]]:
        answer = self.transcript.answer
        runs = answer.executions if answer is not None else ()
        for number, one in enumerate(runs, 1):
            if one.id == self.execution:
                return one, (number, len(runs))
        return None, (0, 0)

    def step(self, by: int) -> str:
        """Look at the one before or after, among those of the thread; return why there is none."""
        answer = self.transcript.answer
        if answer is None:
            return "the executions of the thread are being read"
        known = tuple(one.id for one in answer.executions)
        at = known.index(self.execution) if self.execution in known else len(known) - 1
        if not 0 <= at + by < len(known):
            return "there is no older execution in this thread" if by < 0 else "this is the thread's newest execution"
        self._choose(known[at + by])
        return ""

    def _choose(self, execution: str) -> None:
        if execution != self.execution:
            self.reader = RunReader(self._asks, execution, self._on_change)
            self._chosen.set()
            self._on_change()

    def hear(self, update: Update) -> None:
        """Read the thread again after what concerns it."""
        if isinstance(update, Opened) or (isinstance(update, LogEvent) and thread_of(update) == self._thread):
            self.transcript.outdate()

    async def read(self) -> None:
        """Read the thread, and the one that is looked at, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.transcript.run)
            nursery.start_soon(self._read_chosen)

    async def _read_chosen(self) -> None:
        while True:
            self._chosen = trio.Event()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.reader.run)
                await self._chosen.wait()
                nursery.cancel_scope.cancel()
