"""What commands are carried out by."""

from typing import Protocol


class PageDoer(Protocol):
    """The pages, as commands see them; without any, nothing happens."""

    def tell(self, word: str) -> None:
        """Hand a word to the page that is shown: what it means there, the page knows."""
        ...

    def toggle_follow(self) -> None:
        """Follow the end of the page, or stop."""
        ...

    def next_hit(self, by: int) -> None:
        """Show a later or an earlier place of what is looked for."""
        ...

    def back(self) -> None:
        """End the search of the page, or else leave the page."""
        ...


class TabDoer(Protocol):
    """The tab that is shown, as commands see it."""

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

    def edit_filter(self) -> None:
        """Let the person type."""
        ...

    def end_filter(self, *, keep: bool) -> None:
        """End the typing, with or without a filter; where neither is there, take all marks away."""
        ...


class PromptDoer(Protocol):
    """What is asked, as commands see it."""

    def tell(self, word: str) -> None:
        """Hand a word to what is being asked: what it means there, that knows."""
        ...


class Doer(Protocol):
    """The controller, as commands see it."""

    @property
    def tabs(self) -> TabDoer:
        """The tabs."""
        ...

    @property
    def pages(self) -> PageDoer:
        """The pages that are open."""
        ...

    @property
    def acting(self) -> PromptDoer:
        """What is being asked."""
        ...

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

    def open_row(self) -> None:
        """Show what the selected row is about, or fold the group that it is the head of."""
        ...

    def open_page(self, kind: str) -> None:
        """Show a page, of the selected thread or of all; the kinds are in `pages/all.py`."""
        ...

    def edit_search(self) -> None:
        """Let the person type what to look for in the page."""
        ...

    def erase(self) -> None:
        """Take the last character of what was typed back."""
        ...

    def open_palette(self) -> None:
        """Let the person choose a command by its name."""
        ...

    def begin(self, action: str) -> None:
        """Begin an action on what is selected or shown, or say why it cannot be done; they are in `actions/all.py`."""
        ...

    def start_supervisor(self) -> None:
        """Start one if there is none."""
        ...

    def quit(self) -> None:
        """End the dashboard."""
        ...
