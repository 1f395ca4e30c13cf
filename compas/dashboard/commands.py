"""What can be done in the dashboard, by name: keys, mouse and tests all go through here."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from compas.dashboard.keymap import TAB_TITLES


class Doer(Protocol):
    """What commands are carried out by."""

    def move(self, by: int) -> None:
        """Select, or scroll to, what is so many lines further down."""
        ...

    def move_pages(self, by: int) -> None:
        """Move by what the screen shows."""
        ...

    def move_to_end(self, *, is_last: bool) -> None:
        """Move to the first or the last line."""
        ...

    def show_tab(self, index: int) -> None:
        """Show the tab of this number, from 0."""
        ...

    def step_tab(self, by: int) -> None:
        """Show a tab further to the right, or to the left, and round the ends."""
        ...

    def mark(self) -> None:
        """Mark the selected row, or take its mark away."""
        ...

    def show_history(self) -> None:
        """Show what the selected agent did."""
        ...

    def next_order(self) -> None:
        """Put the rows into another order."""
        ...

    def fold(self) -> None:
        """Fold the batch of the selected row, or unfold it."""
        ...

    def open_row(self) -> None:
        """Show what the selected row is about, or fold the group that it is the head of."""
        ...

    def open_page(self, kind: str) -> None:
        """Show a page, of the selected thread or of all; the kinds are in `pages/all.py`."""
        ...

    def toggle_follow(self) -> None:
        """Follow the end of the page, or stop."""
        ...

    def back(self) -> None:
        """Leave the page."""
        ...

    def edit_filter(self) -> None:
        """Let the person type."""
        ...

    def end_filter(self, *, keep: bool) -> None:
        """End the typing, with or without a filter."""
        ...

    def erase(self) -> None:
        """Take the last character of what was typed back."""
        ...

    def start_supervisor(self) -> None:
        """Start one if there is none."""
        ...

    def quit(self) -> None:
        """End the dashboard."""
        ...


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One command: its name, its help text, and what it does."""

    name: str
    help: str
    run: Callable[[Doer], None]


def _tab(number: int) -> Command:
    title = TAB_TITLES[number]
    return Command(name=f"tab-{title.lower()}", help=f"show {title}", run=lambda it: it.show_tab(number))


_ALL = (
    Command(name="down", help="go one line down", run=lambda it: it.move(1)),
    Command(name="up", help="go one line up; a page stops following", run=lambda it: it.move(-1)),
    Command(name="page-down", help="go one screen down", run=lambda it: it.move_pages(1)),
    Command(name="page-up", help="go one screen up", run=lambda it: it.move_pages(-1)),
    Command(name="first", help="go to the beginning", run=lambda it: it.move_to_end(is_last=False)),
    Command(name="last", help="go to the end; a page follows what comes", run=lambda it: it.move_to_end(is_last=True)),
    Command(name="open", help="show the thread's conversation, or fold a batch", run=lambda it: it.open_row()),
    Command(
        name="open-conversation", help="show the thread's conversation", run=lambda it: it.open_page("conversation")
    ),
    Command(name="open-log", help="show what its newest execution prints", run=lambda it: it.open_page("log")),
    Command(name="open-diff", help="show what the thread's work changes", run=lambda it: it.open_page("diff")),
    Command(name="next-tab", help="show the next tab", run=lambda it: it.step_tab(1)),
    Command(name="previous-tab", help="show the tab before", run=lambda it: it.step_tab(-1)),
    *map(_tab, range(len(TAB_TITLES))),
    Command(name="agent-history", help="show what the agent did", run=lambda it: it.show_history()),
    Command(name="mark", help="mark the row, or take the mark away", run=lambda it: it.mark()),
    Command(name="order", help="put the rows into another order", run=lambda it: it.next_order()),
    Command(name="fold-batch", help="fold the batch of the row, or unfold it", run=lambda it: it.fold()),
    Command(name="follow", help="follow the end, or stop following", run=lambda it: it.toggle_follow()),
    Command(name="filter", help="show only rows with the words typed next", run=lambda it: it.edit_filter()),
    Command(
        name="keep-filter", help="keep the filter and go back to the list", run=lambda it: it.end_filter(keep=True)
    ),
    Command(
        name="clear-filter",
        help="show all rows again, or take all marks away",
        run=lambda it: it.end_filter(keep=False),
    ),
    Command(name="erase", help="erase the last character", run=lambda it: it.erase()),
    Command(name="start-supervisor", help="start a supervisor when none runs", run=lambda it: it.start_supervisor()),
    Command(name="back", help="go back", run=lambda it: it.back()),
    Command(name="help", help="show all keys", run=lambda it: it.open_page("help")),
    Command(name="quit", help="leave the dashboard; agents and supervisor go on", run=lambda it: it.quit()),
)

COMMANDS: dict[str, Command] = {command.name: command for command in _ALL}
