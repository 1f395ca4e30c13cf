"""Writes merges: that one waits for its turn, where they stand, and how they ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compas.cli.render.reviews import review_words
from compas.cli.render.table import Cell, pairs, table
from compas.cli.render.text import Style, counted, duration, told
from compas.cli.render.threads import status_colour

if TYPE_CHECKING:
    from compas.api.merges import MergeCancelResponse, MergeResponse, MergeState, MergeStatusResponse


def merge_text(response: MergeResponse, style: Style) -> str:
    """Write what will be merged where, and how to learn the end."""
    return pairs(
        [
            ("merge", response.op_id),
            ("thread", response.thread_id),
            ("branches", f"{response.source_branch} → {response.target_branch} ({response.strategy})"),
            ("status", response.status),
            ("review", review_words(response.review)),
            ("warning", response.warning),
            ("before it", str(response.queue_depth - 1) if response.queue_depth > 1 else None),
            ("next", response.next_step),
        ],
        style,
    )


def merge_status_text(response: MergeStatusResponse, style: Style) -> str:
    """Write one merge in full, or a line of each; and the targets that nothing is merged into."""
    return "\n\n".join([_merges(response, style), *(style.line(why) for why in response.held)])


def _merges(response: MergeStatusResponse, style: Style) -> str:
    if len(response.merges) == 1:
        return _one(response.merges[0], style)
    if not response.merges:
        return "no merges"
    rows = [
        (
            Cell(merge.op_id),
            Cell(merge.thread_id),
            Cell(merge.status, status_colour(merge.status)),
            Cell(style.time(merge.finished_at or merge.started_at or merge.queued_at)),
            Cell(f"{merge.source_branch} → {merge.target_branch} ({merge.strategy})"),
        )
        for merge in response.merges
    ]
    by_status = ", ".join(f"{count} {status}" for status, count in response.counts.items())
    shown = f"\n{counted(len(response.merges), 'merge')} shown; in all: {by_status}"
    return table(("MERGE", "THREAD", "STATUS", "SINCE", "BRANCHES"), rows, style) + shown


def _one(merge: MergeState, style: Style) -> str:
    named = pairs(
        [
            ("merge", merge.op_id),
            ("thread", merge.thread_id),
            ("branches", f"{merge.source_branch} → {merge.target_branch} ({merge.strategy})"),
            ("repository", merge.repository),
            ("status", merge.status),
            ("asked", f"{style.time(merge.queued_at)} by {merge.requested_by}"),
            ("review", _review(merge)),
            ("took", duration(merge.duration_ms) if merge.duration_ms is not None else None),
            ("commit", merge.commit),
            ("result", merge.result_summary),
            ("next", "; ".join(map(told, merge.suggested_actions))),
        ],
        style,
    )
    return f"{named}\n\n{style.block(merge.error_detail)}" if merge.error_detail else named


def _review(merge: MergeState) -> str | None:
    words = review_words(merge.review)
    return f"{words}; it was to be merged all the same" if words and merge.forced else words


def merge_cancel_text(response: MergeCancelResponse, style: Style) -> str:
    """Write that a merge will not happen."""
    return f"merge {style.line(response.op_id)} is {response.status}; nothing was changed"
