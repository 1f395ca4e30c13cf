"""The colours of the dashboard for each kind of terminal: true colour, 256 or 16 of them, or none; dark and light."""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

Depth = Literal[1, 16, 256, 16777216]
Scheme = Literal["dark", "light", "terminal"]
PaletteEntry = tuple[str, str, str, str, str, str]
"""Style; foreground and background in 16 colours; without any; foreground and background in more."""

TRUE_COLOUR: Depth = 16777216


class Ground(NamedTuple):
    """What a style stands on instead of its line's ground: in 16 colours, on dark and on light screens."""

    basic: str
    dark: str
    light: str


class Style(NamedTuple):
    """How a style looks: with 16 colours, without any, and as red, green and blue on dark and on light ground."""

    basic: str
    mono: str
    dark: str
    light: str
    weight: str = ""
    own: Ground | None = None


STYLES: Mapping[str, Style] = {
    # style            16 colours            none       dark       light
    "text": Style("default", "default", "#b4b4be", "#33333b"),
    "bold": Style("bold", "bold", "#dcdce6", "#101014", "bold"),
    "dim": Style("dark gray", "default", "#868694", "#64646f"),
    "faint": Style("dark gray", "default", "#50505a", "#a4a4ae"),
    "who": Style("default", "default", "#9a9aa8", "#4c4c58"),
    "accent": Style("dark cyan", "bold", "#e8874b", "#a04610"),
    "good": Style("dark green", "default", "#50c878", "#0f6030"),
    "warn": Style("brown", "bold", "#c8aa32", "#7a5c00"),
    "bad": Style("dark red", "bold", "#e06060", "#b02020"),
    "head": Style("bold", "bold", "#dcdce6", "#101014", "bold"),
    "heading": Style("dark cyan,bold", "bold", "#e8874b", "#a04610", "bold"),
    "code": Style("dark blue", "default", "#8cb4dc", "#1f5f9e"),
    "tab": Style("dark cyan,bold", "standout", "#e8874b", "#a04610", "bold"),
    "spark": Style("dark cyan", "default", "#8c4628", "#d08a60"),
    "notice": Style("brown,bold", "standout", "#c8aa32", "#7a5c00", "bold"),
    # What is searched for, and words that differ, stand out wherever they are.
    "hit": Style("black", "underline", "#f0e6b4", "#33290a", "", Ground("brown", "#4a3e10", "#f2e2a0")),
    "hit now": Style("black", "standout", "#101014", "#fafafc", "bold", Ground("dark cyan", "#e8874b", "#a04610")),
    "word added": Style("black", "standout", "#d8f5e0", "#0c4022", "", Ground("dark green", "#1c5c34", "#bfe8cc")),
    "word gone": Style("black", "standout", "#fbdada", "#601010", "", Ground("dark red", "#6e2626", "#f6caca")),
}

GROUNDS: Mapping[str, tuple[str, str, str]] = {
    # ground     without colours, dark, light. Sixteen colours leave the terminal's own background, dark or light.
    "": ("", "#0c0c10", "#fafafc"),
    "chosen": ("standout", "#23232d", "#e6e9f4"),
    "bar": ("", "#191920", "#ececf2"),
}


def styled(style: str, ground: str) -> str:
    """Return the name of a style on a ground."""
    name = style or "text"
    return f"{name}/{ground}" if ground else name


def palette(scheme: Scheme, depth: Depth) -> Iterator[PaletteEntry]:
    """Yield every style on every ground."""
    for ground, (mono, dark_ground, light_ground) in GROUNDS.items():
        for name, style in STYLES.items():
            fore, back = (style.light, light_ground) if scheme == "light" else (style.dark, dark_ground)
            if style.own is not None:
                back = style.own.light if scheme == "light" else style.own.dark
            fore = _shade(fore, depth)
            yield (
                styled(name, ground),
                _with(style.basic, "bold" if ground == "chosen" else ""),
                style.own.basic if style.own is not None else "default",
                _with(style.mono, mono),
                f"{fore},{style.weight}" if style.weight else fore,
                _shade(back, depth),
            )


def _with(colour: str, setting: str) -> str:
    if not setting or setting in colour.split(","):
        return colour
    return setting if colour == "default" else f"{colour},{setting}"


def _shade(colour: str, depth: Depth) -> str:
    """Return a colour as a terminal of this depth is told of it."""
    return colour if depth == TRUE_COLOUR else f"h{nearest(colour)}"


_LEVELS = (0, 95, 135, 175, 215, 255)


def nearest(colour: str) -> int:
    """Return which of the 256 colours is nearest to `#rrggbb`: of the cube or of the greys, never of the first 16."""
    wanted = tuple(int(colour[start : start + 2], 16) for start in (1, 3, 5))
    steps = [min(range(6), key=lambda step, part=part: abs(_LEVELS[step] - part)) for part in wanted]  # type: ignore[misc]
    cube = (16 + 36 * steps[0] + 6 * steps[1] + steps[2], tuple(_LEVELS[step] for step in steps))
    grey = min(range(24), key=lambda step: sum(abs(8 + 10 * step - part) for part in wanted))
    greys = (232 + grey, (8 + 10 * grey,) * 3)
    return min((cube, greys), key=lambda one: sum((a - b) ** 2 for a, b in zip(one[1], wanted, strict=True)))[0]


def depth_of(environ: Mapping[str, str]) -> Depth:
    """Return how many colours to use. `NO_COLOR` and old terminals mean none, `COLORTERM` tells of true colour."""
    term = environ.get("TERM", "")
    if environ.get("NO_COLOR") or term in ("dumb", "vt100", "vt102", "vt220"):
        return 1
    if scheme_of(environ) == "terminal":
        return 16
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") or term.endswith(("-direct", "-truecolor")):
        return TRUE_COLOUR
    return 256 if "256color" in term else 16


def scheme_of(environ: Mapping[str, str]) -> Scheme:
    """Return the scheme: what `COMPAS_THEME` says (dark, light, terminal), else by the ground that `COLORFGBG` names.

    `terminal` keeps to the sixteen colours that the terminal's own theme has chosen.
    """
    match environ.get("COMPAS_THEME", "").lower():
        case "light":
            return "light"
        case "terminal":
            return "terminal"
        case "dark":
            return "dark"
    ground = environ.get("COLORFGBG", "").rpartition(";")[2]
    return "light" if ground in ("7", "15") else "dark"
