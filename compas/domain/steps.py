"""What is shown of a step that an agent was seen doing: the same on every screen, whatever it is drawn with."""

from typing import Literal, NamedTuple

Tone = Literal["", "accent", "good", "warn", "bad", "dim"]

_SIGNS: dict[str, tuple[str, Tone]] = {
    "tool_call": ("▸", "accent"),
    "tool_result": ("✓", "good"),
    "message": ("●", ""),
    "error": ("✗", "bad"),
    "retrying": ("◦", "warn"),
}
_FAILED: tuple[str, Tone] = ("✗", "bad")
_OTHER: tuple[str, Tone] = ("·", "dim")
_ASIDES = frozenset({"usage", "session", "turn_complete"})
"""What is shown with the details only."""


class Step(NamedTuple):
    """A step: its sign in a tone, then `text`, in one line as far as there is room, or Markdown where `is_said`.

    `detail` is what stands below it, empty where nothing is to. None of them is made harmless to terminals here.
    """

    sign: str
    tone: Tone
    text: str
    is_said: bool = False
    is_aside: bool = False
    detail: str = ""


def shown_step(*, kind: str, tool: str | None, summary: str, detail: str, failed: bool, details: bool) -> Step | None:
    """Return what is shown of a step, with its details if wanted; None where nothing is."""
    if kind in _ASIDES and not details:
        return None
    sign, tone = _FAILED if failed else _SIGNS.get(kind, _OTHER)
    if kind == "message":  # its summary is cut in the middle of a sentence
        return Step(sign, "", detail or summary, is_said=True)
    said = " ".join(summary.split()) or kind.replace("_", " ")
    named = f"{' '.join(tool.split())}  {said}" if tool and not summary.startswith(tool) else said
    has_more = details and bool(detail.strip()) and " ".join(detail.split()) != said
    return Step(sign, tone, named, is_aside=kind in _ASIDES, detail=detail if has_more else "")
