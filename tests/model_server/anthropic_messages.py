"""The Anthropic Messages protocol: what a request says, whether it is one, and what an answer looks like."""

import itertools
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from model_script import Calls, Conversation, Options, Refuse, Say, ScriptError, Usage

PATH = "/v1/messages"
COUNT_PATH = "/v1/messages/count_tokens"
_PIECES = 4
_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
_ADDED = re.compile(r"\s*<(system-reminder|local-command|command-)")
"""How the texts begin that the CLI puts beside a prompt."""

Json = dict[str, Any]


def problems(request: Json, headers: Mapping[str, str]) -> list[str]:
    """Say what is wrong with a request; a real model server would refuse it for these."""
    found = []
    if not headers.get("anthropic-version"):
        found.append("there is no anthropic-version")
    if not headers.get("x-api-key") and not headers.get("authorization", "").startswith("Bearer "):
        found.append("there is no key")
    for name, kind in (("model", str), ("messages", list), ("max_tokens", int)):
        if not isinstance(request.get(name), kind):
            found.append(f"{name} is missing or of a wrong type")
    return found or list(_problems_of(request["messages"], request.get("tools") or []))


def _problems_of(messages: list[Json], tools: list[Json]) -> Iterator[str]:
    names = [tool.get("name") for tool in tools]
    if len(names) != len(set(names)):
        yield "two tools have one name"
    if not messages or messages[0].get("role") != "user":
        yield "the first message is not the user's"
    open_calls: set[str] = set()
    for message in messages:
        role, blocks = message.get("role"), _blocks(message)
        results = {block.get("tool_use_id", "") for block in blocks if block.get("type") == "tool_result"}
        if role not in ("user", "assistant", "system"):
            yield f"there is no role {role!r}"
        if role == "user" and open_calls - results:
            yield f"tool calls were not answered: {sorted(open_calls - results)}"
        if results - open_calls:
            yield f"results of tools that were not called: {sorted(results - open_calls)}"
        if role != "system":
            open_calls = {block.get("id", "") for block in blocks if block.get("type") == "tool_use"}


def read(request: Json) -> Conversation:
    """Return what the user's side of a request says."""
    conversation = Conversation()
    for message in request["messages"]:
        if message["role"] != "user":
            continue
        blocks = _blocks(message)
        results = [_flat(block.get("content")) for block in blocks if block.get("type") == "tool_result"]
        texts = [block.get("text", "") for block in blocks if block.get("type") == "text"]
        own = "\n".join(text for text in texts if not _ADDED.match(text))
        conversation.results += results
        if not results and own.strip():
            conversation.add_prompt(own)
    return conversation


def system_prompt(request: Json) -> str:
    """Return the system prompt, however it is written."""
    return _flat(request.get("system"))


def _blocks(message: Json) -> list[Json]:
    content = message.get("content")
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content or [])


def _flat(content: str | list[Json] | None) -> str:
    return content if isinstance(content, str) else "\n".join(block.get("text", "") for block in content or [])


class Answers:
    """Makes answers. Their ids count up, so that the same script gives the same answers."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def message(self, request: Json, action: Say | Calls) -> Json:
        """Return an answer in one piece. Raises ScriptError as `find_calls` does."""
        if isinstance(action, Say):
            content: list[Json] = [{"type": "text", "text": action.text}]
        else:
            content = [
                {"type": "tool_use", "id": f"toolu_{next(self._numbers):04}", "name": name, "input": given}
                for name, given in find_calls(request, action)
            ]
        return {
            "id": f"msg_{next(self._numbers):04}",
            "type": "message",
            "role": "assistant",
            "model": request["model"],
            "content": content,
            "stop_reason": "end_turn" if isinstance(action, Say) else "tool_use",
            "stop_sequence": None,
            "usage": _usage(action.usage),
        }


def find_calls(request: Json, action: Calls) -> list[tuple[str, Json]]:
    """Return name and input of the tools to call. Raises ScriptError for one that the CLI does not offer."""
    tools = [tool.get("name", "") for tool in request.get("tools") or []]
    return [_find_tool(verb, options, tools) for verb, options in action.calls]


def _find_tool(verb: str, options: Options, tools: list[str]) -> tuple[str, Json]:
    if verb == "write" and "Write" in tools:
        return "Write", {"file_path": options["path"], "content": options.get("content", "")}
    if verb == "write":
        content, path = (shlex.quote(options.get(key, "")) for key in ("content", "path"))
        return _find_tool("shell", {"cmd": f"printf %s {content} > {path}"}, tools)
    if verb == "shell" and "Bash" in tools:
        return "Bash", {"command": options["cmd"], "description": "a step of the script"}
    if verb == "tool":
        return options["name"], json.loads(options.get("args", "{}"))
    raise ScriptError(f"no tool for {verb} is offered; there are: {', '.join(tools)}")


def _usage(usage: Usage) -> Json:
    return {
        "input_tokens": usage.tokens_in,
        "output_tokens": usage.tokens_out,
        "cache_read_input_tokens": usage.cached,
        "cache_creation_input_tokens": usage.created,
    }


def events(message: Json) -> list[tuple[str, Json]]:
    """Return the same answer as a stream of named events."""
    started = {**message, "content": [], "stop_reason": None}
    found: list[Json] = [{"type": "message_start", "message": started}]
    for index, block in enumerate(message["content"]):
        found += _block_events(index, block)
    delta = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    usage = {"output_tokens": message["usage"]["output_tokens"]}
    found += [{"type": "message_delta", "delta": delta, "usage": usage}, {"type": "message_stop"}]
    return [(event["type"], event) for event in found]


def _block_events(index: int, block: Json) -> Iterator[Json]:
    if block["type"] == "text":
        yield {"type": "content_block_start", "index": index, "content_block": {**block, "text": ""}}
        deltas = [{"type": "text_delta", "text": piece} for piece in _pieces(block["text"])]
    else:
        yield {"type": "content_block_start", "index": index, "content_block": {**block, "input": {}}}
        given = json.dumps(block["input"])
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in _pieces(given)]
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def _pieces(text: str) -> list[str]:
    size = max(1, -(-len(text) // _PIECES))
    return [text[start : start + size] for start in range(0, len(text), size)] or [""]


def refusal(action: Refuse) -> tuple[Json, dict[str, str]]:
    """Return the body of a refusal, and the headers that belong to it."""
    kind = _ERRORS.get(action.code, "api_error")
    text = action.message or f"scripted {kind} ({action.code})"
    body = {"type": "error", "error": {"type": kind, "message": text}, "request_id": "req_0001"}
    headers = {"retry-after": action.retry_after} if action.retry_after else {}
    if action.resets is not None:
        for name in ("", "-5h", "-overage"):
            headers[f"anthropic-ratelimit-unified{name}-status"] = "rejected"
            headers[f"anthropic-ratelimit-unified{name}-reset"] = str(action.resets)
        headers["anthropic-ratelimit-unified-representative-claim"] = "five_hour"
    return body, headers
