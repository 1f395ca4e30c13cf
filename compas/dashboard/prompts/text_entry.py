"""A text that is being typed: it has a cursor, and what is pasted comes in whole."""

from compas.dashboard.lines import chop, clean_lines

CURSOR = "█"


class TextEntry:
    """Knows nothing of keys: it is told what to do with the text, by the words of `edit`."""

    def __init__(self, text: str = "") -> None:
        self.text = text
        self.cursor = len(text)

    def insert(self, text: str) -> None:
        """Put a text where the cursor is."""
        self.text = self.text[: self.cursor] + text + self.text[self.cursor :]
        self.cursor += len(text)

    def replace(self, text: str) -> None:
        """Take another text, with the cursor at its end."""
        self.text, self.cursor = text, len(text)

    def edit(self, word: str) -> bool:
        """Do what the word says; tell whether it is one of editing."""
        match word:
            case "erase":
                self._erase_to(self.cursor - 1)
            case "erase-word":
                self._erase_to(self._word_start())
            case "erase-line":
                self._erase_to(self._line_start())
            case "left":
                self.cursor = max(0, self.cursor - 1)
            case "right":
                self.cursor = min(len(self.text), self.cursor + 1)
            case "start":
                self.cursor = self._line_start()
            case "end":
                self.cursor = self._line_end()
            case _:
                return False
        return True

    def move_line(self, by: int) -> bool:
        """Move the cursor to the line above or below; tell whether there is one."""
        column = self.cursor - self._line_start()
        if by < 0:
            if self._line_start() == 0:
                return False
            self.cursor = self._line_start() - 1
        else:
            if self._line_end() == len(self.text):
                return False
            self.cursor = self._line_end() + 1
        self.cursor = min(self._line_start() + column, self._line_end())
        return True

    def shown(self, width: int, *, has_cursor: bool) -> list[str]:
        """Return the text in lines of at most `width` columns, the cursor standing in it if wanted."""
        text = self.text
        if has_cursor:
            text = text[: self.cursor] + CURSOR + text[self.cursor :]
        return [part for line in clean_lines(text) for part in chop(line, max(1, width))]

    def _erase_to(self, start: int) -> None:
        start = max(0, start)
        self.text = self.text[:start] + self.text[self.cursor :]
        self.cursor = start

    def _line_start(self) -> int:
        return self.text.rfind("\n", 0, self.cursor) + 1

    def _line_end(self) -> int:
        end = self.text.find("\n", self.cursor)
        return len(self.text) if end < 0 else end

    def _word_start(self) -> int:
        before = self.text[: self.cursor].rstrip()
        return max(before.rfind(" "), before.rfind("\n")) + 1
