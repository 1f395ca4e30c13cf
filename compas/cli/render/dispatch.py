"""Writes what became of a dispatch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compas.cli.render.table import pairs
from compas.cli.render.text import Style

if TYPE_CHECKING:
    from compas.api.dispatch import DispatchResponse


def dispatch_text(response: DispatchResponse, style: Style) -> str:
    """Write where the task went and what to do next."""
    return pairs(
        [
            ("thread", response.thread_id),
            ("message", response.reference),
            ("repository", response.repository),
            ("execution", response.execution_id),
            ("starts", style.time(response.eligible_at) if response.eligible_at is not None else None),
            ("reopened", f"was {response.previous_status}" if response.reopened else None),
            ("warning", response.warning),
            ("note", response.note),
            ("next", response.next_step),
        ],
        style,
    )
