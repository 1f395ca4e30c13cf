"""What a tab is: a list over the board that knows its rows, how they are laid out, and which keys are its own."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from compas.dashboard.board import Board
from compas.dashboard.keymap import Binding
from compas.dashboard.widgets.listing import Entry
from compas.domain.advice import Said


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What any row has: a `key` that names it wherever it stands, and the thread it is about, if any.

    `what_now` says what its operator may do.
    """

    key: str
    thread: str = ""
    what_now: Said = ""


class View(Protocol):
    """The rows of a tab at one moment. All of it is pure."""

    @property
    def rows(self) -> Sequence[Row]:
        """All rows in the order of the screen."""
        ...

    def entries(self, width: int, now: float, selected: str | None) -> list[Entry]:
        """Return the whole list in lines of at most `width` columns, which are laid out when they are to be seen."""
        ...


class Tab(Protocol):
    """One tab. It keeps nothing: where a person is in it is kept by the controller, so that other tabs can be shown."""

    @property
    def title(self) -> str:
        """Its name in the first line."""
        ...

    @property
    def keys(self) -> tuple[Binding, ...]:
        """The keys that mean something else here than in other lists. A click on the selected row is an Enter."""
        ...

    def view(self, board: Board, now: float, text: str) -> View:
        """Return the rows that match a text."""
        ...

    def is_ticking(self, board: Board) -> bool:
        """Tell whether it shows a time that is running."""
        ...
