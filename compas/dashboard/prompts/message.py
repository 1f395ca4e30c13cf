"""Tells something that is too long for a line, such as a refusal, until it has been read."""

from compas.dashboard.keymap import Context
from compas.dashboard.lines import Line, clean_lines, plain, wrap


class MessagePrompt:
    """Any of the keys that close it does."""

    context: Context = "message"

    def __init__(self, title: str, text: str) -> None:
        self.is_over = False
        self._title = title
        self._text = text
        self._top = 0

    def lines(self, width: int, height: int) -> list[Line]:
        """See Prompt."""
        told = [part for line in clean_lines(self._text) for part in wrap(line, max(1, width - 2))]
        room = max(1, height - 1)
        self._top = max(0, min(self._top, len(told) - room))
        shown = told[self._top : self._top + room]
        rest = f"  {self._top + len(shown)} of {len(told)} lines" if len(told) > room else ""
        return [Line((("warn", self._title), ("dim", rest))), *(plain(f"  {part}") for part in shown)]

    def type(self, text: str) -> None:
        """See Prompt."""

    def tell(self, word: str) -> None:
        """See Prompt."""
        match word:
            case "accept" | "dismiss":
                self.is_over = True
            case "next":
                self._top += 1
            case "previous":
                self._top -= 1
