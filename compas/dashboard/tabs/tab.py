"""What a tab is: a list over the board, by sections, that knows how to lay its rows out."""

from collections.abc import Sequence
from typing import Protocol

from compas.dashboard.lines import Line
from compas.dashboard.sections import Row
from compas.dashboard.state import Board


class Tab(Protocol):
    """One list. Both methods are pure."""

    @property
    def title(self) -> str:
        """Its name in the first line."""
        ...

    def rows(self, board: Board, now: float, text: str) -> Sequence[Row]:
        """Return the rows that match a text, in the order of the screen."""
        ...

    def lines(self, board: Board, now: float, text: str, width: int, selected: str | None) -> list[Line]:
        """Return the whole list in lines of at most `width` columns, rows with their keys."""
        ...
