"""The page with all keys, made from the keymap."""

from typing import ClassVar

from compas.dashboard.breaks import lines_of
from compas.dashboard.hotkeys import chapters
from compas.dashboard.keymap import Binding, Context, key_name
from compas.dashboard.lines import BLANK, Line, fit, plain
from compas.dashboard.lines import wrap as wrapped
from compas.dashboard.own_commands import OwnCommands
from compas.dashboard.own_commands import described as described_command
from compas.dashboard.pages.page import OnChange, Subject
from compas.dashboard.source import Asks
from compas.dashboard.state import Update
from compas.dashboard.theme import SIGNS
from compas.dashboard.widgets.pager import Pager

_KEYS = 16


class HelpPage:
    """Covers the whole screen, and can be scrolled."""

    kind: ClassVar[str] = "help"
    context: Context = "help"
    thread = ""
    execution: str | None = None
    keys: ClassVar[tuple[Binding, ...]] = ()

    def __init__(self, asks: Asks, on_change: OnChange) -> None:
        self.pager = Pager(is_following=False)
        self._own = OwnCommands(lambda: asks, on_change)

    @classmethod
    def open(cls, asks: Asks, subject: Subject | None, on_change: OnChange) -> "HelpPage":
        """See PageKind."""
        return cls(asks, on_change)

    def heading(self) -> Line:
        """See Page."""
        return plain("help", "head")

    def above(self, width: int, now: float) -> list[Line]:
        """See Page."""
        return []

    def tell(self, word: str) -> str:
        """See Page."""
        return ""

    def lines(self, width: int, now: float) -> list[Line]:
        """See Page."""
        found: list[Line] = []
        own = [(key_name(one.key), described_command(one)) for one in self._own.all]
        for title, described in (*chapters(), *([("Of your config", own)] if own else [])):
            found += [BLANK, plain(f"  {title}", "head")]
            for keys, does in described:
                parts = wrapped(does, max(1, width - _KEYS - 4))
                first, *rest = lines_of(does, parts, margin=" " * (_KEYS + 4))
                found += [Line((("accent", f"    {fit(keys, _KEYS - 1)} "), *first.segments)), *rest]
        found += [BLANK, plain("  Signs", "head")]
        found += [Line(((style, f"    {fit(sign, _KEYS - 1)} "), ("", word))) for word, (sign, style) in SIGNS.items()]
        found += [BLANK, plain("  Ctrl-C leaves the dashboard at once, from anywhere.", "dim")]
        return found

    def is_ticking(self) -> bool:
        """See Page."""
        return False

    def hear(self, update: Update) -> None:
        """See Page: only the config changes keys."""
        self._own.hear(update)

    async def run(self) -> None:
        """See Page."""
        await self._own.run()
