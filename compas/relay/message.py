"""Reads a line that an editor sent: a message that the gateway is sure to understand, or why it is none."""

import json
import re
from typing import NamedTuple, NoReturn

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603

Id = int | str
Json = dict[str, object]

MOST_LEVELS = 100
"""How deep the values of a message may lie in one another; the SDK behind us gives up at 200."""
_BRACKETS = re.compile(rb"[\[{]")
_LONE = re.compile(rb"\\u[dD][89a-fA-F]")
"""Where a text may hold half of a surrogate pair."""
_EARLY_ID = re.compile(
    r'\s*\{(?:\s*"(?:jsonrpc|method)"\s*:\s*"[^"\\]*"\s*,)*\s*"id"\s*:\s*(-?[0-9]{1,18}(?=\s*[,}])|"[^"\\]{1,100}")'
)
"""The id of a message that cannot be read further: only where nothing before it may hold an id of something else."""


class Request(NamedTuple):
    """A message that is to be answered. `line` is how it came."""

    id: Id
    method: str
    params: Json
    line: bytes


class Notification(NamedTuple):
    """A message that is not answered."""

    method: str
    params: Json
    line: bytes


class Answer(NamedTuple):
    """The editor's answer to something that it was asked."""

    line: bytes


class Broken(NamedTuple):
    """A line that is no message: the id to answer with, None where it cannot be read, and what to say."""

    id: Id | None
    code: int
    sentence: str


Message = Request | Notification | Answer | Broken


def read_message(line: bytes) -> Message:
    """Return the message in a line."""
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        found = _early_id(line.decode(errors="replace"))
        return Broken(found, PARSE_ERROR, f"the message is not UTF-8 at byte {error.start}")
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        return _too_deep(text)
    except ValueError as error:
        return Broken(_early_id(text), PARSE_ERROR, f"the message is not JSON: {str(error)[:200]}")
    return _message(value, line)


def read_long_message(beginning: bytes, limit: int) -> Broken:
    """Return what to say of a line over `limit` bytes."""
    return Broken(_early_id(beginning.decode(errors="replace")), INVALID_REQUEST, f"a message has over {limit} bytes")


def _message(value: object, line: bytes) -> Message:
    if isinstance(value, list):
        return Broken(None, INVALID_REQUEST, "batches of messages are not taken; send one message a line")
    if not isinstance(value, dict):
        return Broken(None, INVALID_REQUEST, "a message is a JSON object")
    if _BRACKETS.search(line, 1) and len(_BRACKETS.findall(line)) > MOST_LEVELS and _levels(value) > MOST_LEVELS:
        return Broken(_id(value), PARSE_ERROR, f"the message has values over {MOST_LEVELS} levels deep")
    if _LONE.search(line) and not _is_unicode(value):
        found = _id(value)
        return Broken(found if _is_unicode(found) else None, PARSE_ERROR, "the message has half of a surrogate pair")
    if value.get("jsonrpc") != "2.0":
        return Broken(_id(value), INVALID_REQUEST, 'a message has "jsonrpc": "2.0"')
    if "method" not in value and ("result" in value or "error" in value):
        return Answer(line)
    return _asked(value, line)


def _asked(value: Json, line: bytes) -> Message:
    method = value.get("method")
    params = value.get("params")
    if not isinstance(method, str):
        return Broken(_id(value), INVALID_REQUEST, "a message has a method, which is a text")
    if not isinstance(params, dict | None):
        return Broken(_id(value), INVALID_REQUEST, "the params of a message are an object")
    if "id" not in value:
        return Notification(method, params or {}, line)
    found = _id(value)
    if found is None:
        return Broken(None, INVALID_REQUEST, "the id of a request is a whole number or a text")
    return Request(found, method, params or {}, line)


def _id(value: Json) -> Id | None:
    found = value.get("id")
    return found if isinstance(found, int | str) and not isinstance(found, bool) else None


def _early_id(text: str) -> Id | None:
    found = _EARLY_ID.match(text)
    if found is None:
        return None
    written = found.group(1)
    return written[1:-1] if written.startswith('"') else int(written)


def _too_deep(text: str) -> Broken:
    return Broken(_early_id(text), PARSE_ERROR, f"the message has values over {MOST_LEVELS} levels deep")


def _levels(value: object) -> int:
    """Return how deep the values lie in one another, or a little over the limit once they are beyond it."""
    level, ahead = 0, [value]
    while ahead and level <= MOST_LEVELS:
        level += 1
        within: list[object] = []
        for one in ahead:
            if isinstance(one, dict):
                within += one.values()
            elif isinstance(one, list):
                within += one
        ahead = [one for one in within if isinstance(one, dict | list)]
    return level


def _is_unicode(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
