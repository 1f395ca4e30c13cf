"""The one urwid widget: draws the lines it is given, and hands keys and mouse on."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import urwid

from compas.dashboard.colours import styled
from compas.dashboard.lines import BLANK, Line
from compas.dashboard.theme import plain_text

_PASTE_BEGINS, _PASTE_ENDS = "begin paste", "end paste"
_CHARACTERS = {"enter": "\n", "tab": "\t"}
"""Keys that are characters when they come within a paste."""

Size = tuple[int, int]
"""Columns and rows."""


class Painted(Protocol):
    """What is drawn, and what is done about keys and mouse."""

    def frame(self, columns: int, rows: int) -> Sequence[Line]:
        """Return the lines of a screen of this size, at most as many as it has rows."""
        ...

    def press(self, key: str) -> None:
        """Take a key, by urwid's name."""
        ...

    def paste(self, text: str) -> None:
        """Take a text that was pasted."""
        ...

    def click(self, row: int, column: int) -> None:
        """Take a click into the screen."""
        ...

    def wheel(self, by: int) -> None:
        """Take a turn of the wheel, one step down or up."""
        ...


class Surface(urwid.Widget):
    """Fills the screen. Draws again only when told to by `invalidate`, after input, or by a new size."""

    _sizing = frozenset([urwid.BOX])
    _selectable = True

    def __init__(self, painted: Painted, *, has_signs: bool = True, on_input: Callable[[], None] | None = None) -> None:
        """`on_input` is called after every key and click and has the screen drawn; without it that is done at once."""
        super().__init__()
        self._on_input = on_input or self._invalidate
        self._painted = painted
        self._columns = 0
        self._canvases: dict[Line, urwid.Canvas] = {}
        self._pasted: list[str] | None = None
        self._shown: Callable[[str], str] = str if has_signs else plain_text

    def invalidate(self) -> None:
        """Draw anew the next time."""
        self._invalidate()

    def render(self, size: Size, focus: bool = False) -> urwid.Canvas:  # type: ignore[override]
        """Draw the lines; whatever they hold, the canvas has just this size."""
        columns, rows = size
        if columns < 1 or rows < 1:
            return urwid.SolidCanvas(" ", columns, rows)
        lines = list(self._painted.frame(columns, rows))[:rows]
        lines += [BLANK] * (rows - len(lines))
        # Most lines are the ones of before, and making a canvas is what takes the time.
        before = self._canvases if self._columns == columns else {}
        self._canvases = {line: before.get(line) or self._drawn(line, columns) for line in lines}
        self._columns = columns
        return urwid.CanvasCombine([(self._canvases[line], None, False) for line in lines])

    def _drawn(self, line: Line, columns: int) -> urwid.Canvas:
        markup = [
            (styled(style, line.ground), self._shown(text)) for style, text in _without_breaks(line.segments) if text
        ]
        canvas = urwid.CompositeCanvas(urwid.Text(markup or "", wrap=urwid.CLIP).render((columns,)))
        canvas.fill_attr(styled("", line.ground))
        return canvas

    def keypress(self, size: Size, key: str) -> str | None:  # type: ignore[override]
        """Hand a key on."""
        if key == _PASTE_BEGINS:
            self._pasted = []
        elif key == _PASTE_ENDS and self._pasted is not None:
            pasted, self._pasted = "".join(self._pasted), None
            self._painted.paste(pasted)
        elif self._pasted is not None:
            self._pasted.append(_CHARACTERS.get(key, key if len(key) == 1 else ""))
        else:
            self._painted.press(key)
        self._on_input()
        return None

    def mouse_event(  # type: ignore[override]
        self, size: Size, event: str, button: int, col: int, row: int, focus: bool
    ) -> bool | None:
        """Hand a click with the first button, or a turn of the wheel, on."""
        if urwid.util.is_mouse_press(event):
            if button in (4, 5):
                self._painted.wheel(-1 if button == 4 else 1)
            elif button == 1 and "drag" not in event:
                self._painted.click(row, col)
            self._on_input()
        return True


def _without_breaks(segments: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """A line is one line: a break in it would shift all that follows."""
    return ((style, text.replace("\n", " ")) for style, text in segments)
