"""What a tab is: a list over the board, by sections, that knows how to lay its rows out."""

from collections.abc import Sequence
from typing import Protocol

from compas.dashboard.board import Board
from compas.dashboard.sections import Section
from compas.dashboard.widgets.listing import Entry


class Tab(Protocol):
    """One list. Both methods are pure."""

    @property
    def title(self) -> str:
        """Its name in the first line."""
        ...

    def sections(self, board: Board, now: float, text: str) -> tuple[Section, ...]:
        """Return the sections with the rows that match a text, in the order of the screen."""
        ...

    def entries(
        self, board: Board, sections: Sequence[Section], now: float, text: str, width: int, selected: str | None
    ) -> list[Entry]:
        """Return the whole list in lines of at most `width` columns, which are laid out when they are to be seen."""
        ...
