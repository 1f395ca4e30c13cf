"""Writes how a wait ended, as lines that scripts read: `key=value` in a fixed order, then the body.

The original's keys come first and in its order; ours follow. Keys stand only above the first `---BODY---`, and a value
is one line whatever is in it, so that nothing an agent writes can pose as a key (b-mcp-cli-merge 113, 114).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from compas.cli.render.text import Style, duration, neutral, told
from compas.client.answer import in_json

if TYPE_CHECKING:
    from compas.api.waiting import ChainStep, PendingExecution, WaitMergeResponse, WaitResponse, WaitStep

DELIMITER = "---BODY---"
_MOVED = {"queued": "is queued", "executing": "is at work", "completed": "is done"}
_VERDICTS = {"approve": "approved", "request_changes": "changes requested"}
_NO_ANSWER = {
    "timeout": "no answer yet",
    "settled": "the work is over, and nothing matched",
    "failed": "the work failed",
    "ended": "the work was cancelled",
    "blocked": "the answer can only come after this agent has ended",
}


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


def step_text(step: WaitStep, style: Style) -> str:
    """Write that a piece of the awaited work has moved, for who watches."""
    moved = _MOVED.get(step.status, step.status.replace("_", " "))
    return f"{style.time(style.now)}  {style.line(step.agent)} {moved}"


def message_found_text(response: WaitResponse, style: Style) -> str:
    """Write what `wait` found for a person to read: the answer, who gave it, and what to do next."""
    if not response.found:
        return _without_answer(response, style)
    verdict = next((step.verdict for step in reversed(response.chain) if step.verdict), "")
    answered = f"{style.line(response.sender or '')} answered in {response.thread_id}"
    judged = f"{answered}: {_VERDICTS.get(verdict, verdict)}" if verdict else answered
    following = f"\n\nnext: {style.line(told(response.next_step))}" if response.next_step else ""
    return f"{style.paint(judged, 'bold')}\n\n{style.block((response.body or '').strip())}{following}"


def _without_answer(response: WaitResponse, style: Style) -> str:
    what = _NO_ANSWER.get(response.reason or "", "no answer")
    lines = [style.paint(f"{what} in {response.thread_id}", "yellow")]
    if response.error:
        lines.append(style.block(response.error))
    lines += [
        f"{style.line(one.agent)} is {one.status.replace('_', ' ')} in {one.thread_id}" for one in response.pending
    ]
    if response.next_step:
        lines.append(f"next: {style.line(told(response.next_step))}")
    return "\n".join(lines)


def merge_ended_text(response: WaitMergeResponse, style: Style) -> str:
    """Write how a merge ended for a person to read, or where it stands."""
    way = f"{response.source_branch} into {response.target_branch}"
    if not response.found:
        lines = [style.paint(f"merge of {way} is {response.last_status} still", "yellow")]
    elif response.status == "completed":
        commit = f" as {response.commit[:12]}" if response.commit else ""
        lines = [style.paint(f"merged {way}{commit} ({duration(response.duration_ms)})", "green")]
        lines += [style.block(response.result_summary)] if response.result_summary else []
    else:
        lines = [style.paint(f"merge of {way} {response.status}", "red"), style.block(response.error_detail or "")]
    if response.next_step:
        lines.append(f"next: {style.line(told(response.next_step))}")
    return "\n".join(line for line in lines if line)


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
