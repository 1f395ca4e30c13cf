"""The OpenAI Responses protocol: what a request says, whether it is one, and what an answer looks like."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from tests.model_server.dialect import Call, Event, Json, Numbers, Query, Reply, pieces
from tests.model_server.model_script import Conversation, Options, Refuse, ScriptError, Usage

PATH = "/v1/responses"
_KINDS = {
    400: "invalid_request_error",
    401: "invalid_request_error",
    403: "invalid_request_error",
    404: "invalid_request_error",
    429: "rate_limit_error",
}
_CODES = {401: "invalid_api_key", 403: "unsupported_country_region_territory", 429: "rate_limit_exceeded"}
_ADDED = re.compile(
    r"\s*(<(environment_context|user_instructions|turn_aborted|skills_instructions|permissions|INSTRUCTIONS"
    r"|subagent_notification|hook_prompt)\b|# AGENTS\.md)"
)
"""How the messages begin that the CLI puts beside a prompt in the user's name."""
_PATCH = "apply_patch"
_SHELLS = {"exec_command": "cmd", "shell_command": "command"}
_PATIENCE = {"exec_command": {"yield_time_ms": 30_000}}
_SEARCH = "tool_search"
"""Codex's own tool by which a model finds those that are not shown to it at once."""
_FOUND = "tool_search_output"
_CALLS = ("function_call", "custom_tool_call", "local_shell_call", "tool_search_call")


class OpenAiResponses:
    """What Codex speaks. A tool of an MCP server is named `server::tool`: protocol and namespace keep them apart."""

    name = "responses"

    def is_model(self, path: str) -> bool:
        """See Dialect."""
        return path == PATH

    def is_count(self, path: str) -> bool:
        """See Dialect."""
        return path == f"{PATH}/input_tokens"

    def counted(self, tokens: int) -> Json:
        """See Dialect."""
        return {"object": "response.input_tokens", "input_tokens": tokens}

    def key(self, headers: Mapping[str, str]) -> str:
        """See Dialect."""
        return headers.get("authorization", "").removeprefix("Bearer ")

    def problems(self, query: Query) -> list[str]:
        """See Dialect."""
        request, found = query.body, []
        if not query.headers.get("authorization", "").startswith("Bearer "):
            found.append("there is no key")
        if not isinstance(request.get("model"), str):
            found.append("model is missing or of a wrong type")
        if not isinstance(request.get("input"), list | str):
            found.append("input is missing or of a wrong type")
        return found or list(_problems_of(_items(request), _names(request)))

    def model(self, query: Query) -> str:
        """See Dialect."""
        return str(query.body.get("model"))

    def is_streaming(self, query: Query) -> bool:
        """See Dialect."""
        return query.body.get("stream") is True

    def tools(self, query: Query) -> list[str]:
        """See Dialect."""
        return _names(query.body)

    def system(self, query: Query) -> str:
        """See Dialect."""
        roles = ("system", "developer")
        told = [_flat(item.get("content")) for item in _items(query.body) if item.get("role") in roles]
        return "\n".join(text for text in (query.body.get("instructions") or "", *told) if text)

    def read(self, query: Query) -> Conversation:
        """See Dialect."""
        conversation = Conversation()
        for item in _items(query.body):
            if item.get("type") == _FOUND:
                conversation.results.append(json.dumps(item.get("tools")))
            elif str(item.get("type", "")).endswith("call_output"):
                conversation.results.append(_flat(item.get("output")))
            elif item.get("role") == "user":
                texts = [text for text in _texts(item.get("content")) if not _ADDED.match(text)]
                if texts:
                    conversation.add_prompt("\n".join(texts))
        return conversation

    def find_call(self, verb: str, options: Options, tools: list[str]) -> Call:
        """See Dialect."""
        if verb == "write" and _PATCH in tools:
            lines = "".join(f"+{line}\n" for line in options.get("content", "").split("\n"))
            return _PATCH, {"patch": f"*** Begin Patch\n*** Add File: {options['path']}\n{lines}*** End Patch\n"}
        if verb == "write":
            content, path = (shlex.quote(options.get(key, "")) for key in ("content", "path"))
            return self.find_call("shell", {"cmd": f"printf %s {content} > {path}"}, tools)
        if verb == "shell":
            shell = next((name for name in _SHELLS if name in tools), None)
            if shell is not None:
                # Left alone the tool comes back after some seconds, while its command goes on.
                return shell, {_SHELLS[shell]: options["cmd"], **_PATIENCE.get(shell, {})}
        if verb == "tool":  # one that is found by a search only is called by its whole name
            return options["name"], json.loads(options.get("args", "{}"))
        raise ScriptError(f"no tool for {verb} is offered; there are: {', '.join(tools)}")

    def answer(self, query: Query, reply: Reply, numbers: Numbers) -> Json:
        """See Dialect."""
        output = [_call(call, numbers) for call in reply.calls] or [_message(reply.text, numbers)]
        return {
            "id": numbers.next("resp_"),
            "object": "response",
            "status": "completed",
            "model": query.body["model"],
            "output": output,
            "usage": _usage(reply.usage),
        }

    def events(self, answer: Json) -> list[Event]:
        """See Dialect."""
        opened = {**answer, "status": "in_progress", "output": [], "usage": None}
        found: list[Json] = [{"type": "response.created", "response": opened}]
        for index, item in enumerate(answer["output"]):
            found += _item_events(index, item)
        found.append({"type": "response.completed", "response": answer})
        return [(event["type"], json.dumps(event)) for event in found]

    def refusal(self, action: Refuse) -> tuple[int, Json, dict[str, str]]:
        """See Dialect."""
        kind = _KINDS.get(action.code, "server_error")
        error: Json = {"type": kind, "code": _CODES.get(action.code), "param": None}
        text = action.message or f"scripted {kind} ({action.code})"
        if action.has_no_quota:
            text = "You exceeded your current quota, please check your plan and billing details."
            error |= {"type": "insufficient_quota", "code": "insufficient_quota"}
        if action.is_full:
            text = "Your input exceeds the context window of this model. Please adjust your input and try again."
            error |= {"code": "context_length_exceeded", "param": "input"}
        if action.resets is not None:
            text = "The usage limit has been reached"
            error |= {"type": "usage_limit_reached", "plan_type": "plus", "resets_at": action.resets}
        headers = {"retry-after": action.retry_after} if action.retry_after else {}
        return action.code, {"error": {**error, "message": text}}, headers


