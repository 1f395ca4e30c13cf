"""Holds what the dashboard shows and what a person does to it; every command ends here, and every update."""

from collections.abc import Callable, Sequence
from typing import Protocol

import trio

from compas.clock import Clock
from compas.dashboard.board import Board
from compas.dashboard.commands import COMMANDS
from compas.dashboard.frame import Frame, paint
from compas.dashboard.keymap import TAB_TITLES, Context, command_for
from compas.dashboard.lines import Line
from compas.dashboard.page_stack import PageStack
from compas.dashboard.pages.page import PageKind, Subject
from compas.dashboard.source import Source
from compas.dashboard.state import Opened, Update, evolve
from compas.dashboard.tab_line import tab_at
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
        version: str = "",
    ) -> None:
        """`helpers` runs the pages; its cancellation ends the dashboard. `on_change` is called when there is news."""
        self.board = Board()
        self._version = version
        self._source = source
        self._helpers = helpers
        self._clock = clock
        self._on_change = on_change
        self._places = [TabPlace(tab) for tab in tabs]
        self._place = self._places[0]
        self._pages = PageStack(pages, helpers, on_change)
        self._notice = ""
        self._painted: list[Line] = []
        self._columns = 0

    # --- what comes in -----------------------------------------------------------------------------------------------

    def update(self, update: Update) -> None:
        """Take an update."""
        self.board = evolve(self.board, update)
        if isinstance(update, Opened):
            self._notice = ""
        self._pages.hear(update)
        self._want()
        self._on_change()

    def press(self, key: str) -> None:
        """Take a key."""
        self._notice = ""
        context = self.context
        if not self._obey(context, key) and context == "filter" and len(key) == 1 and key.isprintable():
            self._place.filter.text += key
        self._want()

    def _want(self) -> None:
        """Have read what the tab shows."""
        self._source().want(self._place.needs(self.board))

    def _obey(self, context: Context, key: str) -> bool:
        command = command_for(context, key, self._place.tab.keys)
        if command is not None:
            COMMANDS[command].run(self)
        return command is not None

    def click(self, row: int, column: int = 0) -> None:
        """Select the row that is there, and open it if it was selected; show the tab in the first line."""
        if self._pages.top is not None or row >= len(self._painted):
            return
        if row == 0:
            found = tab_at(self._titles, self._shown, self.board, self._columns, column)
            if found is not None:
                self.show_tab(found)
            return
        key = self._painted[row].key
        if key is None:
            return
        if key == self._place.listing.selected:
            self._obey("list", "enter")
        self._place.listing.select(key)

    def wheel(self, by: int) -> None:
        """Scroll a page, or select the next row."""
        self.move(by * WHEEL_LINES if self._pages.top is not None else by)

    # --- what is shown -----------------------------------------------------------------------------------------------

    @property
    def context(self) -> Context:
        """What keys mean now."""
        if self._pages.top is not None:
            return self._pages.top.context
        return "filter" if self._place.filter.is_typed else "list"

    def frame(self, columns: int, rows: int) -> Sequence[Line]:
        """Paint the screen."""
        now = self._clock()
        self._columns = columns
        frame = Frame(
            board=self.board,
            titles=self._titles,
            shown=self._shown,
            place=self._place,
            view=self._place.settle(self.board, now),
            selected=self._place.selected(self.board, now),
            marked=len(self._place.marked(self.board, now)),
            page=self._pages.top,
            context=self.context,
            notice=self._notice,
            may_start=self._source().may_start,
            now=now,
            version=self._version,
        )
        self._painted = paint(frame, columns, rows)
        return self._painted

    @property
    def _titles(self) -> tuple[str, ...]:
        return tuple(place.tab.title for place in self._places)

    @property
    def _shown(self) -> int:
        return self._places.index(self._place)

    @property
    def tick_seconds(self) -> float:
        """How soon the times on the screen change by themselves."""
        is_ticking = self._place.tab.is_ticking(self.board) or self._pages.is_ticking()
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
        if self._pages.top is not None:
            return self._pages.top.pager
        self._place.settle(self.board, self._clock())
        return self._place.listing

    def show_tab(self, index: int) -> None:
        """Show a tab as it was left, and close what was opened from another; one that is not there changes nothing."""
        if 0 <= index < len(self._places):
            self._place = self._places[index]
            self._pages.close_all()
            self._want()
            self._on_change()  # its times may go at another pace

    def step_tab(self, by: int) -> None:
        """See Doer."""
        self.show_tab((self._shown + by) % len(self._places))

    def mark(self) -> None:
        """See Doer: the next row is selected, so that many can be marked by holding the key."""
        self._place.toggle_mark(self.board, self._clock())
        self._place.listing.move(1)

    def show_history(self) -> None:
        """See Doer."""
        row = self._place.selected(self.board, self._clock())
        words = row.key.partition(":")[2] if row is not None else ""
        self.show_tab(TAB_TITLES.index("History"))
        self._place.filter.text = words
        self._want()

    def next_order(self) -> None:
        """See Doer."""
        order = self._place.next_order()
        self._notice = f"sorted: {order}" if order else "these rows have one order only"

    def fold(self) -> None:
        """See Doer."""
        if not self._place.toggle_fold(self.board, self._clock()):
            self._notice = "this row belongs to no batch of several that are shown together"

    def open_row(self) -> None:
        """See Doer."""
        row = self._place.selected(self.board, self._clock())
        if row is not None and row.folds:
            self.fold()
        else:
            self.open_page("conversation")

    def open_page(self, kind: str) -> None:
        """See Doer."""
        self._notice = self._pages.open(kind, self._source(), self._subject()) or self._notice

    def _subject(self) -> Subject | None:
        """Return what is looked at: what the page is about, or the selected row."""
        top, row = self._pages.top, self._place.selected(self.board, self._clock())
        thread = top.thread if top is not None else row.thread if row is not None else ""
        if not thread:
            return None
        known = self.board.threads.get(thread)
        own = row.execution if top is None and row is not None else ""
        return Subject(thread=thread, execution=own or (known.execution_id if known is not None else None))

    def meant(self) -> tuple[Row, ...]:
        """Return the rows of the list that an action is about: the marked ones, or else the selected one."""
        return self._place.meant(self.board, self._clock())

    def toggle_follow(self) -> None:
        """See Doer."""
        if self._pages.top is not None:
            pager = self._pages.top.pager
            pager.is_following = not pager.is_following

    def back(self) -> None:
        """See Doer."""
        self._pages.close()

    def edit_filter(self) -> None:
        """See Doer."""
        self._place.filter.is_typed = True

    def end_filter(self, *, keep: bool) -> None:
        """See Doer."""
        if not keep and not self._place.filter.is_typed and not self._place.filter.text:
            self._place.unmark()
        self._place.filter.is_typed = False
        self._place.filter.text = self._place.filter.text if keep else ""

    def erase(self) -> None:
        """See Doer."""
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
