"""The Anthropic Messages protocol: what a request says, whether it is one, and what an answer looks like."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping

from tests.model_server.dialect import Call, Event, Json, Numbers, Query, Reply, pieces
from tests.model_server.model_script import Conversation, Options, Refuse, ScriptError, Usage

PATH = "/v1/messages"
COUNT_PATH = "/v1/messages/count_tokens"
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


class AnthropicMessages:
    """What Claude Code speaks."""

    name = "anthropic"

    def is_model(self, path: str) -> bool:
        """See Dialect."""
        return path == PATH

    def is_count(self, path: str) -> bool:
        """See Dialect."""
        return path == COUNT_PATH

    def counted(self, tokens: int) -> Json:
        """See Dialect."""
        return {"input_tokens": tokens}

    def key(self, headers: Mapping[str, str]) -> str:
        """See Dialect."""
        return headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")

    def problems(self, query: Query) -> list[str]:
        """See Dialect."""
        request, headers = query.body, query.headers
        found = []
        if not headers.get("anthropic-version"):
            found.append("there is no anthropic-version")
        if not headers.get("x-api-key") and not headers.get("authorization", "").startswith("Bearer "):
            found.append("there is no key")
        for name, kind in (("model", str), ("messages", list), ("max_tokens", int)):
            if not isinstance(request.get(name), kind):
                found.append(f"{name} is missing or of a wrong type")
        return found or list(_problems_of(request["messages"], request.get("tools") or []))

    def model(self, query: Query) -> str:
        """See Dialect."""
        return str(query.body.get("model"))

    def is_streaming(self, query: Query) -> bool:
        """See Dialect."""
        return query.body.get("stream") is True

    def tools(self, query: Query) -> list[str]:
        """See Dialect."""
        return [str(tool.get("name")) for tool in query.body.get("tools") or []]

    def system(self, query: Query) -> str:
        """See Dialect."""
        return _flat(query.body.get("system"))

    def read(self, query: Query) -> Conversation:
        """See Dialect."""
        conversation = Conversation()
        for message in query.body["messages"]:
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

    def find_call(self, verb: str, options: Options, tools: list[str]) -> Call:
        """See Dialect."""
        if verb == "write" and "Write" in tools:
            return "Write", {"file_path": options["path"], "content": options.get("content", "")}
        if verb == "write":
            content, path = (shlex.quote(options.get(key, "")) for key in ("content", "path"))
            return self.find_call("shell", {"cmd": f"printf %s {content} > {path}"}, tools)
        if verb == "shell" and "Bash" in tools:
            return "Bash", {"command": options["cmd"], "description": "a step of the script"}
        if verb == "tool":
            return options["name"], json.loads(options.get("args", "{}"))
        raise ScriptError(f"no tool for {verb} is offered; there are: {', '.join(tools)}")

    def answer(self, query: Query, reply: Reply, numbers: Numbers) -> Json:
        """See Dialect."""
        content: list[Json] = [{"type": "text", "text": reply.text}]
        if reply.calls:
            content = [
                {"type": "tool_use", "id": numbers.next("toolu_"), "name": name, "input": given}
                for name, given in reply.calls
            ]
        return {
            "id": numbers.next("msg_"),
            "type": "message",
            "role": "assistant",
            "model": query.body["model"],
            "content": content,
            "stop_reason": "tool_use" if reply.calls else "end_turn",
            "stop_sequence": None,
            "usage": _usage(reply.usage),
        }

    def events(self, answer: Json) -> list[Event]:
        """See Dialect."""
        started = {**answer, "content": [], "stop_reason": None}
        found: list[Json] = [{"type": "message_start", "message": started}]
        for index, block in enumerate(answer["content"]):
            found += _block_events(index, block)
        delta = {"stop_reason": answer["stop_reason"], "stop_sequence": None}
        usage = {"output_tokens": answer["usage"]["output_tokens"]}
        found += [{"type": "message_delta", "delta": delta, "usage": usage}, {"type": "message_stop"}]
        return [(event["type"], json.dumps(event)) for event in found]

    def refusal(self, action: Refuse) -> tuple[int, Json, dict[str, str]]:
        """See Dialect."""
        if action.has_no_quota:
            action = Refuse(400, "Your credit balance is too low to access the API.")
        if action.is_full:
            action = Refuse(400, "prompt is too long: 213462 tokens > 200000 maximum")
        kind = _ERRORS.get(action.code, "api_error")
        text = action.message or f"scripted {kind} ({action.code})"
        body = {"type": "error", "error": {"type": kind, "message": text}, "request_id": "req_0001"}
        headers = {"retry-after": action.retry_after} if action.retry_after else {}
        if action.resets is not None:
            for name in ("", "-5h", "-overage"):
                headers[f"anthropic-ratelimit-unified{name}-status"] = "rejected"
                headers[f"anthropic-ratelimit-unified{name}-reset"] = str(action.resets)
            headers["anthropic-ratelimit-unified-representative-claim"] = "five_hour"
        return action.code, body, headers


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


def _blocks(message: Json) -> list[Json]:
    content = message.get("content")
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content or [])


def _flat(content: str | list[Json] | None) -> str:
    return content if isinstance(content, str) else "\n".join(block.get("text", "") for block in content or [])


def _usage(usage: Usage) -> Json:
    return {
        "input_tokens": usage.tokens_in,
        "output_tokens": usage.tokens_out,
        "cache_read_input_tokens": usage.cached,
        "cache_creation_input_tokens": usage.created,
    }


def _block_events(index: int, block: Json) -> Iterator[Json]:
    if block["type"] == "text":
        yield {"type": "content_block_start", "index": index, "content_block": {**block, "text": ""}}
        deltas = [{"type": "text_delta", "text": piece} for piece in pieces(block["text"])]
    else:
        yield {"type": "content_block_start", "index": index, "content_block": {**block, "input": {}}}
        given = json.dumps(block["input"])
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces(given)]
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}
