"""Writes messages: their beginnings, or all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compas.cli.render.table import Cell, pairs, table
from compas.cli.render.text import Style, counted

if TYPE_CHECKING:
    from compas.api.messages import PolledMessage, PollResponse, ReadResponse, WholeMessage


def poll_text(response: PollResponse, style: Style) -> str:
    """Write how a thread stands, and the messages that are there, one a line."""
    head = pairs(
        [
            ("thread", response.thread_id),
            ("status", response.thread_status),
            ("summary", response.summary),
            ("work", response.execution_status),
            ("messages", str(response.matched_messages)),
        ],
        style,
    )
    if not response.messages:
        return head
    heads = ("MESSAGE", "FROM", "TO", "INTENT", "AT", "BEGINS")
    text = f"{head}\n\n" + table(heads, [_row(message, style) for message in response.messages], style)
    left = response.matched_messages - len(response.messages)
    return text + (f"\n{counted(left, 'more message')}; --limit shows more" if response.more else "")


def _row(message: PolledMessage, style: Style) -> list[Cell]:
    return [
        Cell(message.reference),
        Cell(message.sender),
        Cell(message.to),
        Cell(message.intent),
        Cell(style.time(message.created_at)),
        Cell(message.body_preview),
    ]


def read_text(response: ReadResponse, style: Style) -> str:
    """Write the one message, or each of a thread's below its head."""
    if response.reference is not None:
        return _whole(response, style)
    if not response.messages:
        return "no messages"
    parts = [_whole(message, style) for message in response.messages]
    if response.more:
        parts.append(f"there are more; --since {response.next_reference} reads on")
    return "\n\n".join(parts)


def _whole(message: ReadResponse | WholeMessage, style: Style) -> str:
    route = f"{style.line(message.sender or '')} → {style.line(message.to or '')}"
    head = f"── {message.reference}  {route}  {style.line(message.intent or '')}  {style.time(message.created_at)}"
    return style.paint(head, "bold") + "\n" + style.block(message.body or "").rstrip("\n")
