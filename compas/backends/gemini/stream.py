"""Reads what Gemini CLI prints in the format `stream-json`; the one object of its format `json` is read as well."""

from typing import Any

import msgspec

from compas.backends.json_values import count_of, decode_object, object_of, text_of
from compas.domain.events import Usage


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """The conversation has a name."""

    session: str


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of the answer: a whole message, or a part that goes on where the last one ended."""

    text: str


class ToolCalled(msgspec.Struct, frozen=True, kw_only=True):
    """The model calls a tool."""

    id: str
    name: str
    input: dict[str, Any]


class ToolReturned(msgspec.Struct, frozen=True, kw_only=True):
    """A tool call is over."""

    id: str
    text: str
    failed: bool


class Complained(msgspec.Struct, frozen=True, kw_only=True):
    """The CLI says that something is wrong; the run may go on."""

    text: str


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """The result of the run. `text` is there only where the answer was not streamed."""

    success: bool
    text: str
    error: str
    code: int | None
    spent: Usage


Fact = Opened | Said | ToolCalled | ToolReturned | Complained | Ended


def read_line(line: str) -> tuple[Fact, ...] | None:
    """Say what a line tells; None when it cannot be read, and nothing for a kind of line that is not known."""
    found = decode_object(line)
    if found is None:
        return None
    match found.get("type"):
        case "init":
            return (Opened(session=text_of(found, "session_id")),)
        case "message":
            return (Said(text=text_of(found, "content")),) if found.get("role") == "assistant" else ()
        case "tool_use":
            call = ToolCalled(
                id=text_of(found, "tool_id"), name=text_of(found, "tool_name"), input=object_of(found, "parameters")
            )
            return (call,)
        case "tool_result":
            return (_of_tool_result(found),)
        case "error":
            return (Complained(text=text_of(found, "message")),)
        case "result":
            return (_of_result(found),)
        case None:
            return _of_object(found)
    return ()


def _of_tool_result(found: dict[str, Any]) -> ToolReturned:
    text = text_of(found, "output") or text_of(object_of(found, "error"), "message")
    return ToolReturned(id=text_of(found, "tool_id"), text=text, failed=found.get("status") == "error")


def _of_result(found: dict[str, Any]) -> Ended:
    error = object_of(found, "error")
    return Ended(
        success=found.get("status") == "success" and not error,
        text="",
        error=text_of(error, "message"),
        code=count_of(error, "code"),
        spent=_spent(object_of(found, "stats")),
    )


def _of_object(found: dict[str, Any]) -> tuple[Fact, ...] | None:
    """Read the single object of the format `json` (a-core 88)."""
    error = object_of(found, "error")
    key = next((key for key in ("response", "result") if isinstance(found.get(key), str)), None)
    if key is None and not error:
        return None
    ended = Ended(
        success=not error,
        text="" if key is None else text_of(found, key),
        error=text_of(error, "message"),
        code=count_of(error, "code"),
        spent=Usage(),
    )
    return (Opened(session=text_of(found, "session_id")), ended)


def _spent(stats: dict[str, Any]) -> Usage:
    """Read what the run spent: `input_tokens` includes the cached ones, which are taken out of it."""
    read, cached = count_of(stats, "input_tokens"), count_of(stats, "cached")
    return Usage(
        tokens_in=None if read is None else max(0, read - (cached or 0)),
        tokens_out=count_of(stats, "output_tokens"),
        tokens_cached=cached,
    )
