"""What one line of Claude Code's `stream-json` output tells, as facts; lenient about everything that is not needed."""

import math
from collections.abc import Iterator
from typing import Any

import msgspec

_LARGEST = 2**53
"""Numbers beyond this are no counts; JSON could not carry them exactly either."""

_UNFINISHED = frozenset(
    {
        "aborted_streaming",
        "aborted_tools",
        "api_error",
        "blocking_limit",
        "image_error",
        "malformed_tool_use_exhausted",
        "max_turns",
        "model_error",
        "prompt_too_long",
        "rapid_refill_breaker",
    }
)
"""Reasons for an end that are no success, whatever else the line says."""


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a line tells."""


class Opened(Fact, frozen=True, kw_only=True):
    """The conversation has a name; empty if the line gave none."""

    session: str


class Retried(Fact, frozen=True, kw_only=True):
    """A request to the model failed and is sent again. `status` is HTTP's, None where there was no answer."""

    attempt: int
    most: int
    delay_ms: int
    status: int | None
    code: str


class Limited(Fact, frozen=True, kw_only=True):
    """What the account may still use. `resets_at` is in UTC seconds since 1970."""

    rejected: bool
    resets_at: int | None


class Said(Fact, frozen=True, kw_only=True):
    """A block of the agent's text."""

    text: str


class ToolCalled(Fact, frozen=True, kw_only=True):
    """The agent called a tool."""

    id: str
    name: str
    input: dict[str, Any]


class ToolReturned(Fact, frozen=True, kw_only=True):
    """A tool came back; which one is known by its call."""

    id: str
    text: str
    failed: bool


class RequestFailed(Fact, frozen=True, kw_only=True):
    """No answer of the model's but the CLI's own word on why there is none."""

    code: str
    text: str


class CommandTaken(Fact, frozen=True, kw_only=True):
    """The CLI took the task for one of its own commands. `kind` says what became of it."""

    kind: str
    text: str


class Consumed(Fact, frozen=True, kw_only=True):
    """Tokens that one answer of the model read; the lines of one answer carry the same `message`."""

    message: str
    tokens_in: int
    tokens_cached: int


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What a result line accounts for: only what was spent since the result line before it, None where it is silent."""

    cost_usd: float | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_cached: int | None = None
    turns: int | None = None


class Ended(Fact, frozen=True, kw_only=True):
    """A result line. `text` is the reply, or says what went wrong; `errors` are the CLI's own."""

    success: bool
    text: str
    errors: tuple[str, ...]
    session: str
    status: int | None
    code: str
    reason: str
    spent: Spent


def read_line(line: str) -> tuple[Fact, ...] | None:
    """Return what a line tells, nothing for one of an unknown kind, and None for one that cannot be read."""
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("type"), str):
        return None
    match found["type"]:
        case "system":
            return tuple(_of_system(found))
        case "assistant":
            return tuple(_of_assistant(found))
        case "user":
            return tuple(_of_user(found))
        case "rate_limit_event":
            info = _object(found, "rate_limit_info")
            return (Limited(rejected=info.get("status") == "rejected", resets_at=_count(info, "resetsAt")),)
        case "result":
            return (_of_result(found),)
        case _:
            return ()


def _of_system(found: dict[str, Any]) -> Iterator[Fact]:
    match found.get("subtype"):
        case "init":
            yield Opened(session=_text(found, "session_id"))
        case "api_retry":
            yield Retried(
                attempt=_count(found, "attempt") or 0,
                most=_count(found, "max_retries") or 0,
                delay_ms=_count(found, "retry_delay_ms") or 0,
                status=_count(found, "error_status"),
                code=_text(found, "error"),
            )


