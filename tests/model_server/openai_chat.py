"""The OpenAI Chat Completions protocol: what a request says, whether it is one, and what an answer looks like."""

import json
import shlex
from collections.abc import Iterator, Mapping

from tests.model_server.dialect import Call, Event, Json, Numbers, Query, Reply, pieces
from tests.model_server.model_script import Conversation, Options, Refuse, ScriptError, Usage

PATH = "/v1/chat/completions"
_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
_CODES = {401: "invalid_api_key", 429: "rate_limit_exceeded"}
_NO_QUOTA = "You exceeded your current quota, please check your plan and billing details."


class OpenAiChat:
    """What OpenCode speaks to any provider that is compatible with OpenAI."""

    name = "chat"

    def is_model(self, path: str) -> bool:
        """See Dialect."""
        return path == PATH

    def is_count(self, path: str) -> bool:
        """See Dialect."""
        return False

    def counted(self, tokens: int) -> Json:
        """See Dialect."""
        return {"prompt_tokens": tokens}

    def key(self, headers: Mapping[str, str]) -> str:
        """See Dialect."""
        return headers.get("authorization", "").removeprefix("Bearer ")

    def problems(self, query: Query) -> list[str]:
        """See Dialect."""
        found = [] if self.key(query.headers) else ["there is no key"]
        for name, kind in (("model", str), ("messages", list)):
            if not isinstance(query.body.get(name), kind):
                found.append(f"{name} is missing or of a wrong type")
        return found or list(_problems_of(query.body["messages"]))

    def model(self, query: Query) -> str:
        """See Dialect."""
        return str(query.body.get("model"))

    def is_streaming(self, query: Query) -> bool:
        """See Dialect."""
        return query.body.get("stream") is True

    def tools(self, query: Query) -> list[str]:
        """See Dialect."""
        return [str(tool["function"]["name"]) for tool in query.body.get("tools") or []]

    def system(self, query: Query) -> str:
        """See Dialect."""
        messages = query.body.get("messages")
        said = [each for each in messages if each.get("role") == "system"] if isinstance(messages, list) else []
        return "\n".join(_flat(message.get("content")) for message in said)

    def read(self, query: Query) -> Conversation:
        """See Dialect."""
        conversation = Conversation()
        for message in query.body["messages"]:
            if message["role"] == "tool":
                conversation.results.append(_flat(message.get("content")))
            elif message["role"] == "user":
                conversation.add_prompt(_flat(message.get("content")))
        return conversation

    def find_call(self, verb: str, options: Options, tools: list[str]) -> Call:
        """See Dialect."""
        if verb == "tool":
            return options["name"], json.loads(options.get("args", "{}"))
        if verb == "write" and "write" in tools:
            return "write", {"filePath": options["path"], "content": options.get("content", "")}
        if verb == "write":
            content, path = (shlex.quote(options.get(name, "")) for name in ("content", "path"))
            return self.find_call("shell", {"cmd": f"printf %s {content} > {path}"}, tools)
        if "bash" in tools:
            return "bash", {"command": options["cmd"], "description": "a step of the script"}
        raise ScriptError(f"no tool for {verb} is offered; there are: {', '.join(tools)}")

    def answer(self, query: Query, reply: Reply, numbers: Numbers) -> Json:
        """See Dialect."""
        message: Json = {"role": "assistant", "content": reply.text}
        if reply.calls:
            message = {
                "role": "assistant",
                "content": None,
                "tool_calls": [_call(*each, numbers) for each in reply.calls],
            }
        finish = "tool_calls" if reply.calls else "stop"
        return {
            "id": numbers.next("chatcmpl-"),
            "object": "chat.completion",
            "created": 0,
            "model": query.body.get("model"),
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
            "usage": _usage(reply.usage),
        }

    def events(self, answer: Json) -> list[Event]:
        """See Dialect."""
        (choice,) = answer["choices"]
        head = {key: answer[key] for key in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
        steps: list[tuple[Json, str | None]] = [({"role": "assistant", "content": ""}, None)]
        steps += [(delta, None) for delta in _deltas(choice["message"])]
        steps.append(({}, choice["finish_reason"]))
        chunks = [{**head, "choices": [{"index": 0, "delta": delta, "finish_reason": end}]} for delta, end in steps]
        chunks.append({**head, "choices": [], "usage": answer["usage"]})
        return [*((None, json.dumps(chunk)) for chunk in chunks), (None, "[DONE]")]

    def refusal(self, action: Refuse) -> tuple[int, Json, dict[str, str]]:
        """See Dialect."""
        kind = _TYPES.get(action.code, "server_error" if action.code >= 500 else "api_error")
        text = action.message or f"scripted {kind} ({action.code})"
        error: Json = {"message": text, "type": kind, "param": None, "code": _CODES.get(action.code)}
        if action.has_no_quota or action.resets is not None:
            error |= {"message": _NO_QUOTA, "type": "insufficient_quota", "code": "insufficient_quota"}
        if action.is_full:
            text = "This model's maximum context length is 128000 tokens. Your messages have 131072."
            error |= {"message": text, "code": "context_length_exceeded", "param": "messages"}
        headers = {"retry-after": action.retry_after} if action.retry_after else {}
        return action.code, {"error": error}, headers


def _problems_of(messages: list[Json]) -> Iterator[str]:
    if not any(message.get("role") == "user" for message in messages):
        yield "no message is the user's"
    waiting: set[str] = set()
    for message in messages:
        if message.get("role") == "tool":
            answered = str(message.get("tool_call_id"))
            if answered not in waiting:
                yield f"a result of a tool that was not called: {answered}"
            waiting.discard(answered)
        elif waiting:
            yield f"tool calls were not answered: {sorted(waiting)}"
            waiting = set()
        waiting |= {str(call["id"]) for call in message.get("tool_calls") or []}


def _flat(content: object) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))


def _call(name: str, given: Json, numbers: Numbers) -> Json:
    return {
        "id": numbers.next("call_"),
        "type": "function",
        "function": {"name": name, "arguments": json.dumps(given)},
    }


def _usage(usage: Usage) -> Json:
    return {
        "prompt_tokens": usage.tokens_in,
        "completion_tokens": usage.tokens_out,
        "total_tokens": usage.tokens_in + usage.tokens_out,
        "prompt_tokens_details": {"cached_tokens": usage.cached},
    }


def _deltas(message: Json) -> Iterator[Json]:
    if not message.get("tool_calls"):
        yield from ({"content": piece} for piece in pieces(message["content"]))
    for index, call in enumerate(message.get("tool_calls") or []):
        yield {"tool_calls": [{"index": index, **call}]}