def _problems_of(items: list[Json], names: list[str]) -> Iterator[str]:
    if len(names) != len(set(names)):
        yield "two tools have one name"
    if not any(item.get("role") == "user" for item in items):
        yield "there is no message of the user's"
    calls = [item.get("call_id", "") for item in items if item.get("type") in _CALLS]
    answers = [
        item.get("call_id", "")
        for item in items
        if str(item.get("type", "")).endswith("call_output") or item.get("type") == _FOUND
    ]
    if unanswered := sorted(set(calls) - set(answers)):
        yield f"tool calls were not answered: {unanswered}"
    if uncalled := sorted(set(answers) - set(calls)):
        yield f"results of tools that were not called: {uncalled}"
    roles = {item["role"] for item in items if "role" in item}
    if strange := sorted(roles - {"user", "assistant", "system", "developer"}):
        yield f"there is no role {strange[0]!r}"


def _items(request: Json) -> list[Json]:
    given = request.get("input")
    return [{"role": "user", "content": given}] if isinstance(given, str) else list(given or [])


def _names(request: Json) -> list[str]:
    found: list[str] = []
    for tool in request.get("tools") or []:
        inner = [f"{tool['name']}::{each['name']}" for each in tool.get("tools", [])]
        found += inner or [str(tool.get("name") or tool.get("type"))]
    return found


def _texts(content: Any) -> list[str]:  # noqa: ANN401 - JSON
    if isinstance(content, str):
        return [content]
    return [part.get("text", "") for part in content or [] if part.get("type") in ("input_text", "output_text")]


def _flat(content: Any) -> str:  # noqa: ANN401 - JSON
    return "\n".join(_texts(content))


def _message(text: str, numbers: Numbers) -> Json:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {
        "type": "message",
        "id": numbers.next("msg_"),
        "role": "assistant",
        "status": "completed",
        "content": content,
    }


def _call(call: Call, numbers: Numbers) -> Json:
    name, given = call
    space, _, name = name.rpartition("::")
    ids = {"id": numbers.next("fc_"), "call_id": numbers.next("call_"), "status": "completed"}
    if name == _PATCH:
        return {"type": "custom_tool_call", **ids, "name": name, "input": given["patch"]}
    if name == _SEARCH:
        return {"type": "tool_search_call", **ids, "execution": "client", "arguments": given}
    named = {"namespace": space, "name": name} if space else {"name": name}
    return {"type": "function_call", **ids, **named, "arguments": json.dumps(given)}


def _usage(usage: Usage) -> Json:
    """What was read from the cache, or written to it, is a part of the input in this protocol."""
    tokens_in = usage.tokens_in + usage.cached + usage.created
    details = {"cached_tokens": usage.cached, "cache_write_tokens": usage.created}
    return {
        "input_tokens": tokens_in,
        "input_tokens_details": details,
        "output_tokens": usage.tokens_out,
        "output_tokens_details": {"reasoning_tokens": 5},
        "total_tokens": tokens_in + usage.tokens_out,
    }


def _item_events(index: int, item: Json) -> Iterator[Json]:
    empty = {"message": {"content": []}, "function_call": {"arguments": ""}, "custom_tool_call": {"input": ""}}
    started = {**item, **empty.get(item["type"], {}), "status": "in_progress"}
    yield {"type": "response.output_item.added", "output_index": index, "item": started}
    if item["type"] == "message":
        for piece in pieces(item["content"][0]["text"]):
            yield {
                "type": "response.output_text.delta",
                "item_id": item["id"],
                "output_index": index,
                "content_index": 0,
                "delta": piece,
            }
    yield {"type": "response.output_item.done", "output_index": index, "item": item}
