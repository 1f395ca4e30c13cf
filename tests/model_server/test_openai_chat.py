"""The model server over HTTP, as a client of the Chat Completions protocol sees it."""

import json
from typing import Any

import pytest

from tests.model_server.model_http import BAD_KEY, ModelServer
from tests.model_server.sending import send

TOOLS = [{"type": "function", "function": {"name": name}} for name in ("bash", "write")]
HEADERS = {"authorization": "Bearer test-key"}


def post(server: ModelServer, body: object, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Send a request, and return status, headers and body."""
    return send(server, "/v1/chat/completions", body, HEADERS | headers)


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def request(*messages: dict[str, Any], **changes: object) -> dict[str, Any]:
    return {"model": "m", "messages": list(messages), "tools": TOOLS, **changes}


def message(server: ModelServer, *messages: dict[str, Any], **changes: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(post(server, request(*messages, **changes))[2])["choices"][0]["message"]
    return found


def test_a_plain_request_is_answered_and_recorded(server: ModelServer) -> None:
    system = {"role": "system", "content": "You are dev"}
    code, _, body = post(server, request(system, user("hello\n")))
    answer = json.loads(body)
    assert (code, answer["choices"][0]["finish_reason"]) == (200, "stop")
    assert answer["choices"][0]["message"]["content"] == "echo (prompt 1, 0 tool results): hello"
    assert answer["usage"]["prompt_tokens_details"]["cached_tokens"] <= answer["usage"]["prompt_tokens"]
    (seen,) = server.requests
    assert (seen.dialect, seen.prompts, seen.system, seen.key) == ("chat", ["hello\n"], "You are dev", "test-key")
    assert (seen.tools, seen.problems) == (["bash", "write"], [])


def test_a_stream_carries_the_same_answer_and_its_usage(server: ModelServer) -> None:
    _, headers, body = post(server, request(user("hi"), stream=True))
    assert headers["content-type"] == "text/event-stream"
    *lines, done = [line[6:] for line in body.decode().splitlines() if line.startswith("data: ")]
    assert done == "[DONE]"
    *chunks, last = map(json.loads, lines)
    told = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    assert told == "echo (prompt 1, 0 tool results): hi"
    assert (chunks[-1]["choices"][0]["finish_reason"], last["usage"]["completion_tokens"]) == ("stop", 22)


def test_tools_are_called_several_at_once_and_their_results_are_read(server: ModelServer) -> None:
    script = user("SCENARIO:write+ path=a.txt content=A\nSCENARIO:shell cmd=ls\nSCENARIO:final text=Done.")
    said = message(server, script)
    calls = [(call["function"]["name"], json.loads(call["function"]["arguments"])) for call in said["tool_calls"]]
    assert calls[0] == ("write", {"filePath": "a.txt", "content": "A"})
    assert (calls[1][0], calls[1][1]["command"]) == ("bash", "ls")
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "ok"} for call in said["tool_calls"]]
    assert message(server, script, said, *results)["content"] == "Done."
    assert server.requests[-1].results == ["ok", "ok"]


@pytest.mark.parametrize(
    ("changes", "headers", "says"),
    [
        ({"model": None}, {}, "model"),
        ({"messages": None}, {}, "messages"),
        ({"messages": []}, {}, "no message is the user's"),
        ({}, {"authorization": ""}, "no key"),
        ({"messages": [user("x"), {"role": "tool", "tool_call_id": "c", "content": ""}]}, {}, "not called"),
        ({"messages": [user("x"), {"role": "assistant", "tool_calls": [{"id": "c"}]}, user("y")]}, {}, "not answered"),
    ],
)
def test_what_is_no_proper_request_is_refused_and_recorded(
    server: ModelServer, changes: dict[str, object], headers: dict[str, str], says: str
) -> None:
    code, _, body = post(server, request(user("hi"), **changes), **headers)
    assert (code, says in json.loads(body)["error"]["message"]) == (400, True)
    assert says in server.requests[0].problems[0]


@pytest.mark.parametrize(
    ("script", "code", "kind"),
    [
        ("auth", 401, "authentication_error"),
        ("forbidden", 403, "permission_error"),
        ("ratelimit", 429, "rate_limit_error"),
        ("quota", 429, "insufficient_quota"),
        ("error code=503", 503, "server_error"),
    ],
)
def test_refusals_have_their_status_and_type(server: ModelServer, script: str, code: int, kind: str) -> None:
    found, _, body = post(server, request(user(f"SCENARIO:{script}")))
    assert (found, json.loads(body)["error"]["type"]) == (code, kind)


def test_limits_say_when_to_come_again_and_the_bad_key_is_refused(server: ModelServer) -> None:
    assert post(server, request(user("SCENARIO:ratelimit retry_after=7")))[1]["retry-after"] == "7"
    assert post(server, request(user("hi")), authorization=f"Bearer {BAD_KEY}")[0] == 401
