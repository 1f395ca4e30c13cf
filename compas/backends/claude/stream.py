"""What one line of Claude Code's `stream-json` output tells, as facts; lenient about everything that is not needed."""

from collections.abc import Iterator
from typing import Any

import msgspec

from compas.backends.json_values import amount_of, count_of, decode_object, object_of, text_of
from compas.domain.events import Usage

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


class InBackground(Fact, frozen=True, kw_only=True):
    """How many tasks the agent has at work beside itself; when one ends, another turn may begin."""

    count: int


class Consumed(Fact, frozen=True, kw_only=True):
    """Tokens that one answer of the model read; the lines of one answer carry the same `message`."""

    message: str
    tokens_in: int
    tokens_cached: int


class Ended(Fact, frozen=True, kw_only=True):
    """A result line. `text` is the reply, or says what went wrong; `errors` are the CLI's own.

    `spent` is what was spent since the result line before it, None where the line is silent.
    """

    success: bool
    text: str
    errors: tuple[str, ...]
    session: str
    status: int | None
    code: str
    reason: str
    spent: Usage


def read_line(line: str) -> tuple[Fact, ...] | None:
    """Return what a line tells, nothing for one of an unknown kind, and None for one that cannot be read."""
    found = decode_object(line)
    if found is None or not isinstance(found.get("type"), str):
        return None
    match found["type"]:
        case "system":
            return tuple(_of_system(found))
        case "assistant":
            return tuple(_of_assistant(found))
        case "user":
            return tuple(_of_user(found))
        case "rate_limit_event":
            info = object_of(found, "rate_limit_info")
            return (Limited(rejected=info.get("status") == "rejected", resets_at=count_of(info, "resetsAt")),)
        case "result":
            return (_of_result(found),)
        case _:
            return ()


def _of_system(found: dict[str, Any]) -> Iterator[Fact]:
    match found.get("subtype"):
        case "init":
            yield Opened(session=text_of(found, "session_id"))
        case "background_tasks_changed":
            tasks = found.get("tasks")
            yield InBackground(count=len(tasks) if isinstance(tasks, list) else 0)
        case "api_retry":
            yield Retried(
                attempt=count_of(found, "attempt") or 0,
                most=count_of(found, "max_retries") or 0,
                delay_ms=count_of(found, "retry_delay_ms") or 0,
                status=count_of(found, "error_status"),
                code=text_of(found, "error"),
            )


def _of_assistant(found: dict[str, Any]) -> Iterator[Fact]:
    message = object_of(found, "message")
    blocks = _blocks(message)
    text = "\n".join(text_of(block, "text") for block in blocks if block.get("type") == "text")
    outcome = text_of(object_of(found, "local_command_outcome"), "kind")
    if outcome:
        yield CommandTaken(kind=outcome, text=text)
        return
    code = text_of(found, "error")
    if code:
        yield RequestFailed(code=code, text=text)
        return
    for block in blocks:
        match block.get("type"):
            case "tool_use":
                yield ToolCalled(id=text_of(block, "id"), name=text_of(block, "name"), input=object_of(block, "input"))
            case "text" if text_of(block, "text").strip():
                yield Said(text=text_of(block, "text"))
    usage = object_of(message, "usage")
    if usage:
        cached = [count_of(usage, name) or 0 for name in ("cache_read_input_tokens", "cache_creation_input_tokens")]
        tokens_in = count_of(usage, "input_tokens") or 0
        yield Consumed(message=text_of(message, "id"), tokens_in=tokens_in, tokens_cached=sum(cached))


def _of_user(found: dict[str, Any]) -> Iterator[Fact]:
    for block in _blocks(object_of(found, "message")):
        if block.get("type") == "tool_result":
            content = block.get("content")
            text = content if isinstance(content, str) else "\n".join(text_of(part, "text") for part in _blocks(block))
            yield ToolReturned(id=text_of(block, "tool_use_id"), text=text, failed=block.get("is_error") is True)


def _of_result(found: dict[str, Any]) -> Ended:
    reason = text_of(found, "terminal_reason")
    errors = found.get("errors")
    return Ended(
        success=not found.get("is_error")
        and found.get("subtype", "success") == "success"
        and reason not in _UNFINISHED,
        text=text_of(found, "result"),
        errors=tuple(each for each in errors if isinstance(each, str)) if isinstance(errors, list) else (),
        session=text_of(found, "session_id"),
        status=count_of(found, "api_error_status"),
        code=text_of(found, "api_error"),
        reason=reason,
        spent=_spent(found),
    )


def _spent(found: dict[str, Any]) -> Usage:
    """Read what this run spent since its last result line.

    `total_cost_usd` counts the whole conversation, earlier runs included, so it serves only where the line has
    nothing better, as in older versions, whose total was the run's. Sub-agents are counted by model, and so included.
    """
    turns = count_of(found, "num_turns")
    by_model = found.get("model_usage_since_last_result")
    if isinstance(by_model, dict):
        models = [model for model in by_model.values() if isinstance(model, dict)]
        read = sum(count_of(model, "cacheReadInputTokens") or 0 for model in models)
        written = sum(count_of(model, "cacheCreationInputTokens") or 0 for model in models)
        return Usage(
            cost_usd=sum((amount_of(model, "costUSD") or 0.0 for model in models), start=0.0),
            tokens_in=sum(count_of(model, "inputTokens") or 0 for model in models),
            tokens_out=sum(count_of(model, "outputTokens") or 0 for model in models),
            tokens_cached=read + written,
            turns=turns,
        )
    usage = object_of(found, "usage")
    cached = [count_of(usage, name) for name in ("cache_read_input_tokens", "cache_creation_input_tokens")]
    return Usage(
        cost_usd=amount_of(found, "total_cost_usd"),
        tokens_in=count_of(usage, "input_tokens"),
        tokens_out=count_of(usage, "output_tokens"),
        tokens_cached=None if cached == [None, None] else sum(each or 0 for each in cached),
        turns=turns,
    )


def _blocks(message: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the blocks of a message's content; a text in their place is one block."""
    content = message.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []
