"""Reads everything that one execution does and prints, while it is looked at."""

import trio

from compas.dashboard.pages.page import OnChange
from compas.dashboard.runs.printed import Printed
from compas.dashboard.runs.steps import Steps
from compas.dashboard.source import Asks


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

    def __init__(self, asks: Asks, execution: str, on_change: OnChange) -> None:
        self.reader = RunReader(asks, execution, on_change)
        self._asks = asks
        self._on_change = on_change
        self._chosen = trio.Event()

    @property
    def execution(self) -> str:
        """The one that is looked at."""
        return self.reader.execution

    def choose(self, execution: str) -> None:
        """Look at another one."""
        if execution != self.execution:
            self.reader = RunReader(self._asks, execution, self._on_change)
            self._chosen.set()
            self._on_change()

    def step(self, known: tuple[str, ...], by: int) -> str:
        """Look at the one before or after, among those of the thread; return why there is none."""
        at = known.index(self.execution) if self.execution in known else len(known) - 1
        if not 0 <= at + by < len(known):
            return "there is no older execution in this thread" if by < 0 else "this is the thread's newest execution"
        self.choose(known[at + by])
        return ""

    async def run(self) -> None:
        """Read the one that is looked at, until cancelled."""
        while True:
            self._chosen = trio.Event()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.reader.run)
                await self._chosen.wait()
                nursery.cancel_scope.cancel()
