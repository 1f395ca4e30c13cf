"""What a tab is: a list over the board that knows its rows, how they are laid out, and which keys are its own."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec

from compas.dashboard.board import Board
from compas.dashboard.keymap import Binding
from compas.dashboard.needs import Need
from compas.dashboard.widgets.listing import Block
from compas.domain.advice import Said


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What any row has: a `key` that names it wherever it stands, and the thread it is about, if any.

    `execution` is the one it is about, where that need not be the thread's newest. `what_now` says what its operator
    may do, `facts` what else is known, of which the row has no room for everything. `folds` names the group whose rows
    it hides or shows, and `inside` the group it belongs to.
    """

    key: str
    thread: str = ""
    execution: str = ""
    what_now: Said = ""
    facts: str = ""
    folds: str = ""
    inside: str = ""


class Narrowed(msgspec.Struct, frozen=True, kw_only=True):
    """What a person wants to see of a tab: the rows that match a text, without those of folded groups.

    `order` is the number of one of the tab's orders. `reach` is how many rows are to be there at least, if there are so
    many: a person goes down, and more comes.
    """

    text: str = ""
    folded: frozenset[str] = frozenset()
    order: int = 0
    reach: int = 0


class Standing(NamedTuple):
    """Where the selection stands among the rows, as they were seen last: its number, and how many rows are below it."""

    number: int
    left: int


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What rows look like beside what they say: the key of the selected one, and of those that are marked."""

    selected: str | None = None
    marked: frozenset[str] = frozenset()


class View(Protocol):
    """The rows of a tab at one moment. All of it is pure."""

    @property
    def rows(self) -> Sequence[Row]:
        """All rows that can be selected, in the order of the screen."""
        ...

    def members(self, group: str) -> Sequence[Row]:
        """Return the rows of a group, folded or not."""
        ...

    def blocks(self, width: int, now: float, look: Look) -> list[Block]:
        """Return the whole list for a screen of `width` columns; rows are laid out when they are to be seen."""
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

    @property
    def orders(self) -> tuple[str, ...]:
        """The orders its rows can stand in, in words; the first is the one to begin with."""
        ...

    def needs(self, board: Board, text: str, at: Standing) -> tuple[Need, ...]:
        """Return what is to be read while it is shown, with the selection standing there."""
        ...

    def view(self, board: Board, now: float, narrowed: Narrowed, before: View | None = None) -> View:
        """Return the rows that are wanted; what has not changed since the view `before` may be taken from there."""
        ...

    def is_ticking(self, board: Board) -> bool:
        """Tell whether it shows a time that is running."""
        ...
