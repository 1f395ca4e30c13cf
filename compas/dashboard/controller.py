"""Holds what the dashboard shows and what a person does to it; every command ends here, and every update."""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec
import trio

from compas.clock import Clock
from compas.dashboard.acting import Acting
from compas.dashboard.board import Board
from compas.dashboard.commands import COMMANDS
from compas.dashboard.errand import Hands
from compas.dashboard.frame import Frame, paint
from compas.dashboard.keymap import TYPED, Binding, Context, command_for
from compas.dashboard.lines import Line
from compas.dashboard.offers import offers
from compas.dashboard.page_stack import PageStack
from compas.dashboard.pages.page import PageKind, Subject
from compas.dashboard.situation import Situation, Target, target_of, target_of_row
from compas.dashboard.source import Source
from compas.dashboard.state import Opened, Update, evolve
from compas.dashboard.tab_line import tab_at
from compas.dashboard.tab_set import TabSet
from compas.dashboard.tabs.tab import Tab

WHEEL_LINES = 3
TICK_SECONDS = 1.0
IDLE_TICK_SECONDS = 60.0
"""How often times are drawn anew: while one is running, and else."""


class Outfit(msgspec.Struct, frozen=True, kw_only=True):
    """What a dashboard can show, and what it works on this machine with.

    `version` is its own; empty where it is not to be compared with the supervisor's.
    """

    tabs: Sequence[Tab]
    pages: Sequence[PageKind]
    hands: Hands
    version: str = ""


