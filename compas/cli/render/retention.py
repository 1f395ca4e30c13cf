"""Writes what has gathered, and what retention takes away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compas.cli.render.table import Cell, table
from compas.cli.render.text import Style, counted, duration
from compas.cli.render.worktrees import size

if TYPE_CHECKING:
    from compas.api.retention import PruneResponse
    from compas.domain.retention import Gathered


def prune_text(response: PruneResponse, style: Style) -> str:
    """Write one line for each kind, then how large the log is, and what to do."""
    heads = ("WHAT", "THERE", "KEPT FOR", "REMOVED" if response.has_removed else "DUE", "FREES")
    parts = [table(heads, [_row(one, has_removed=response.has_removed) for one in response.gathered], style)]
    parts += [f"some {one.kind} stay: {style.line(one.trouble)}" for one in response.gathered if one.trouble]
    parts.append(_of_the_log(response))
    if not response.has_removed:
        is_any_due = any(one.due for one in response.gathered)
        parts.append("nothing was removed; --yes does it" if is_any_due else "nothing is due")
    return "\n\n".join(parts)


def _row(one: Gathered, *, has_removed: bool) -> list[Cell]:
    went = one.removed if has_removed else one.due
    return [
        Cell(one.kind),
        Cell(str(one.there)),
        Cell(duration(int(one.keep_secs * 1000))),
        Cell(str(went), "yellow" if went else None),
        Cell(size(one.due_bytes) if went else "-"),
    ]


def _of_the_log(response: PruneResponse) -> str:
    each = f", {size(response.log_bytes // response.executions)} for each execution" if response.executions else ""
    return f"the log is never cut: {counted(response.events, 'event')}, {size(response.log_bytes)}{each}"
