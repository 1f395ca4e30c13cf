"""Shows the steps of the demonstration: the one under way in place, with its time running, the others for good."""

import os
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType

import msgspec

from compas.cli.render.text import Colour, Style, cut, pad, width_of
from compas.cli.terminal import write

_GLYPHS = "✓↻✗├└│─→…“”⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_PLAIN = str.maketrans("✓↻✗├└│─→…“”", '+*x|`|->~""')
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_PLAIN_SPINNER = "|/-\\"
_TICK_SECONDS = 0.1
_TIME, _LABELS = 6, 16
"""Columns for the time, and for the tree with its labels."""
_TEXT = _TIME + 1 + _LABELS + 1
_LEAST_TEXT, _UNLIMITED = 20, 1000
_COLOURS: dict[str, Colour] = {"✓": "green", "↻": "yellow", "✗": "red"}


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step: who or what, and what it did. `branch` draws its place in the tree, `below` that of lines under it."""

    label: str
    text: str
    mark: str = "✓"
    quote: str = ""
    branch: str = ""
    below: str = ""


class View:
    """Writes steps as they begin and end; a context manager that leaves the screen as it should be.

    What is under way when an error leaves the block is marked as failed.

    Where output is no terminal, or one without a cursor to move, each step is written once, when it is over.
    """

    def __init__(self, style: Style, *, is_live: bool, has_glyphs: bool, clock: Callable[[], float]) -> None:
        """`clock` is monotonic seconds; the first reading is the start of the demonstration."""
        self.style = style
        self._has_glyphs = has_glyphs
        self._clock = clock
        self._begun = clock()
        self._current: Step | None = None
        self._turn = 0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="compas-demo-view", daemon=True) if is_live else None

    def __enter__(self) -> "View":
        if self._ticker is not None:
            write("\x1b[?25l", end="")
            self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._ticker is not None:
            self._ticker.join()
            write("\r\x1b[K\x1b[?25h", end="")
        if self._current is not None and not isinstance(error, BrokenPipeError):
            self._write_for_good("\n".join(self._lines(msgspec.structs.replace(self._current, mark="✗"))))

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._begun

    def say(self, text: str = "") -> None:
        """Write text that is no step."""
        with self._lock:
            self._write_for_good(text)

    def begin(self, step: Step) -> None:
        """Show that this step is under way, until the next begins or ends."""
        with self._lock:
            self._current = step
            self._draw()

    def done(self, step: Step) -> None:
        """Write this step for good; whatever was under way is over."""
        with self._lock:
            self._current = None
            self._write_for_good("\n".join(self._lines(step)))

    def _tick(self) -> None:
        """Move the clock of what is under way, until the end or until nobody looks."""
        while not self._ended.wait(_TICK_SECONDS):
            with self._lock:
                self._turn += 1
                try:
                    self._draw()
                except OSError:
                    return

    def _draw(self) -> None:
        if self._ticker is None or self._current is None:
            return
        frames = _SPINNER if self._has_glyphs else _PLAIN_SPINNER
        step = msgspec.structs.replace(self._current, mark=frames[self._turn % len(frames)])
        room = _columns(self.style) - _TEXT - 1
        write(f"\r{self._shown(self._head(step) + cut(step.text + ' …', room))}\x1b[K", end="")

    def _lines(self, step: Step) -> list[str]:
        """Return the step with its text wrapped beside its label, and the quote under it."""
        room = max(_LEAST_TEXT, _columns(self.style) - _TEXT) if self.style.is_screen else _UNLIMITED
        first, *rest = textwrap.wrap(step.text, room)
        quoted = textwrap.wrap(f"“{step.quote}”", room) if step.quote else []
        under = self.style.paint(pad(" " * (_TIME + 1) + step.below, _TEXT), "dim")
        more = [under + line for line in rest] + [under + self.style.paint(line, "cyan") for line in quoted]
        return [self._head(step) + first, *more]

    def _head(self, step: Step) -> str:
        """Return what stands before the text: the time, the place in the tree, and the label."""
        time_ = self.style.paint(f"{self.elapsed:{_TIME - 1}.1f}s", "dim")
        branch = self.style.paint(step.branch, "dim")
        mark = self.style.paint(step.mark, _COLOURS.get(step.mark, "cyan"))
        label = self.style.paint(pad(step.label, _LABELS - width_of(step.branch) - 2), "bold")
        return f"{time_} {branch}{mark} {label} "

    def _write_for_good(self, text: str) -> None:
        erase = "\r\x1b[K" if self._ticker is not None and not self._ended.is_set() else ""
        write(erase + self._shown(text))
        if erase:
            self._draw()

    def _shown(self, text: str) -> str:
        return text if self._has_glyphs else text.translate(_PLAIN)


def view_here(style: Style, environ: Mapping[str, str]) -> View:
    """Return a view for standard output as it is."""
    return View(
        style,
        is_live=style.is_screen and environ.get("TERM", "dumb") not in ("", "dumb"),
        has_glyphs=_shows_glyphs(environ),
        clock=time.monotonic,
    )


def _shows_glyphs(environ: Mapping[str, str]) -> bool:
    """Tell whether the terminal can be expected to show more than ASCII.

    Python speaks UTF-8 in the C locale as well; whoever sets that locale for everything wants plain characters.
    """
    if environ.get("LC_ALL") in ("C", "POSIX") or environ.get("TERM") == "linux":
        return False
    try:
        _GLYPHS.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def _columns(style: Style) -> int:
    """Return the width of the screen as it is now: people resize it."""
    try:
        return max(20, os.get_terminal_size(sys.stdout.fileno()).columns) if style.is_screen else style.width
    except (OSError, ValueError):
        return style.width