class Controller:
    """Carries commands out, folds updates in, and paints. Nothing here waits: what has to, gets a task of its own."""

    def __init__(
        self,
        source: Callable[[], Source],
        helpers: trio.Nursery,
        clock: Clock,
        outfit: Outfit,
        *,
        on_change: Callable[[], None],
    ) -> None:
        """`helpers` runs pages and errands; its cancellation ends the dashboard. `on_change` is called at news."""
        self.board = Board()
        self._version = outfit.version
        self._source = source
        self._helpers = helpers
        self._clock = clock
        self._on_change = on_change
        self.tabs = TabSet(outfit.tabs, lambda: self.board, clock, self._tell)
        self.pages = PageStack(outfit.pages, helpers, on_change, self._tell)
        self.acting = Acting(
            source,
            outfit.hands,
            helpers,
            clock,
            notify=self._tell,
            on_done=self.tabs.unmark,
            is_connected=lambda: self.board.link == "connected",
        )
        self._notice = ""
        self._painted: list[Line] = []
        self._columns = 0

    # --- what comes in -----------------------------------------------------------------------------------------------

    def update(self, update: Update) -> None:
        """Take an update."""
        self.board = evolve(self.board, update)
        if isinstance(update, Opened):
            self._notice = ""
        self.pages.hear(update)
        self.acting.hear(update)
        self._want()
        self._on_change()

    def press(self, key: str) -> None:
        """Take a key."""
        self._notice = ""
        context = self.context
        if not self._obey(context, key) and context in TYPED and len(key) == 1 and key.isprintable():
            self._type(key)
        self._want()

    def paste(self, text: str) -> None:
        """Take a text that was pasted: it is typed where something is, and obeyed nowhere."""
        if self.context in TYPED:
            self._type(text)
        self._want()

    def _want(self) -> None:
        """Have read what the tab shows."""
        self._source().want(self.tabs.needs())

    def _type(self, text: str) -> None:
        if self.acting.context is not None:
            self.acting.type(text)
        else:
            self.tabs.type(text)

    def _obey(self, context: Context, key: str) -> bool:
        command = command_for(context, key, self._own_keys)
        if command is None and context in ("list", "page"):
            command = self.acting.own_command(key)
        if command is not None:
            self.run_command(command)
        return command is not None

    def run_command(self, name: str) -> None:
        """Carry out a command by its name, or say why that cannot be done now."""
        command, now = COMMANDS.get(name), self.situation()
        if command is None:
            self._notice = self.acting.run_own(name, now)
            return
        self._notice = command.refuse(now)
        if not self._notice:
            command.run(self)

    @property
    def _own_keys(self) -> Sequence[Binding]:
        """The keys of what is shown, which go before all others."""
        return self.pages.top.keys if self.pages.top is not None else self.tabs.place.tab.keys

    def _tell(self, text: str) -> None:
        self._notice = text or self._notice
        self._on_change()

    def click(self, row: int, column: int = 0) -> None:
        """Select the row that is there, and open it if it was selected; show the tab in the first line."""
        if self.pages.top is not None or self.acting.context is not None or row >= len(self._painted):
            return
        if row == 0:
            found = tab_at(self.tabs.titles, self.tabs.shown, self.board, self._columns, column)
            if found is not None:
                self.show_tab(found)
            return
        key = self._painted[row].key
        if key is None:
            return
        listing = self.tabs.place.listing
        if key == listing.selected:
            self._obey("list", "enter")
        listing.select(key)
        self._want()

    def wheel(self, by: int) -> None:
        """Scroll a page, or select the next row; what is asked covers them, and is scrolled where it is long."""
        if self.acting.context in ("palette", "message"):
            self.acting.tell("next" if by > 0 else "previous")
        elif self.acting.context is None:
            self.move(by * WHEEL_LINES if self.pages.top is not None else by)

    # --- what is shown -----------------------------------------------------------------------------------------------

    @property
    def context(self) -> Context:
        """What keys mean now."""
        if self.acting.context is not None:
            return self.acting.context
        if self.pages.top is not None:
            return self.pages.top.context
        return "filter" if self.tabs.place.filter.is_typed else "list"

    def frame(self, columns: int, rows: int) -> Sequence[Line]:
        """Paint the screen."""
        self._columns = columns
        frame = Frame(
            board=self.board,
            titles=self.tabs.titles,
            shown=self.tabs.shown,
            place=self.tabs.place,
            view=self.tabs.settle(),
            selected=self.tabs.selected(),
            marked=len(self.tabs.marked()),
            page=self.pages.top,
            context=self.context,
            notice=self._notice,
            may_start=self._source().may_start,
            now=self._clock(),
            version=self._version,
        )
        self._painted = self.acting.lay_over(paint(frame, columns, rows), columns)
        return self._painted

    @property
    def tick_seconds(self) -> float:
        """How soon the times on the screen change by themselves."""
        is_ticking = self.tabs.is_ticking() or self.pages.is_ticking()
        return TICK_SECONDS if is_ticking else IDLE_TICK_SECONDS

    # --- commands ----------------------------------------------------------------------------------------------------

    def move(self, by: int) -> None:
        """See Doer."""
        self._mover.move(by)

    def move_pages(self, by: int) -> None:
        """See Doer."""
        self._mover.move_pages(by)

    def move_to_end(self, *, is_last: bool) -> None:
        """See Doer."""
        self._mover.to_end(is_last=is_last)

    @property
    def _mover(self) -> "_Moves":
        if self.pages.top is not None:
            return self.pages.top.pager
        self.tabs.settle()
        return self.tabs.place.listing

    def show_tab(self, index: int) -> None:
        """Show a tab as it was left, and close what was opened from another; one that is not there changes nothing."""
        if self.tabs.show(index):
            self.pages.close_all()
            self._want()
            self._on_change()  # its times may go at another pace

    def step_tab(self, by: int) -> None:
        """See Doer."""
        self.show_tab(self.tabs.beside(by))

    def open_row(self) -> None:
        """See Doer."""
        row = self.tabs.selected()
        if row is not None and row.folds:
            self.tabs.fold()
        else:
            self.open_page("conversation")

    def open_page(self, kind: str) -> None:
        """See Doer."""
        row = self.tabs.looked_at()
        is_chosen = self.pages.top is None and row is not None and row is not self.tabs.selected()
        told = f"{row.thread} is the newest thread of this batch" if is_chosen and row is not None else self._notice
        self._notice = self.pages.open(kind, self._source(), self._subject()) or told

    def _subject(self) -> Subject | None:
        """Return what is looked at: what the page is about, or the selected row, whichever rows are marked."""
        row = self.tabs.looked_at()
        looked_at = self._of_page() or ([target_of_row(self.board, row)] if row is not None and row.thread else [])
        return next((Subject(thread=one.thread, execution=one.execution) for one in looked_at), None)

    def targets(self) -> tuple[Target, ...]:
        """Return what is meant: the thread of the page that is shown, or else the rows of the list."""
        return self._of_page() or tuple(target_of_row(self.board, row) for row in self.tabs.meant() if row.thread)

    def _of_page(self) -> tuple[Target, ...]:
        top = self.pages.top
        return (target_of(self.board, top.thread, top.execution),) if top is not None and top.thread else ()

    def situation(self) -> Situation:
        """Return everything that decides what may be done now."""
        return Situation(
            board=self.board,
            targets=self.targets(),
            page=self.pages.top.kind if self.pages.top is not None else "",
            may_start=self._source().may_start,
            now=self._clock(),
        )

    def begin(self, action: str) -> None:
        """See Doer."""
        self.acting.begin(action, self.situation())

    def open_palette(self) -> None:
        """See Doer."""
        context: Context = "page" if self.pages.top is not None else "list"
        self.acting.choose(offers(context, self._own_keys, self.situation()), self.situation(), self.run_command)

    def edit_search(self) -> None:
        """See Doer."""
        if self.pages.top is not None:
            self.acting.search(self.pages.top.pager)

    def erase(self) -> None:
        """See Doer."""
        if self.acting.context is not None:
            self.acting.tell("erase")
        else:
            self.tabs.erase()

    def start_supervisor(self) -> None:
        """See Doer."""
        if self.board.link == "connected":
            self._notice = "a supervisor is running"
        elif not self._source().may_start:
            self._notice = "this dashboard was told to start none (--standalone)"
        else:
            self._source().start_supervisor()
            self._notice = "starting a supervisor …"

    def quit(self) -> None:
        """See Doer."""
        self._helpers.cancel_scope.cancel()


class _Moves(Protocol):
    def move(self, by: int) -> None: ...

    def move_pages(self, by: int) -> None: ...

    def to_end(self, *, is_last: bool) -> None: ...
