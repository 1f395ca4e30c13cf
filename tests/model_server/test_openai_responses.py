"""The model server over HTTP, as a client of the Responses protocol sees it."""

import json
from typing import Any

import pytest

from tests.model_server.model_http import BAD_KEY, ModelServer
from tests.model_server.sending import send

SPACE = {"type": "namespace", "name": "mcp__s", "tools": [{"name": "poke"}]}
TOOLS = [{"type": "function", "name": "exec_command"}, {"type": "custom", "name": "apply_patch"}, SPACE]
HEADERS = {"authorization": "Bearer test-key"}


def post(server: ModelServer, body: object, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Send a request, and return status, headers and body."""
    return send(server, "/v1/responses", body, HEADERS | headers)


def user(text: str) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def developer(text: str) -> dict[str, Any]:
    return {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": text}]}


def request(*items: dict[str, Any], **changes: object) -> dict[str, Any]:
    return {"model": "m", "input": list(items), "tools": TOOLS, **changes}


def output(server: ModelServer, *items: dict[str, Any], **changes: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(post(server, request(*items, **changes))[2])["output"]
    return found


def test_a_plain_request_is_answered_and_recorded(server: ModelServer) -> None:
    added = user("<environment_context>\n<cwd>/x</cwd></environment_context>")
    code, _, body = post(server, request(developer("You are dev"), added, user("hello\n")))
    answer = json.loads(body)
    assert (code, answer["status"]) == (200, "completed")
    assert answer["output"][0]["content"][0]["text"] == "echo (prompt 1, 0 tool results): hello"
    assert answer["usage"]["input_tokens"] == 144, "what was read from the cache is a part of it"
    (seen,) = server.requests
    assert (seen.dialect, seen.prompts, seen.system, seen.key) == ("responses", ["hello\n"], "You are dev", "test-key")
    assert seen.tools == ["exec_command", "apply_patch", "mcp__s::poke"]
    assert seen.problems == []


def test_a_stream_carries_the_same_answer(server: ModelServer) -> None:
    _, headers, body = post(server, request(user("hi"), stream=True))
    assert headers["content-type"] == "text/event-stream"
    events = [json.loads(line[6:]) for line in body.decode().splitlines() if line.startswith("data: ")]
    assert [events[0]["type"], events[-1]["type"]] == ["response.created", "response.completed"]
    told = "".join(event["delta"] for event in events if event["type"] == "response.output_text.delta")
    assert told == events[-1]["response"]["output"][0]["content"][0]["text"]


def test_tools_are_called_by_their_kind_several_at_once_and_of_servers_by_their_space(server: ModelServer) -> None:
    script = "SCENARIO:write+ path=a.txt content='A\nB'\nSCENARIO:shell cmd=ls\nSCENARIO:tool name=mcp__s::poke"
    script = script.replace("\nB", "")
    patch, shell = output(server, user(script))
    assert (patch["type"], patch["input"].splitlines()[1:3]) == ("custom_tool_call", ["*** Add File: a.txt", "+A"])
    assert (shell["name"], json.loads(shell["arguments"])["cmd"]) == ("exec_command", "ls")
    results = [
        {"type": "custom_tool_call_output", "call_id": patch["call_id"], "output": "ok"},
        {"type": "function_call_output", "call_id": shell["call_id"], "output": "a.txt"},
    ]
    (poke,) = output(server, user(script), patch, shell, *results)
    assert (poke["namespace"], poke["name"]) == ("mcp__s", "poke")
    assert server.requests[-1].results == ["ok", "a.txt"]


@pytest.mark.parametrize(
    ("changes", "headers", "says"),
    [
        ({"model": None}, {}, "model"),
        ({"input": None}, {}, "input"),
        ({"input": []}, {}, "no message of the user's"),
        ({}, {"authorization": ""}, "no key"),
        ({"tools": [{"name": "A"}, {"name": "A"}]}, {}, "two tools"),
        ({"input": [user("x"), {"type": "function_call_output", "call_id": "c", "output": ""}]}, {}, "not called"),
        ({"input": [user("x"), {"type": "function_call", "call_id": "c", "name": "n"}]}, {}, "not answered"),
        ({"input": [user("x"), {"role": "robot", "content": ""}]}, {}, "no role 'robot'"),
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
        ("auth", 401, "invalid_api_key"),
        ("ratelimit", 429, "rate_limit_exceeded"),
        ("quota", 429, "insufficient_quota"),
        ("overloaded", 529, None),
    ],
)
def test_refusals_have_their_status_and_code(server: ModelServer, script: str, code: int, kind: str | None) -> None:
    found, _, body = post(server, request(user(f"SCENARIO:{script}")))
    assert (found, json.loads(body)["error"]["code"]) == (code, kind)


def test_limits_say_when_to_come_again(server: ModelServer) -> None:
    assert post(server, request(user("SCENARIO:ratelimit retry_after=7")))[1]["retry-after"] == "7"
    error = json.loads(post(server, request(user("SCENARIO:limit resets=4102444800")))[2])["error"]
    assert (error["type"], error["resets_at"]) == ("usage_limit_reached", 4102444800)


def test_the_bad_key_is_refused_and_a_request_without_tools_is_no_part_of_the_play(server: ModelServer) -> None:
    assert post(server, request(user("hi")), authorization=f"Bearer {BAD_KEY}")[0] == 401
    (title,) = output(server, user("SCENARIO:shell cmd=ls"), tools=[])
    assert title["content"][0]["text"] == "Scripted session"
