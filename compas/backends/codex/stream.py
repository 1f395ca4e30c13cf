"""What one line of Codex's `--json` output tells, as facts; lenient about everything that is not needed."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from compas.backends.codex.tools import call_of, result_of
from compas.backends.json_values import count_of, decode_object, object_of, text_of
from compas.domain.events import Usage

_RECONNECTING = re.compile(r"Reconnecting\.\.\.|Re-connecting\.\.\.|stream error: .*; retrying", re.IGNORECASE)


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a line tells."""


class Opened(Fact, frozen=True, kw_only=True):
    """The conversation has a name; empty if the line gave none."""

    session: str


class TurnBegan(Fact, frozen=True, kw_only=True):
    """A turn of the agent's began."""


class Said(Fact, frozen=True, kw_only=True):
    """A message of the agent's."""

    text: str


class ToolCalled(Fact, frozen=True, kw_only=True):
    """The agent called a tool."""

    name: str
    summary: str
    detail: str


class ToolReturned(Fact, frozen=True, kw_only=True):
    """A tool came back."""

    name: str
    summary: str
    detail: str
    failed: bool


class Retried(Fact, frozen=True, kw_only=True):
    """A request to the model failed and is sent again."""

    text: str


class Noted(Fact, frozen=True, kw_only=True):
    """The CLI complained: about its run if it is a failure, else about something it can work without."""

    text: str
    is_failure: bool


class Failed(Fact, frozen=True, kw_only=True):
    """A turn failed."""

    text: str


class Ended(Fact, frozen=True, kw_only=True):
    """A turn was completed. `total` is what the conversation has spent since it began."""

    total: Usage


def read_line(line: str) -> tuple[Fact, ...] | None:
    """Return what a line tells, nothing for one of an unknown kind, and None for one that cannot be read."""
    found = decode_object(line)
    if found is None or not isinstance(found.get("type"), str):
        return None
    return tuple(_facts(found))


def _facts(found: dict[str, Any]) -> Iterator[Fact]:
    match found["type"]:
        case "thread.started":
            yield Opened(session=text_of(found, "thread_id"))
        case "turn.started":
            yield TurnBegan()
        case "turn.completed":
            yield Ended(total=_total(object_of(found, "usage")))
        case "turn.failed":
            yield Failed(text=_message(object_of(found, "error")))
        case "error":
            text = _message(found)
            yield Retried(text=text) if _RECONNECTING.match(text) else Noted(text=text, is_failure=True)
        case "item.started":
            yield from _of_item(object_of(found, "item"), is_over=False)
        case "item.completed":
            yield from _of_item(object_of(found, "item"), is_over=True)


def _of_item(item: dict[str, Any], *, is_over: bool) -> Iterator[Fact]:
    kind = text_of(item, "type")
    if is_over and kind == "agent_message":
        if text_of(item, "text").strip():
            yield Said(text=text_of(item, "text"))
    elif is_over and kind == "error":
        yield Noted(text=_message(item), is_failure=False)
    elif not is_over:
        called = call_of(item)
        if called is not None:
            yield ToolCalled(name=called.name, summary=called.summary, detail=called.detail)
    else:
        returned = result_of(item)
        if returned is not None:
            yield ToolReturned(
                name=returned.name, summary=returned.summary, detail=returned.detail, failed=returned.failed
            )


def _message(found: dict[str, Any]) -> str:
    """Return what an error says; a provider's own error is JSON in it, of which the message is enough."""
    text = text_of(found, "message")
    inner = decode_object(text) if text.startswith("{") else None
    return (text_of(object_of(inner, "error"), "message") or text) if inner is not None else text


def _total(usage: dict[str, Any]) -> Usage:
    """Read a count. What was read from the cache or written to it is a part of `input_tokens`."""
    given, out = count_of(usage, "input_tokens"), count_of(usage, "output_tokens")
    parts = [count_of(usage, name) for name in ("cached_input_tokens", "cache_write_input_tokens")]
    cached = None if parts == [None, None] else sum(part or 0 for part in parts)
    return Usage(
        tokens_in=None if given is None else max(0, given - (cached or 0)), tokens_out=out, tokens_cached=cached
    )
