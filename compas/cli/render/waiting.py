"""Writes how a wait ended, as lines that scripts read: `key=value` in a fixed order, then the body.

The original's keys come first and in its order; ours follow. Keys stand only above the first `---BODY---`, and a value
is one line whatever is in it, so that nothing an agent writes can pose as a key (b-mcp-cli-merge 113, 114).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from compas.cli.render.text import Style, neutral
from compas.client.answer import in_json

if TYPE_CHECKING:
    from compas.api.waiting import ChainStep, PendingExecution, WaitMergeResponse, WaitResponse

DELIMITER = "---BODY---"


def wait_text(response: WaitResponse, style: Style) -> str:
    """Write what `wait` found, or what happened instead."""
    if not response.found:
        return _lines(_not_found(response))
    body = (response.body or "").removesuffix("\n")  # a command's words end with one anyway
    return _lines(_found(response)) + f"\n{DELIMITER}\n" + style.block(body)


def wait_merge_text(response: WaitMergeResponse, style: Style) -> str:
    """Write how a merge ended, or where it stands."""
    if not response.found:
        return _lines(_merge_open(response))
    body = response.result_summary if response.status == "completed" else response.error_detail
    return _lines(_merge_ended(response)) + f"\n{DELIMITER}\n" + style.block(body or "")


def _found(response: WaitResponse) -> Iterator[tuple[str, object]]:
    yield "found", True
    yield "thread_id", response.thread_id
    yield "message_id", response.message_id
    yield "ref", response.reference
    yield "from", response.sender
    yield "to", response.to
    yield "intent", response.intent
    yield "batch", response.batch
    yield "created_at", response.created_at
    yield "fanout_children_awaited", response.fanout_children_awaited
    yield "settled_at", response.settled_at
    yield "thread_status", response.thread_status
    yield "chain", _chain(response.chain)
    yield "next_step", response.next_step


def _not_found(response: WaitResponse) -> Iterator[tuple[str, object]]:
    yield "found", False
    yield "thread_id", response.thread_id
    yield "timeout_secs", response.timeout_secs
    yield "intent_filter", response.intent_filter
    yield "chain_pending", response.chain_pending or None
    yield "reason", response.reason
    yield "thread_status", response.thread_status
    yield "pending", _pending(response.pending)
    yield "chain", _chain(response.chain)
    yield "error", response.error
    yield "next_step", response.next_step


def _merge_ended(response: WaitMergeResponse) -> Iterator[tuple[str, object]]:
    yield "found", True
    yield "op_id", response.op_id
    yield "thread_id", response.thread_id
    yield "status", response.status
    yield "source_branch", response.source_branch
    yield "target_branch", response.target_branch
    yield "duration_ms", response.duration_ms
    yield "conflict_files", _json(response.conflict_files)
    yield "commit", response.commit
    yield "error_code", response.error_code
    yield "conflicts", _json(response.conflicts)
    yield "handed_back_to", response.handed_back_to
    yield "next_step", response.next_step


def _merge_open(response: WaitMergeResponse) -> Iterator[tuple[str, object]]:
    yield "found", False
    yield "op_id", response.op_id
    yield "timeout_secs", response.timeout_secs
    yield "last_status", response.last_status
    yield "thread_id", response.thread_id
    yield "next_step", response.next_step


def _lines(values: Iterable[tuple[str, object]]) -> str:
    return "\n".join(f"{key}={_value(value)}" for key, value in values if value is not None)


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return neutral(str(value))


def _chain(steps: tuple[ChainStep, ...]) -> str | None:
    """Write a chain as `dev:completed,reviewer:completed:approved`."""
    parts = (":".join(part for part in (step.agent, step.status, step.verdict) if part) for step in steps)
    return ",".join(parts) or None


def _pending(executions: tuple[PendingExecution, ...]) -> str | None:
    """Write open work as `<execution>:dev:executing`, separated by commas."""
    return ",".join(f"{one.execution_id}:{one.agent}:{one.status}" for one in executions) or None


def _json(values: tuple[object, ...]) -> str | None:
    return in_json(values) if values else None
