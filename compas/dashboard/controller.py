"""Holds what the dashboard shows and what a person does to it; every command ends here, and every update."""

from collections.abc import Callable, Sequence
from typing import Protocol

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
from compas.dashboard.tab_place import TabPlace
from compas.dashboard.tabs.tab import Row, Tab

WHEEL_LINES = 3
TICK_SECONDS = 1.0
IDLE_TICK_SECONDS = 60.0
"""How often times are drawn anew: while one is running, and else."""


class Controller:
    """Carries commands out, folds updates in, and paints. Nothing here waits: what has to, gets a task of its own."""

    def __init__(
        self,
        source: Callable[[], Source],
        helpers: trio.Nursery,
        clock: Clock,
        *,
        tabs: Sequence[Tab],
        pages: Sequence[PageKind],
        on_change: Callable[[], None],
        hands: Hands,
    ) -> None:
        """`helpers` runs pages and errands; its cancellation ends the dashboard. `on_change` is called at news."""
        self.board = Board()
        self._source = source
        self._helpers = helpers
        self._clock = clock
        self._on_change = on_change
        self._places = [TabPlace(tab) for tab in tabs]
        self._place = self._places[0]
        self.pages = PageStack(pages, helpers, on_change, self._tell)
        self.acting = Acting(
            source, hands, helpers, clock, notify=self._tell, is_connected=lambda: self.board.link == "connected"
        )
        self._notice = ""
        self._painted: list[Line] = []

    # --- what comes in -----------------------------------------------------------------------------------------------

    def update(self, update: Update) -> None:
        """Take an update."""
        self.board = evolve(self.board, update)
        if isinstance(update, Opened):
            self._notice = ""
        self.pages.hear(update)
        self.acting.hear(update)
        self._on_change()

    def press(self, key: str) -> None:
        """Take a key."""
        self._notice = ""
        context = self.context
        if not self._obey(context, key) and context in TYPED and len(key) == 1 and key.isprintable():
            self._type(key)

    def paste(self, text: str) -> None:
        """Take a text that was pasted: it is typed where something is, and obeyed nowhere."""
        if self.context in TYPED:
            self._type(text)

    def _type(self, text: str) -> None:
        if self.acting.context is not None:
            self.acting.type(text)
        else:
            self._place.filter.text += " ".join(text.split()) if len(text) > 1 else text

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
        return self.pages.top.keys if self.pages.top is not None else self._place.tab.keys

    def _tell(self, text: str) -> None:
        self._notice = text or self._notice
        self._on_change()

    def click(self, row: int) -> None:
        """Select the row that is there; open it if it was selected."""
        if self.pages.top is not None or self.acting.context is not None or row >= len(self._painted):
            return
        key = self._painted[row].key
        if key is None:
            return
        if key == self._place.listing.selected:
            self._obey("list", "enter")
        self._place.listing.select(key)

    def wheel(self, by: int) -> None:
        """Scroll a page, or select the next row."""
        self.move(by * WHEEL_LINES if self.pages.top is not None else by)

    # --- what is shown -----------------------------------------------------------------------------------------------

    @property
    def context(self) -> Context:
        """What keys mean now."""
        if self.acting.context is not None:
            return self.acting.context
        if self.pages.top is not None:
            return self.pages.top.context
        return "filter" if self._place.filter.is_typed else "list"

    def frame(self, columns: int, rows: int) -> Sequence[Line]:
        """Paint the screen."""
        now = self._clock()
        frame = Frame(
            board=self.board,
            titles=tuple(place.tab.title for place in self._places),
            place=self._place,
            view=self._place.settle(self.board, now),
            selected=self._place.selected(self.board, now),
            page=self.pages.top,
            context=self.context,
            notice=self._notice,
            may_start=self._source().may_start,
            now=now,
        )
        self._painted = self.acting.lay_over(paint(frame, columns, rows), columns)
        return self._painted

    @property
    def tick_seconds(self) -> float:
        """How soon the times on the screen change by themselves."""
        is_ticking = self._place.tab.is_ticking(self.board) or self.pages.is_ticking()
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
        self._place.settle(self.board, self._clock())
        return self._place.listing

    def show_tab(self, index: int) -> None:
        """Show a tab as it was left, and close what was opened from another; one that is not there changes nothing."""
        if 0 <= index < len(self._places):
            self._place = self._places[index]
            self.pages.close_all()
            self._on_change()  # its times may go at another pace

    def open_page(self, kind: str) -> None:
        """See Doer."""
        self._notice = self.pages.open(kind, self._source(), self._subject()) or self._notice

    def _subject(self) -> Subject | None:
        """Return what is looked at: what the page is about, or the first of what is meant."""
        found = self.targets()
        return Subject(thread=found[0].thread, execution=found[0].execution) if found else None

    def targets(self) -> tuple[Target, ...]:
        """Return what is meant: the thread of the page that is shown, or else the rows of the list."""
        top = self.pages.top
        if top is not None and top.thread:
            return (target_of(self.board, top.thread, top.execution),)
        return tuple(target_of_row(self.board, row) for row in self._meant() if row.thread)

    def _meant(self) -> tuple[Row, ...]:
        """Return the rows of the list that an action is about."""
        row = self._place.selected(self.board, self._clock())
        return (row,) if row is not None else ()

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

    def edit_filter(self) -> None:
        """See Doer."""
        self._place.filter.is_typed = True

    def end_filter(self, *, keep: bool) -> None:
        """See Doer."""
        self._place.filter.is_typed = False
        self._place.filter.text = self._place.filter.text if keep else ""

    def erase(self) -> None:
        """See Doer."""
        if self.acting.context is not None:
            self.acting.tell("erase")
        else:
            self._place.filter.text = self._place.filter.text[:-1]

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
