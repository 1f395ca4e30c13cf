"""Asks which command is meant, by a few letters of its name; shows what can be done now, and its keys."""

from collections.abc import Callable, Sequence

import msgspec

from compas.dashboard.fuzzy import ranked
from compas.dashboard.keymap import Context
from compas.dashboard.lines import Line, cut_line, cut_words, fit, plain, wrap
from compas.dashboard.prompts.text_entry import TextEntry
from compas.dashboard.theme import MARK

_MOST = 12
_NAME, _KEYS = 19, 10
_TOLD_ROWS = 2
_TOLD_FROM = 60
"""Columns from which there is room to say what each command does; below, the selected one's is said below the list."""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A command that can be chosen: its name, the keys that mean it here, and what it does."""

    name: str
    keys: str
    help: str


class PalettePrompt:
    """The best fit is selected; Enter carries it out."""

    context: Context = "palette"

    def __init__(self, offers: Sequence[Offer], run: Callable[[str], None]) -> None:
        self.is_over = False
        self._offers = offers
        self._run = run
        self._entry = TextEntry()
        self._index = 0

    def lines(self, width: int, height: int) -> list[Line]:
        """See Prompt."""
        found = self._found()
        is_narrow = width < _TOLD_FROM
        room = max(1, min(_MOST, height - 1 - _TOLD_ROWS * is_narrow))
        top = max(0, self._index - room + 1)
        typed = self._entry.shown(max(1, width - 12), has_cursor=True)[-1]
        count = f"  {len(found)} of {len(self._offers)}"
        head = Line((("accent", ":"), ("", typed), ("dim", count)))
        rows = [
            _row(offer, width, is_selected=top + number == self._index)
            for number, offer in enumerate(found[top : top + room])
        ]
        if not found:
            rows = [plain(part, "dim") for part in wrap("  nothing that can be done now is called so", width)]
        told = wrap(found[self._index].help, max(1, width - 2)) if found and is_narrow else []
        return [head, *rows, *(plain(f"  {part}", "dim") for part in told[:_TOLD_ROWS])]

    def type(self, text: str) -> None:
        """See Prompt."""
        self._entry.insert(text.replace("\n", " "))
        self._index = 0

    def tell(self, word: str) -> None:
        """See Prompt."""
        match word:
            case "accept":
                found = self._found()
                if found:
                    self.is_over = True
                    self._run(found[self._index].name)
            case "dismiss":
                self.is_over = True
            case "next" | "previous":
                by = 1 if word == "next" else -1
                self._index = max(0, min(len(self._found()) - 1, self._index + by))
            case _ if self._entry.edit(word):
                self._index = 0

    def _found(self) -> list[Offer]:
        return ranked(self._entry.text, self._offers, lambda one: one.name, lambda one: f"{one.name} {one.help}")


def _row(offer: Offer, width: int, *, is_selected: bool) -> Line:
    name, keys = fit(offer.name, _NAME), fit(offer.keys, _KEYS)
    mark = ("accent", f"{MARK} ") if is_selected else ("", "  ")
    does = cut_words(offer.help, width - _NAME - _KEYS - 4) if width >= _TOLD_FROM else ""
    segments = (mark, ("", f"{name} "), ("accent", f"{keys} "), ("dim", does))
    return cut_line(Line(segments, ground="chosen" if is_selected else ""), width)
