"""Holds what the dashboard shows and what a person does to it; every command ends here, and every update."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import msgspec
import trio

from actors.remote.session import Session
from compas.api.operation import Operation
from compas.clock import Clock
from compas.dashboard.board import Board
from compas.dashboard.commands import COMMANDS, PageKind
from compas.dashboard.frame import Frame, paint
from compas.dashboard.keymap import Context, command_for
from compas.dashboard.lines import Line
from compas.dashboard.pages.conversation_page import ConversationPage
from compas.dashboard.pages.diff_page import DiffPage
from compas.dashboard.pages.help_page import HelpPage
from compas.dashboard.pages.log_page import LogPage
from compas.dashboard.pages.page import Page
from compas.dashboard.sections import Row, Section, rows_of
from compas.dashboard.state import Opened, Update, evolve
from compas.dashboard.tabs.ops import Ops
from compas.dashboard.tabs.tab import Tab
from compas.dashboard.widgets.listing import Listing

Req = TypeVar("Req", bound=msgspec.Struct)
Res = TypeVar("Res", bound=msgspec.Struct)

WHEEL_LINES = 3
TICK_SECONDS = 1.0
IDLE_TICK_SECONDS = 60.0
"""How often times are drawn anew: while one is running, and else."""


class Source(Protocol):
    """What the controller asks for; see `Feed`."""

    @property
    def may_start(self) -> bool:
        """Whether a supervisor may be started."""
        ...

    def start_supervisor(self) -> None:
        """Connect again at once, and start a supervisor if there is none."""
        ...

    async def session(self) -> Session:
        """Return the connection's session."""
        ...

    async def ask(self, operation: Operation[Req, Res], request: Req) -> Res:
        """Ask for a read."""
        ...


class _Filter:
    """What rows have to match, and whether it is being typed."""

    def __init__(self) -> None:
        self.text = ""
        self.is_typed = False


class Controller:
    """Carries commands out, folds updates in, and paints. Nothing here waits: what has to, gets a task of its own."""

    def __init__(
        self,
        source: Callable[[], Source],
        helpers: trio.Nursery,
        clock: Clock,
        *,
        on_change: Callable[[], None],
        tab: Tab | None = None,
    ) -> None:
        """`helpers` runs the pages; its cancellation ends the dashboard. `on_change` is called when there is news."""
        self.board = Board()
        self._source = source
        self._helpers = helpers
        self._clock = clock
        self._on_change = on_change
        self._tab: Tab = tab or Ops()
        self._listing = Listing()
        self._pages: list[tuple[Page, trio.CancelScope]] = []
        self._filter = _Filter()
        self._notice = ""
        self._painted: list[Line] = []
        self._listed: tuple[Board, int, str, tuple[Section, ...]] = (self.board, -1, "", ())

    # --- what comes in -----------------------------------------------------------------------------------------------

    def update(self, update: Update) -> None:
        """Take an update."""
        self.board = evolve(self.board, update)
        if isinstance(update, Opened):
            self._notice = ""
        for page, _ in self._pages:
            page.hear(update)
        self._on_change()

    def press(self, key: str) -> None:
        """Take a key."""
        self._notice = ""
        context = self.context
        command = command_for(context, key)
        if command is not None:
            COMMANDS[command].run(self)
        elif context == "filter" and len(key) == 1 and key.isprintable():
            self._filter.text += key

    def click(self, row: int) -> None:
        """Select the row that is there; open it if it was selected."""
        if self._pages or row >= len(self._painted):
            return
        key = self._painted[row].key
        if key is None:
            return
        if key == self._listing.selected:
            self.open_page("conversation")
        self._listing.select(key)

    def wheel(self, by: int) -> None:
        """Scroll a page, or select the next row."""
        self.move(by * WHEEL_LINES if self._pages else by)

    # --- what is shown -----------------------------------------------------------------------------------------------

    @property
    def context(self) -> Context:
        """What keys mean now."""
        if self._pages:
            return "help" if self._pages[-1][0].kind == "help" else "page"
        return "filter" if self._filter.is_typed else "list"

    def frame(self, columns: int, rows: int) -> Sequence[Line]:
        """Paint the screen."""
        now = self._clock()
        sections = self._settle(now)
        frame = Frame(
            board=self.board,
            tab=self._tab,
            sections=sections,
            listing=self._listing,
            page=self._pages[-1][0] if self._pages else None,
            selected=self._selected(sections),
            context=self.context,
            text=self._filter.text,
            notice=self._notice,
            may_start=self._source().may_start,
            now=now,
        )
        self._painted = paint(frame, columns, rows)
        return self._painted

    def _settle(self, now: float) -> tuple[Section, ...]:
        """Return the list as it is now, in which the selection has a place; worked out anew when it may differ."""
        board, second, text, sections = self._listed
        if board is not self.board or second != int(now) or text != self._filter.text:
            sections = self._tab.sections(self.board, now, self._filter.text)
            self._listed = (self.board, int(now), self._filter.text, sections)
            self._listing.settle([row.key for row in rows_of(sections)])
        return sections

    def _selected(self, sections: tuple[Section, ...]) -> Row | None:
        return next((row for row in rows_of(sections) if row.key == self._listing.selected), None)

    @property
    def tick_seconds(self) -> float:
        """How soon the times on the screen change by themselves."""
        is_merging = any(merge.is_open for merge in self.board.merges.values())
        is_ticking = any(page.is_ticking() for page, _ in self._pages)
        return TICK_SECONDS if self.board.running or is_merging or is_ticking else IDLE_TICK_SECONDS

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
        if self._pages:
            return self._pages[-1][0].pager
        self._settle(self._clock())
        return self._listing

    def open_page(self, kind: PageKind) -> None:
        """Show a page; in place of another page of a thread, so that the way back leads to the list."""
        page = HelpPage() if kind == "help" else self._page(kind)
        if page is None or (self._pages and self._pages[-1][0].kind == kind):
            return
        if self._pages and kind != "help":
            self.back()
        scope = trio.CancelScope()
        self._pages.append((page, scope))
        self._helpers.start_soon(_run, page, scope)

    def _page(self, kind: PageKind) -> Page | None:
        """Make a page of the thread that is looked at; say why not where there can be none."""
        thread = self._thread()
        if thread is None:
            self._notice = "no row is selected"
            return None
        source = self._source()
        if kind == "conversation":
            return ConversationPage(source, thread, self._on_change)
        if kind == "diff":
            return DiffPage(source, thread, self._on_change)
        row = self.board.threads.get(thread)
        if row is None or row.execution_id is None:
            self._notice = "nothing has been started in this thread, so there is no log"
            return None
        return LogPage(source, thread, row.execution_id, self._on_change)

    def _thread(self) -> str | None:
        if self._pages:
            return self._pages[-1][0].thread or None
        row = self._selected(self._settle(self._clock()))
        return row.thread if row is not None else None

    def toggle_follow(self) -> None:
        """See Doer."""
        if self._pages:
            pager = self._pages[-1][0].pager
            pager.is_following = not pager.is_following

    def back(self) -> None:
        """See Doer."""
        if self._pages:
            _, scope = self._pages.pop()
            scope.cancel()

    def edit_filter(self) -> None:
        """See Doer."""
        self._filter.is_typed = True

    def end_filter(self, *, keep: bool) -> None:
        """See Doer."""
        self._filter.is_typed = False
        self._filter.text = self._filter.text if keep else ""

    def erase(self) -> None:
        """See Doer."""
        self._filter.text = self._filter.text[:-1]

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


async def _run(page: Page, scope: trio.CancelScope) -> None:
    with scope:
        await page.run()
