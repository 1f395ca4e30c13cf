"""Writes what happened: events, an execution's log, and a thread's diff."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from compas.cli.render.table import Cell, table
from compas.cli.render.text import Colour, Style, cut, neutral, width_of

if TYPE_CHECKING:
    from compas.api.history import DiffFile, DiffResponse, LogChunkItem, LogEvent

_DIFF_COLOURS: tuple[tuple[str, Colour], ...] = (
    ("diff ", "bold"),
    ("+++", "bold"),
    ("---", "bold"),
    ("@@", "cyan"),
    ("+", "green"),
    ("-", "red"),
)


def events_text(event: LogEvent, style: Style) -> str:
    """Write one event on one line; on a screen its data is cut at the edge."""
    head = f"{event.position:>6}  {style.time(event.at)}  {style.line(event.type)}  {style.line(event.stream)}  "
    data = style.line(json.dumps(event.data, ensure_ascii=False, separators=(",", ":")))
    return head + (cut(data, max(0, style.width - width_of(head))) if style.is_screen else data)


def log_text(chunk: LogChunkItem, style: Style) -> str:
    """Return a piece of an execution's log as it may be shown here."""
    return style.block(chunk.text)


def diff_text(response: DiffResponse, style: Style, *, only_stat: bool = False) -> str:
    """Write what a thread's work changes.

    The lines about it begin with `#`, so that what is written into a file is still a patch.
    """
    title = f"# {response.thread_id}: {response.branch} at {response.tip}, from {response.base}"
    notes = [title]
    if response.uncommitted:
        notes.append("# with changes that are not committed yet")
    if response.review_note:
        notes.append(f"# review: {response.review_note}")
    if response.remark:
        notes.append(f"# {response.remark}")
    if not response.files and not response.text:
        notes.append("# no changes")
    parts = [style.paint(style.line(note), "dim") for note in notes]
    if only_stat:
        parts.extend(_stat(response.files, style))
    elif response.text:
        parts.append("\n".join(_diff_line(line, style) for line in response.text.rstrip("\n").split("\n")))
    if response.truncated:
        parts.append(style.paint("# the diff is too long to be shown whole; --stat lists every file", "yellow"))
    return "\n".join(parts)


def _stat(files: tuple[DiffFile, ...], style: Style) -> list[str]:
    rows = [
        [Cell(_lines(one.added, "+"), "green"), Cell(_lines(one.deleted, "-"), "red"), Cell(one.path)] for one in files
    ]
    return [table(("ADDED", "DELETED", "FILE"), rows, style)] if rows else []


def _lines(count: int | None, sign: str) -> str:
    return "binary" if count is None else f"{sign}{count}"


def _diff_line(line: str, style: Style) -> str:
    shown = neutral(line, keep="\t") if style.is_screen else line
    colour = next((colour for start, colour in _DIFF_COLOURS if line.startswith(start)), None)
    return style.paint(shown, colour)
