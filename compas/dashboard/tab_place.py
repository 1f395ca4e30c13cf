"""A tab as its person left it: the selected row, the part that is to be seen, the filter, and marks and folds."""

from collections.abc import Sequence

from compas.dashboard.board import Board
from compas.dashboard.needs import Need
from compas.dashboard.tabs.tab import Look, Narrowed, Row, Standing, Tab, View
from compas.dashboard.widgets.listing import Listing

STEP = 12
"""There are so many rows more than a person has gone down, up to twice as many."""


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
        self._marked: frozenset[str] = frozenset()
        self._folded: frozenset[str] = frozenset()
        self._order = 0
        self._seen: tuple[Board, int, Narrowed] | None = None
        self._view = tab.view(Board(), 0.0, Narrowed())

    def settle(self, board: Board, now: float) -> View:
        """Return the rows as they are now; the selection has its place among them.

        They are worked out again only when the board, the second, the filter or a fold is another one.
        """
        reach = (self.listing.index // STEP + 2) * STEP
        narrowed = Narrowed(text=self.filter.text, folded=self._folded, order=self._order, reach=reach)
        seen = (board, int(now), narrowed)
        if self._seen is None or self._seen[0] is not board or self._seen[1:] != seen[1:]:
            self._seen, self._view = seen, self.tab.view(board, now, narrowed, self._view)
            self.listing.settle([row.key for row in self._view.rows])
        return self._view

    def selected(self, board: Board, now: float) -> Row | None:
        """Return the selected row as it is now."""
        return next((row for row in self.settle(board, now).rows if row.key == self.listing.selected), None)

    def needs(self, board: Board) -> tuple[Need, ...]:
        """Return what is to be read while the tab is shown."""
        return self.tab.needs(board, self.filter.text, Standing(self.listing.index, self.listing.left))

    def next_order(self) -> str:
        """Put the rows into the next of the tab's orders; return which that is, empty where there is one only."""
        orders = self.tab.orders
        if len(orders) < 2:
            return ""
        self._order = (self._order + 1) % len(orders)
        return orders[self._order]

    # --- marks -------------------------------------------------------------------------------------------------------

    def look(self) -> Look:
        """Return what rows look like."""
        return Look(selected=self.listing.selected, marked=self._marked)

    def toggle_mark(self, board: Board, now: float) -> None:
        """Mark the selected row, or all rows of the group that it stands for, or take the mark away."""
        keys = frozenset(row.key for row in self._marked_with(board, now))
        self._marked = self._marked - keys if keys <= self._marked else self._marked | keys

    def unmark(self, keys: frozenset[str] | None = None) -> None:
        """Take the marks of these rows away, or all marks."""
        self._marked = self._marked - keys if keys is not None else frozenset()

    def _marked_with(self, board: Board, now: float) -> Sequence[Row]:
        row = self.selected(board, now)
        if row is None:
            return ()
        return self._view.members(row.folds) if row.folds else (row,)

    def marked(self, board: Board, now: float) -> tuple[Row, ...]:
        """Return the marked rows that are there, in the order of the screen, also those in folded groups."""
        view = self.settle(board, now)
        found = {row.key: row for top in view.rows for row in (view.members(top.folds) if top.folds else (top,))}
        return tuple(row for key, row in found.items() if key in self._marked)

    def meant(self, board: Board, now: float) -> tuple[Row, ...]:
        """Return the rows that an action is about: the marked ones, else the selected one, or all of its group."""
        return self.marked(board, now) or tuple(self._marked_with(board, now))

    # --- folds -------------------------------------------------------------------------------------------------------

    def toggle_fold(self, board: Board, now: float) -> bool:
        """Fold the group of the selected row, or unfold it; tell whether there is one. The selection stays there."""
        row = self.selected(board, now)
        group = (row.folds or row.inside) if row is not None else ""
        if not group:
            return False
        self._folded ^= {group}
        head = next((one.key for one in self.settle(board, now).rows if one.folds == group), None)
        if head is not None and row is not None and row.key != self.listing.selected:
            self.listing.select(head)
        return True
