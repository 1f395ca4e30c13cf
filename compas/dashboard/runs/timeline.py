"""Lays out when what happened to an execution, from the events of its thread. Pure."""

from collections.abc import Iterable
from typing import Any

from compas.api.history import LogEvent
from compas.dashboard.breaks import lines_of
from compas.dashboard.lines import Line, one_line, plain, wrap
from compas.dashboard.times import elapsed, hour
from compas.text import duration

WIDE_FROM = 60
"""Columns from which times stand in a column of their own."""


def is_of(event: LogEvent, execution: str) -> bool:
    """Tell whether an event is about an execution, or was caused by it."""
    return event.data.get("execution") == execution or event.causation == f"execution:{execution}"


def timeline(events: Iterable[LogEvent], execution: str, width: int, now: float) -> list[Line]:
    """Return the events of an execution in lines of `width` columns, each with the time since the one before."""
    found: list[Line] = []
    before: float | None = None
    for event in events:
        if not is_of(event, execution):
            continue
        clock = hour(event.at, now, with_seconds=True)
        since = "" if before is None else f"+{elapsed(event.at - before)}"
        before = event.at
        head = f"{clock}  {since:<10}  " if width >= WIDE_FROM else f"{clock} {since} "
        margin = len(head) if width >= WIDE_FROM else 2
        said = in_words(event)
        first, *rest = wrap(said, max(1, width - len(head)))
        if margin < len(head):
            rest = wrap(" ".join(rest), max(1, width - margin)) if rest else []
        style = "bad" if event.data.get("status") in ("failed", "crashed", "timed_out") else ""
        begun, *further = lines_of(said, [first, *rest], style, " " * margin)
        found += [Line((("dim", head), *begun.segments)), *further]
    return found or [plain("  nothing has happened to it yet", "dim")]


def in_words(event: LogEvent) -> str:
    """Return what an event says, in words where it is one that people know, else by its name."""
    data: dict[str, Any] = event.data
    match event.type:
        case "execution.queued":
            reason = f" ({data['reason']})" if data.get("reason") else ""
            return f"queued for {one_line(str(data.get('agent', '')))}{reason}"
        case "execution.requested":
            return f"got its place, in {one_line(str(data.get('workdir', '')))}"
        case "execution.started":
            return f"its process {data.get('pid', '')} started"
        case "execution.ended":
            return _ended(data)
        case "execution.cancelled":
            return f"cancelled: {one_line(str(data.get('reason', '')))}"
        case "execution.stopped":
            return "its processes are gone"
        case "verdict.given":
            return f"verdict: {one_line(str(data.get('verdict', ''))).replace('_', ' ')}"
        case "message.posted":
            said = one_line(str(data.get("body", "")))[:200]
            return (
                f"{one_line(str(data.get('intent', 'message')))} to {one_line(str(data.get('recipient', '')))}: {said}"
            )
        case "handoff.fanned_out":
            return f"handed on to {', '.join(one_line(str(name)) for name in data.get('agents', ()))}"
        case "handoff.joined":
            return "the answers of its fan-out are in"
        case _:
            return event.type.replace(".", " ").replace("_", " ")


def _ended(data: dict[str, Any]) -> str:
    parts = [str(data.get("status", "ended")).replace("_", " ")]
    process = data.get("process") or {}
    if process.get("duration_secs"):
        parts[0] += f" after {duration(int(process['duration_secs'] * 1000))}"
    if process.get("exit_code"):
        parts.append(f"exit {process['exit_code']}")
    usage = data.get("usage") or {}
    if usage.get("cost_usd") is not None:
        parts.append(f"${usage['cost_usd']:.2f}")
    tokens = [f"{usage[name]:,} tokens {name[7:]}" for name in ("tokens_in", "tokens_out") if usage.get(name)]
    error = one_line(str(data.get("error") or ""))
    verdict = f"verdict: {str(data['verdict']).replace('_', ' ')}" if data.get("verdict") else ""
    return " · ".join(part for part in (*parts, *tokens, verdict, error) if part)
