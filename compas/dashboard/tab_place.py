"""A tab as its person left it: the selected row, the part that is to be seen, and the filter."""

from compas.dashboard.board import Board
from compas.dashboard.tabs.tab import Row, Tab, View
from compas.dashboard.widgets.listing import Listing


class Filter:
    """What rows have to match, and whether it is being typed."""

    def __init__(self) -> None:
        self.text = ""
        self.is_typed = False


class TabPlace:
    """One per tab."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab
        self.listing = Listing()
        self.filter = Filter()
        self._seen: tuple[Board, int, str] | None = None
        self._view = tab.view(Board(), 0.0, "")

    def settle(self, board: Board, now: float) -> View:
        """Return the rows as they are now; the selection has its place among them.

        They are worked out again only when the board, the second or the filter is another one.
        """
        seen = (board, int(now), self.filter.text)
        if self._seen is None or self._seen[0] is not board or self._seen[1:] != seen[1:]:
            self._seen, self._view = seen, self.tab.view(board, now, self.filter.text)
            self.listing.settle([row.key for row in self._view.rows])
        return self._view

    def selected(self, board: Board, now: float) -> Row | None:
        """Return the selected row as it is now."""
        return next((row for row in self.settle(board, now).rows if row.key == self.listing.selected), None)
