"""What one line of OpenCode's output tells, as facts: JSON on standard output, log and words on the other."""

import re
from typing import Any

import msgspec

from compas.backends.json_values import amount_of, count_of, decode_object, object_of, text_of
from compas.domain.events import Usage

_ANSI = re.compile(r"\x1b?\[[0-9;]*m")
_LOG = re.compile(r"timestamp=\S+ level=[A-Z]+ ")
_REQUEST_FAILED = re.compile(r'message="stream error" .*\bsession\.id=(?P<session>\S+) small=false\b')
_ERROR = re.compile(r' error\.error="(?P<text>(?:[^"\\]|\\.)*)')
_BROKE = re.compile(r'message=failed ref=\S+ error="(?P<text>(?:[^"\\]|\\.)*)')
_NO_PROFILE = re.compile(r'agent "(?P<name>[^"]*)" not found')
_SUMMARY_CHARACTERS = 60
_WORDLESS = "opencode reported an error without words"


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a line tells."""


class Opened(Fact, frozen=True, kw_only=True):
    """The conversation has a name; empty if the line gave none."""

    session: str


class StepBegan(Fact, frozen=True, kw_only=True):
    """The model begins to answer."""


class Said(Fact, frozen=True, kw_only=True):
    """A whole block of the agent's text."""

    text: str


class ToolUsed(Fact, frozen=True, kw_only=True):
    """A tool was called, and is over: the CLI tells of both at once."""

    name: str
    summary: str
    detail: str
    output: str
    failed: bool


class StepEnded(Fact, frozen=True, kw_only=True):
    """An answer of the model is over, and what it cost. `reason` is `stop` when it was the last of the turn."""

    reason: str
    spent: Usage


class Failed(Fact, frozen=True, kw_only=True):
    """The turn is over with an error. `status` is HTTP's, None where there was no answer."""

    name: str
    text: str
    status: int | None
    is_retryable: bool


class RequestFailed(Fact, frozen=True, kw_only=True):
    """A request to the model failed; unless the turn ends now, it is sent again."""

    session: str
    text: str


class Broke(Fact, frozen=True, kw_only=True):
    """Something in the CLI itself failed: its output only says that its log tells what."""

    text: str


class NoProfile(Fact, frozen=True, kw_only=True):
    """There is no profile of this name, and the CLI goes on with its own."""

    name: str


def read_output(line: str) -> tuple[Fact, ...] | None:
    """Return what a line of output tells, nothing for one of an unknown kind, and None for one that cannot be read."""
    found = decode_object(line)
    if found is None or not isinstance(found.get("type"), str):
        return None
    part = object_of(found, "part")
    opened = Opened(session=text_of(found, "sessionID"))
    match found["type"]:
        case "step_start":
            return (opened, StepBegan())
        case "text":
            return (opened, Said(text=text_of(part, "text")))
        case "tool_use" | "tool_start":
            return (opened, _of_tool(part or found))
        case "step_finish":
            return (opened, StepEnded(reason=text_of(part, "reason"), spent=_spent(part)))
        case "error":
            return (opened, _of_error(object_of(found, "error")))
    return (opened,)


def read_error(line: str) -> tuple[Fact | None, str]:
    """Return what a line of standard error tells, and its words; they are empty for a line of the CLI's log."""
    plain = _ANSI.sub("", line).strip()
    if not _LOG.match(plain):
        missing = _NO_PROFILE.search(plain)
        return (None if missing is None else NoProfile(name=missing["name"])), plain
    broke = _BROKE.search(plain)
    if broke is not None:
        return Broke(text=_unquoted(broke["text"])), ""
    failed = _REQUEST_FAILED.search(plain)
    if failed is None:
        return None, ""
    said = _ERROR.search(plain)
    return RequestFailed(session=failed["session"], text="" if said is None else _unquoted(said["text"])), ""


def _unquoted(text: str) -> str:
    return text.replace('\\"', '"').replace("\\n", "\n")


def _of_tool(part: dict[str, Any]) -> ToolUsed:
    state = object_of(part, "state")
    name = text_of(part, "tool") or text_of(part, "name") or "?"
    given = object_of(state, "input")
    code = object_of(state, "metadata").get("exit")
    return ToolUsed(
        name=name,
        summary=_summary(name, given),
        detail=msgspec.json.encode(given).decode(),
        output=text_of(state, "output") or text_of(state, "error"),
        failed=text_of(state, "status") == "error" or (isinstance(code, int) and code != 0),
    )


def _summary(name: str, given: dict[str, Any]) -> str:
    for key in ("command", "filePath", "path", "pattern", "url", "description"):
        value = text_of(given, key)
        if value:
            shown = "/".join(value.split("/")[-3:]) if key == "filePath" else value
            return f"{name}: {shown[:_SUMMARY_CHARACTERS]}"
    return name


def _spent(part: dict[str, Any]) -> Usage:
    """Read what a step spent: `input` is without what was read from the cache, reasoning is beside `output`."""
    tokens = object_of(part, "tokens")
    cache = object_of(tokens, "cache")
    cached = [count_of(cache, name) for name in ("read", "write")]
    out, thought = count_of(tokens, "output"), count_of(tokens, "reasoning")
    return Usage(
        cost_usd=amount_of(part, "cost"),
        tokens_in=count_of(tokens, "input"),
        tokens_out=None if out is None else out + (thought or 0),
        tokens_cached=None if cached == [None, None] else sum(each or 0 for each in cached),
    )


def _of_error(error: dict[str, Any]) -> Failed:
    data = object_of(error, "data")
    return Failed(
        name=text_of(error, "name"),
        text=text_of(data, "message") or text_of(error, "message") or text_of(error, "name") or _WORDLESS,
        status=count_of(data, "statusCode"),
        is_retryable=data.get("isRetryable") is True,
    )
