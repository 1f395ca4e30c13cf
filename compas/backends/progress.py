"""How the readers of CLIs word what an agent was seen doing: a short line, and a detail that is bounded."""

import msgspec

from compas.backends.backend import Progress, ProgressKind
from compas.backends.remains import LONGEST_DETAIL

SUMMARY_CHARACTERS = 60


def progress(kind: ProgressKind, summary: str, detail: str = "", tool: str | None = None) -> Progress:
    """Return a step, its detail cut at the length that telemetry takes."""
    return Progress(kind=kind, summary=summary, detail=detail[:LONGEST_DETAIL], tool=tool)


def as_summary(text: str) -> str:
    """Return a text as one line of a summary."""
    return " ".join(text.split())[:SUMMARY_CHARACTERS]


def in_json(value: object) -> str:
    """Return a value as the detail of a step."""
    return msgspec.json.encode(value).decode()
