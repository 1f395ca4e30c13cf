"""How things look: the colours by name, and the sign and colour of every status."""

from collections.abc import Mapping
from typing import Literal

from compas.dashboard.lines import width_of

PaletteEntry = tuple[str, str, str, str]

PALETTE: tuple[PaletteEntry, ...] = (
    # style     foreground, background, without colours. The terminal's own background stays, dark or light.
    ("bold", "bold", "default", "bold"),
    ("dim", "dark gray", "default", "default"),
    ("accent", "dark cyan", "default", "bold"),
    ("good", "dark green", "default", "default"),
    ("warn", "brown", "default", "bold"),
    ("bad", "dark red", "default", "bold"),
    ("head", "bold", "default", "bold"),
    ("heading", "dark cyan,bold", "default", "bold"),
    ("code", "dark blue", "default", "default"),
    ("chosen", "bold", "default", "standout"),
    ("notice", "brown,bold", "default", "standout"),
    ("hit", "black", "brown", "underline"),
    ("hit now", "black", "dark cyan", "standout"),
    ("word added", "black", "dark green", "standout"),
    ("word gone", "black", "dark red", "standout"),
)

SIGNS: Mapping[str, tuple[str, str]] = {
    # word           sign, style: a status can be told by each of the three
    "running": ("▸", "accent"),
    "starting": ("▹", "accent"),
    "ending": ("▹", "warn"),
    "queued": ("◦", "warn"),
    "scheduled": ("◷", "dim"),
    "approved": ("✓", "good"),
    "answered": ("●", "accent"),
    "changes due": ("✗", "warn"),
    "changed": ("●", "warn"),
    "unrecorded": ("✗", "bad"),
    "asks you": ("●", "warn"),
    "merged": ("✓", "good"),
    "merging": ("▸", "accent"),
    "merge failed": ("✗", "bad"),
    "not started": ("●", "dim"),
    "failed": ("✗", "bad"),
    "crashed": ("✗", "bad"),
    "timed out": ("✗", "bad"),
    "completed": ("✓", "good"),
    "cancelled": ("–", "dim"),
    "abandoned": ("–", "dim"),
}

MARK = "▌"
"""Stands before the selected row."""
UNKNOWN = ("·", "")

_PLAIN = str.maketrans("▸▹▾◦◷✓●✗–▌│─·…→←↑↓└↳◉█“”␛", '>>vo@+*x-||-.~><^v``*#""^')
"""For terminals that show nothing but ASCII; see `plain_text`."""


def sign_of(word: str) -> tuple[str, str]:
    """Return the sign and the style of a status."""
    return SIGNS.get(word, UNKNOWN)


def plain_text(text: str) -> str:
    """Replace the signs by ASCII ones; any other character that is none becomes as many `?` as it has columns."""
    translated = text.translate(_PLAIN)
    return "".join(char if char.isascii() else "?" * width_of(char) for char in translated)


def colours_of(environ: Mapping[str, str]) -> Literal[1, 16]:
    """Return how many colours to use: 16, which every terminal's own theme has chosen, or none (1)."""
    return 1 if environ.get("NO_COLOR") or environ.get("TERM") in ("dumb", "vt100", "vt220") else 16


def shows_signs(environ: Mapping[str, str]) -> bool:
    """Tell whether the terminal can be expected to show more than ASCII."""
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or "C.UTF-8"
    return "utf" in locale.lower() and environ.get("TERM") != "linux"
