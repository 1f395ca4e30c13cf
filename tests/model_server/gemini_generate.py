"""Google's generateContent protocol: what a request says, whether it is one, and what an answer looks like."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping

from tests.model_server.dialect import Call, Event, Json, Numbers, Query, Reply, pieces
from tests.model_server.model_script import Conversation, Options, Refuse, ScriptError, Usage

_PATH = re.compile(r"/v1(?:beta|alpha)?/models/(?P<model>[^/:]+):(?P<method>\w+)")
_METHODS = ("generateContent", "streamGenerateContent")
_ADDED = re.compile(r"\s*<(session_context|system-reminder)")
"""How the texts begin that the CLI puts beside a prompt."""
_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}
_DAILY = "You exceeded your current quota, please check your plan and billing details."


class GeminiGenerate:
    """What Gemini CLI speaks."""

    name = "gemini"

    def is_model(self, path: str) -> bool:
        """See Dialect."""
        return _method(path) in _METHODS

    def is_count(self, path: str) -> bool:
        """See Dialect."""
        return _method(path) == "countTokens"

    def counted(self, tokens: int) -> Json:
        """See Dialect."""
        return {"totalTokens": tokens}

    def key(self, headers: Mapping[str, str]) -> str:
        """See Dialect."""
        return headers.get("x-goog-api-key") or headers.get("authorization", "").removeprefix("Bearer ")

    def problems(self, query: Query) -> list[str]:
        """See Dialect."""
        found = [] if self.key(query.headers) else ["there is no key"]
        if not isinstance(query.body.get("contents"), list):
            found.append("contents is missing or of a wrong type")
        return found or list(_problems_of(query.body["contents"]))

    def model(self, query: Query) -> str:
        """See Dialect."""
        found = _PATH.fullmatch(query.path)
        return found["model"] if found is not None else ""

    def is_streaming(self, query: Query) -> bool:
        """See Dialect."""
        return _method(query.path) == "streamGenerateContent"

    def tools(self, query: Query) -> list[str]:
        """See Dialect."""
        offered = query.body.get("tools") or []
        return [str(each["name"]) for tool in offered for each in tool.get("functionDeclarations", [])]

    def system(self, query: Query) -> str:
        """See Dialect."""
        return "\n".join(_texts((query.body.get("systemInstruction") or {}).get("parts")))

    def read(self, query: Query) -> Conversation:
        """See Dialect."""
        conversation = Conversation()
        for content in query.body["contents"]:
            if content.get("role") != "user":
                continue
            parts = content.get("parts") or []
            results = [part["functionResponse"] for part in parts if "functionResponse" in part]
            conversation.results += [json.dumps(result.get("response")) for result in results]
            if not results:
                # A prompt that was never answered shares its message with the next one.
                for text in _texts(parts):
                    if text.strip() and not _ADDED.match(text):
                        conversation.add_prompt(text)
        return conversation

    def find_call(self, verb: str, options: Options, tools: list[str]) -> Call:
        """See Dialect."""
        if verb == "tool":
            return options["name"], json.loads(options.get("args", "{}"))
        if verb == "write" and "write_file" in tools:
            return "write_file", {"file_path": options["path"], "content": options.get("content", "")}
        if verb == "write":
            content, path = (shlex.quote(options.get(name, "")) for name in ("content", "path"))
            return self.find_call("shell", {"cmd": f"printf %s {content} > {path}"}, tools)
        if "run_shell_command" in tools:
            return "run_shell_command", {"command": options["cmd"], "description": "a step of the script"}
        raise ScriptError(f"no tool for {verb} is offered; there are: {', '.join(tools)}")

    def answer(self, query: Query, reply: Reply, numbers: Numbers) -> Json:
        """See Dialect."""
        parts: list[Json] = [{"text": reply.text}]
        if reply.calls:
            parts = [
                {"functionCall": {"id": numbers.next("call_"), "name": name, "args": given}, "thoughtSignature": "c2ln"}
                for name, given in reply.calls
            ]
        return _answer(self.model(query), parts, reply.usage, finish="STOP")

    def events(self, answer: Json) -> list[Event]:
        """See Dialect."""
        (candidate,) = answer["candidates"]
        parts: list[Json] = candidate["content"]["parts"]
        if "text" in parts[0]:
            parts = [{"text": piece} for piece in pieces(parts[0]["text"])]
        chunks = []
        for number, part in enumerate(parts, 1):
            content = {"role": "model", "parts": [part]}
            end = {"finishReason": "STOP"} if number == len(parts) else {}
            chunks.append({**answer, "candidates": [{"index": 0, "content": content, **end}]})
        return [(None, json.dumps(chunk)) for chunk in chunks]

    def refusal(self, action: Refuse) -> tuple[int, Json, dict[str, str]]:
        """See Dialect."""
        status = _STATUSES.get(action.code, "INTERNAL")
        text = action.message or f"scripted {status} ({action.code})"
        error: Json = {"code": action.code, "message": text, "status": status}
        if action.has_no_quota or action.resets is not None:
            violation = {"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "quotaValue": "100"}
            kind = "type.googleapis.com/google.rpc.QuotaFailure"
            error |= {"message": _DAILY, "details": [{"@type": kind, "violations": [violation]}]}
        elif action.retry_after:
            kind = "type.googleapis.com/google.rpc.RetryInfo"
            error["details"] = [{"@type": kind, "retryDelay": f"{action.retry_after}s"}]
        if action.is_full:
            text = "The input token count (1196509) exceeds the maximum number of tokens allowed (1048576)."
            error |= {"message": text}
        headers = {"retry-after": action.retry_after} if action.retry_after else {}
        return action.code, {"error": error}, headers


def _method(path: str) -> str | None:
    found = _PATH.fullmatch(path)
    return None if found is None else found["method"]


def _texts(parts: object) -> list[str]:
    given = parts if isinstance(parts, list) else []
    return [part["text"] for part in given if isinstance(part, dict) and isinstance(part.get("text"), str)]


def _problems_of(contents: list[Json]) -> Iterator[str]:
    if not contents or contents[0].get("role") != "user":
        yield "the first message is not the user's"
    waiting = 0
    for content in contents:
        if content.get("role") not in ("user", "model"):
            yield f"there is no role {content.get('role')!r}"
        parts = content.get("parts") or []
        returned = sum("functionResponse" in part for part in parts)
        # A continued conversation repeats a result beside its output.
        if returned < waiting or (returned and not waiting):
            yield f"{waiting} tool calls were made, and {returned} answered"
        waiting = sum("functionCall" in part for part in parts)


def _answer(model: str, parts: list[Json], usage: Usage, *, finish: str) -> Json:
    return {
        "candidates": [{"index": 0, "content": {"role": "model", "parts": parts}, "finishReason": finish}],
        "modelVersion": model,
        "usageMetadata": {
            "promptTokenCount": usage.tokens_in,
            "candidatesTokenCount": usage.tokens_out,
            "cachedContentTokenCount": usage.cached,
            "totalTokenCount": usage.tokens_in + usage.tokens_out,
        },
    }
