"""What a prompt is: something that is asked over the bottom of the screen, and takes the keys while it is there."""

from typing import Protocol

from compas.dashboard.keymap import Context
from compas.dashboard.lines import Line


class Prompt(Protocol):
    """One prompt. `is_over` once it has been answered or dismissed."""

    is_over: bool

    @property
    def context(self) -> Context:
        """What keys mean while it is there."""
        ...

    def lines(self, width: int, height: int) -> list[Line]:
        """Return what it says, in at most so many lines and columns."""
        ...

    def type(self, text: str) -> None:
        """Take a character that was typed, or a text that was pasted."""
        ...

    def tell(self, word: str) -> None:
        """Take a word of a key: accept, dismiss, next, previous, erase, …; one that means nothing here does nothing."""
        ...