def _of_assistant(found: dict[str, Any]) -> Iterator[Fact]:
    message = _object(found, "message")
    blocks = _blocks(message)
    text = "\n".join(_text(block, "text") for block in blocks if block.get("type") == "text")
    outcome = _text(_object(found, "local_command_outcome"), "kind")
    if outcome:
        yield CommandTaken(kind=outcome, text=text)
        return
    code = _text(found, "error")
    if code:
        yield RequestFailed(code=code, text=text)
        return
    for block in blocks:
        match block.get("type"):
            case "tool_use":
                yield ToolCalled(id=_text(block, "id"), name=_text(block, "name"), input=_object(block, "input"))
            case "text" if _text(block, "text").strip():
                yield Said(text=_text(block, "text"))
    usage = _object(message, "usage")
    if usage:
        cached = (_count(usage, "cache_read_input_tokens") or 0) + (_count(usage, "cache_creation_input_tokens") or 0)
        tokens_in = _count(usage, "input_tokens") or 0
        yield Consumed(message=_text(message, "id"), tokens_in=tokens_in, tokens_cached=cached)


def _of_user(found: dict[str, Any]) -> Iterator[Fact]:
    for block in _blocks(_object(found, "message")):
        if block.get("type") == "tool_result":
            content = block.get("content")
            text = content if isinstance(content, str) else "\n".join(_text(part, "text") for part in _blocks(block))
            yield ToolReturned(id=_text(block, "tool_use_id"), text=text, failed=block.get("is_error") is True)


def _of_result(found: dict[str, Any]) -> Ended:
    reason = _text(found, "terminal_reason")
    errors = found.get("errors")
    return Ended(
        success=not found.get("is_error")
        and found.get("subtype", "success") == "success"
        and reason not in _UNFINISHED,
        text=_text(found, "result"),
        errors=tuple(each for each in errors if isinstance(each, str)) if isinstance(errors, list) else (),
        session=_text(found, "session_id"),
        status=_count(found, "api_error_status"),
        code=_text(found, "api_error"),
        reason=reason,
        spent=_spent(found),
    )


def _spent(found: dict[str, Any]) -> Spent:
    """Read what this run spent since its last result line.

    `total_cost_usd` counts the whole conversation, earlier runs included, so it serves only where the line has
    nothing better, as in older versions, whose total was the run's. Sub-agents are counted by model, and so included.
    """
    turns = _count(found, "num_turns")
    by_model = found.get("model_usage_since_last_result")
    if isinstance(by_model, dict):
        models = [model for model in by_model.values() if isinstance(model, dict)]
        read = sum(_count(model, "cacheReadInputTokens") or 0 for model in models)
        written = sum(_count(model, "cacheCreationInputTokens") or 0 for model in models)
        return Spent(
            cost_usd=sum((_amount(model, "costUSD") or 0.0 for model in models), start=0.0),
            tokens_in=sum(_count(model, "inputTokens") or 0 for model in models),
            tokens_out=sum(_count(model, "outputTokens") or 0 for model in models),
            tokens_cached=read + written,
            turns=turns,
        )
    usage = _object(found, "usage")
    cached = [_count(usage, name) for name in ("cache_read_input_tokens", "cache_creation_input_tokens")]
    return Spent(
        cost_usd=_amount(found, "total_cost_usd"),
        tokens_in=_count(usage, "input_tokens"),
        tokens_out=_count(usage, "output_tokens"),
        tokens_cached=None if cached == [None, None] else sum(each or 0 for each in cached),
        turns=turns,
    )


def _text(found: dict[str, Any], key: str) -> str:
    value = found.get(key)
    return value if isinstance(value, str) else ""


def _object(found: dict[str, Any], key: str) -> dict[str, Any]:
    value = found.get(key)
    return value if isinstance(value, dict) else {}


def _blocks(message: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the blocks of a message's content; a text in their place is one block."""
    content = message.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def _count(found: dict[str, Any], key: str) -> int | None:
    value = found.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LARGEST else None


def _amount(found: dict[str, Any], key: str) -> float | None:
    value = found.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and 0 <= value < _LARGEST else None
