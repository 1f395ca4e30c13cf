"""Writes how a thread ended, or that it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compas.cli.render.table import pairs
from compas.cli.render.text import Style, counted, told

if TYPE_CHECKING:
    from compas.api.lifecycle import AbandonResponse, CancelResponse, CloseResponse, ReopenResponse


def close_text(response: CloseResponse, style: Style) -> str:
    """Write that a thread has ended, or when it will."""
    lines = [f"thread {style.line(response.thread_id)} is {response.status}"]
    lines += [style.block(response.note)] if response.note else []
    lines += [f"warning: {style.line(told(response.warning))}"] if response.warning else []
    if response.merge_op_id is not None:
        lines += [
            f"merge {style.line(response.merge_op_id)} is queued",
            f"next: {style.line(told(response.next_step or ''))}",
        ]
    return "\n".join(lines)


def abandon_text(response: AbandonResponse, style: Style) -> str:
    """Write what ended with the thread, and where its work is kept."""
    return pairs(
        [
            ("thread", f"{response.thread_id} is {response.status}"),
            ("cancelled", counted(response.executions_cancelled, "execution")),
            ("ended", counted(response.processes_killed, "process", "processes")),
            ("branch", f"{response.worktree_branch} (kept)" if response.worktree_branch else None),
        ],
        style,
    )


def cancel_text(response: CancelResponse, style: Style) -> str:
    """Write what was cancelled."""
    ended = [("cancelled", execution) for execution in response.cancelled] or [("cancelled", "nothing was under way")]
    return pairs(
        [("thread", f"{response.thread_id} is {response.status}"), *ended, ("next", response.next_step)], style
    )


def reopen_text(response: ReopenResponse, style: Style) -> str:
    """Write that a thread is taken up again."""
    return pairs(
        [
            ("thread", f"{response.thread_id} is {response.new_status}"),
            ("was", response.previous_status),
            ("next", response.next_step),
        ],
        style,
    )
