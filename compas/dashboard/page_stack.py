"""The open pages: the last one is to be seen, and each reads in a task of its own until it is closed."""

from collections.abc import Callable, Iterable

import trio

from compas.dashboard.pages.page import OnChange, Page, PageKind, Subject
from compas.dashboard.source import Asks
from compas.dashboard.state import Update


class PageStack:
    """Under the last page are those that the way back leads to; under all of them is the list."""

    def __init__(
        self, kinds: Iterable[PageKind], helpers: trio.Nursery, on_change: OnChange, notify: Callable[[str], None]
    ) -> None:
        """`notify` is told what a page says to a key."""
        self._notify = notify
        self._kinds = {kind.kind: kind for kind in kinds}
        self._helpers = helpers
        self._on_change = on_change
        self._open: list[tuple[Page, trio.CancelScope]] = []

    @property
    def top(self) -> Page | None:
        """The page that is to be seen."""
        return self._open[-1][0] if self._open else None

    def open(self, kind: str, asks: Asks, subject: Subject | None) -> str:
        """Show a page of this kind, unless one is shown; returns why there is none, or nothing.

        A page of a thread takes the place of another, so that the way back leads to the list; one of none lies on top.
        """
        page = self._kinds[kind].open(asks, subject, self._on_change)
        if isinstance(page, str):
            return page
        if self.top is None or self.top.kind != kind:
            if page.thread:
                self.close()
            scope = trio.CancelScope()
            self._open.append((page, scope))
            self._helpers.start_soon(_run, page, scope)
        return ""

    def close(self) -> None:
        """Leave the page that is to be seen, if there is one."""
        if self._open:
            _, scope = self._open.pop()
            scope.cancel()

    def close_all(self) -> None:
        """Go all the way back to the list."""
        while self._open:
            self.close()

    def back(self) -> None:
        """End the search of the page that is to be seen, or else leave the page."""
        if self.top is not None and self.top.pager.is_searching:
            self.top.pager.end_search()
        else:
            self.close()

    def tell(self, word: str) -> None:
        """Hand a word to the page that is to be seen."""
        said = self.top.tell(word) if self.top is not None else ""
        if said:
            self._notify(said)

    def toggle_follow(self) -> None:
        """Follow the end of the page that is to be seen, or stop."""
        if self.top is not None:
            self.top.pager.is_following = not self.top.pager.is_following

    def next_hit(self, by: int) -> None:
        """Go to a later or an earlier place of what is looked for."""
        if self.top is not None:
            self.top.pager.next_hit(by)

    def hear(self, update: Update) -> None:
        """Tell all pages of an update."""
        for page, _ in self._open:
            page.hear(update)

    def is_ticking(self) -> bool:
        """Tell whether any page shows a time that is running."""
        return any(page.is_ticking() for page, _ in self._open)


async def _run(page: Page, scope: trio.CancelScope) -> None:
    with scope:
        await page.run()
