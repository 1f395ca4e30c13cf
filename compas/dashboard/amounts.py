"""Amounts in words: money, tokens, sizes of changes, and bars. What is unknown is never written as nothing."""

from collections.abc import Sequence

from compas.dashboard.board import Size

UNKNOWN = "unknown"

_BARS = "▁▂▃▄▅▆▇█"
FULL, EMPTY = "━", "╌"


def money(usd: float | None, *, is_all: bool = True) -> str:
    """Write US dollars; a `+` says that there was more which nobody told."""
    if usd is None:
        return UNKNOWN
    text = "<$0.01" if 0 < usd < 0.01 else f"${usd:.2f}" if usd < 1000 else f"${usd:,.0f}"
    return text if is_all else f"{text}+"


def tokens(count: int | None) -> str:
    """Write a number of tokens: `950`, `12.3k`, `1.2M`."""
    if count is None:
        return UNKNOWN
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= size * 0.99995:
            return f"{count / size:.1f}{unit}"
    return str(count)


def change(size: Size | None) -> str:
    """Write how much is changed: `+12 -3`."""
    if size is None:
        return ""
    return f"+{_short(size.added)} -{_short(size.deleted)}" if size.files else "no change"


def _short(lines: int) -> str:
    return str(lines) if lines < 10_000 else f"{lines // 1000}k"


def sparkline(values: Sequence[float], width: int) -> str:
    """Draw values as a row of bars, the last `width` of them; what is zero stays a low line."""
    shown = list(values)[-max(0, width) :] if width > 0 else []
    top = max(shown, default=0.0)
    if top <= 0:
        return _BARS[0] * len(shown)
    steps = len(_BARS) - 1
    return "".join(_BARS[0 if value <= 0 else max(1, round(value / top * steps))] for value in shown)


def progress(done: int, total: int, width: int) -> tuple[str, str]:
    """Return the full and the empty part of a bar; without anything to do it is empty."""
    full = done * width // total if total > 0 else 0
    return FULL * full, EMPTY * (width - full)
