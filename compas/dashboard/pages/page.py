"""What a page is: one thing on the whole screen, read from the supervisor and kept up to date."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from compas.dashboard.keymap import Binding, Context
from compas.dashboard.lines import Line
from compas.dashboard.source import Asks
from compas.dashboard.state import Update
from compas.dashboard.widgets.pager import Pager

OnChange = Callable[[], None]


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked at when a page is asked for: a thread, and its newest execution if there was one."""

    thread: str
    execution: str | None


class Page(Protocol):
    """One page."""

    @property
    def pager(self) -> Pager:
        """Where the screen stands in it."""
        ...

    @property
    def kind(self) -> str:
        """What it shows."""
        ...

    @property
    def context(self) -> Context:
        """What keys mean on it."""
        ...

    @property
    def thread(self) -> str:
        """The thread it is about; empty where it is about none, such as the help."""
        ...

    @property
    def execution(self) -> str | None:
        """The execution it is about, None where it is about none in particular."""
        ...

    @property
    def keys(self) -> tuple[Binding, ...]:
        """The keys that mean something else here than on other pages."""
        ...

    def tell(self, word: str) -> str:
        """Take a word of a key of its own, or a command's; return what to say of it, if anything."""
        ...

    def heading(self) -> Line:
        """Return what its first line says of it."""
        ...

    def above(self, width: int, now: float) -> list[Line]:
        """Return what stays above it while it is scrolled."""
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


class PageKind(Protocol):
    """Makes pages of one kind; a page's class is its own."""

    @property
    def kind(self) -> str:
        """The name by which commands open it."""
        ...

    @property
    def keys(self) -> tuple[Binding, ...]:
        """See Page."""
        ...

    def open(self, asks: Asks, subject: Subject | None, on_change: OnChange) -> Page | str:
        """Return a page about what is looked at, None where that is nothing; or say why there can be none."""
        ...
