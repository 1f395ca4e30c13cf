"""Writes that a merge waits for its turn."""

from compas.api.merging import MergeResponse
from compas.cli.render.table import pairs
from compas.cli.render.text import Style


def merge_text(response: MergeResponse, style: Style) -> str:
    """Write what will be merged where, and how to learn the end."""
    return pairs(
        [
            ("merge", response.op_id),
            ("thread", response.thread_id),
            ("branches", f"{response.source_branch} → {response.target_branch} ({response.strategy})"),
            ("status", response.status),
            ("before it", str(response.queue_depth - 1) if response.queue_depth > 1 else None),
            ("next", response.next_step),
        ],
        style,
    )
