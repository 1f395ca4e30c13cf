"""The tabs, which of them is to be seen, and what a person does to its rows; each is kept as it was left."""

from collections.abc import Callable, Sequence

from compas.clock import Clock
from compas.dashboard.board import Board
from compas.dashboard.keymap import TAB_TITLES
from compas.dashboard.needs import Need
from compas.dashboard.tab_place import TabPlace
from compas.dashboard.tabs.tab import Row, Tab, View


class TabSet:
    """The first tab is shown in the beginning. `notify` is told why something changes nothing, or what it did."""

    def __init__(
        self, tabs: Sequence[Tab], board: Callable[[], Board], clock: Clock, notify: Callable[[str], None]
    ) -> None:
        self._places = [TabPlace(tab) for tab in tabs]
        self._board = board
        self._clock = clock
        self._notify = notify
        self.place = self._places[0]

    # --- which tab ---------------------------------------------------------------------------------------------------

    @property
    def titles(self) -> tuple[str, ...]:
        """What the tabs are called."""
        return tuple(place.tab.title for place in self._places)

    @property
    def shown(self) -> int:
        """The number of the tab that is shown, from 0."""
        return self._places.index(self.place)

    def show(self, index: int) -> bool:
        """Show a tab as it was left; tell whether it is there, otherwise nothing changes."""
        is_there = 0 <= index < len(self._places)
        if is_there:
            self.place = self._places[index]
        return is_there

    def beside(self, by: int) -> int:
        """Return the number of a tab further to the right, or to the left, and round the ends."""
        return (self.shown + by) % len(self._places)

    # --- what it shows -----------------------------------------------------------------------------------------------

    def settle(self) -> View:
        """Return the rows as they are now."""
        return self.place.settle(self._board(), self._clock())

    def needs(self) -> tuple[Need, ...]:
        """Return what is to be read while the tab is shown."""
        return self.place.needs(self._board())

    def is_ticking(self) -> bool:
        """Tell whether the tab shows a time that is running."""
        return self.place.tab.is_ticking(self._board())

    def selected(self) -> Row | None:
        """Return the selected row."""
        return self.place.selected(self._board(), self._clock())

    def looked_at(self) -> Row | None:
        """Return the row whose thread is shown by pages: the selected one, and of a group the newest of its rows."""
        row = self.selected()
        if row is None or not row.folds:
            return row
        threads = self._board().threads
        return max(
            (one for one in self.settle().members(row.folds) if one.thread in threads),
            key=lambda one: threads[one.thread].updated_at,
            default=row,
        )

    def marked(self) -> tuple[Row, ...]:
        """Return the marked rows."""
        return self.place.marked(self._board(), self._clock())

    def meant(self) -> tuple[Row, ...]:
        """Return the rows that an action is about: the marked ones, or else the selected one."""
        return self.place.meant(self._board(), self._clock())

    # --- what is done to it ------------------------------------------------------------------------------------------

    def mark(self) -> None:
        """See TabDoer: the next row is selected, so that many can be marked by holding the key."""
        self.place.toggle_mark(self._board(), self._clock())
        self.place.listing.move(1)

    def unmark(self, threads: frozenset[str]) -> None:
        """Take the marks away from the rows of these threads: what they were marked for is done."""
        self.place.unmark(frozenset(row.key for row in self.marked() if row.thread in threads))

    def show_history(self) -> None:
        """See TabDoer."""
        row = self.selected()
        words = row.key.partition(":")[2] if row is not None else ""
        self.show(TAB_TITLES.index("History"))
        self.place.filter.text = words

    def next_order(self) -> None:
        """See TabDoer."""
        order = self.place.next_order()
        self._notify(f"sorted: {order}" if order else "these rows have one order only")

    def fold(self) -> None:
        """See TabDoer."""
        if not self.place.toggle_fold(self._board(), self._clock()):
            self._notify("this row belongs to no batch of several that are shown together")

    def edit_filter(self) -> None:
        """See TabDoer."""
        self.place.filter.is_typed = True

    def end_filter(self, *, keep: bool) -> None:
        """See TabDoer."""
        wanted = self.place.filter
        if not keep and not wanted.is_typed and not wanted.text:
            self.place.unmark()
        wanted.is_typed = False
        wanted.text = wanted.text if keep else ""

    def type(self, text: str) -> None:
        """Add what was typed or pasted to the filter, which is one line."""
        self.place.filter.text += " ".join(text.split()) if len(text) > 1 else text

    def erase(self) -> None:
        """Take the last character of the filter back."""
        self.place.filter.text = self.place.filter.text[:-1]
