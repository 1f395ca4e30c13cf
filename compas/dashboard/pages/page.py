"""What a page is: one thing of a thread on the whole screen, read from the supervisor and kept up to date."""

from typing import Protocol

from compas.dashboard.commands import PageKind
from compas.dashboard.lines import Line
from compas.dashboard.state import Update
from compas.dashboard.widgets.pager import Pager


class Page(Protocol):
    """One page."""

    pager: Pager

    @property
    def kind(self) -> PageKind:
        """What it shows."""
        ...

    @property
    def thread(self) -> str:
        """The thread it is about; empty for the help."""
        ...

    def heading(self) -> Line:
        """Return what its first line says of it."""
        ...

    def lines(self, width: int, now: float) -> list[Line]:
        """Return all of it in lines of at most `width` columns."""
        ...

    def is_ticking(self) -> bool:
        """Tell whether it shows a time that is running."""
        ...

    def hear(self, update: Update) -> None:
        """Take notice of something that may change it."""
        ...

    async def run(self) -> None:
        """Read it and keep it up to date, until cancelled."""
        ...
