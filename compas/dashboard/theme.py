"""How things look: the sign and the style of every status, and what stands for signs where there is only ASCII."""

from collections.abc import Mapping

from compas.dashboard.lines import Segment, width_of

SIGNS: Mapping[str, tuple[str, str]] = {
    # word           sign, style: a status can be told by each of the three
    "running": ("▸", "accent"),
    "starting": ("▹", "accent"),
    "ending": ("▹", "warn"),
    "queued": ("◦", "warn"),
    "waiting": ("◦", "dim"),
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
    "ready": ("●", "good"),
    "unusable": ("✗", "bad"),
    "left alone": ("✗", "bad"),
    "being tried": ("◦", "warn"),
    "a person": ("·", "dim"),
}

MARK = "▌"
"""Stands before the selected row."""
MARKED = "◆"
"""Stands before a marked row."""
UNKNOWN = ("·", "")

_PLAIN = str.maketrans(
    {
        "▸": ">",
        "▹": ">",
        "▾": "v",
        "◦": "o",
        "◷": "@",
        "✓": "+",
        "●": "*",
        "✗": "x",
        "–": "-",
        "▌": "|",
        "◆": "#",
        "│": "|",
        "─": "-",
        "·": ".",
        "…": "~",
        "→": ">",
        "←": "<",
        "↑": "^",
        "↓": "v",
        "└": "`",
        "↳": "`",
        "◉": "*",
        "█": "#",
        "“": '"',
        "”": '"',
        "␛": "^",
        "‹": "<",
        "›": ">",
        "━": "=",
        "╌": "-",
        **dict(zip("▁▂▃▄▅▆▇", "_.,:-=+", strict=True)),
    }
)
"""For terminals that show nothing but ASCII; see `plain_text`."""


def sign_of(word: str) -> tuple[str, str]:
    """Return the sign and the style of a status."""
    return SIGNS.get(word, UNKNOWN)


def marks(*, is_selected: bool, is_marked: bool) -> tuple[Segment, ...]:
    """Return the two columns before a row: whether it is selected, and whether it is marked."""
    return (("accent", MARK if is_selected else " "), ("accent", MARKED if is_marked else " "))


def plain_text(text: str) -> str:
    """Replace the signs by ASCII ones; any other character that is none becomes as many `?` as it has columns."""
    translated = text.translate(_PLAIN)
    return "".join(char if char.isascii() else "?" * width_of(char) for char in translated)


def shows_signs(environ: Mapping[str, str]) -> bool:
    """Tell whether the terminal can be expected to show more than ASCII."""
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or "C.UTF-8"
    return "utf" in locale.lower() and environ.get("TERM") != "linux"
