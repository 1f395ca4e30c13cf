"""The model server over HTTP, as a client of Google's generateContent sees it."""

import json
from typing import Any

import pytest

from tests.model_server.model_http import BAD_KEY, ModelServer
from tests.model_server.sending import send

TOOLS = [{"functionDeclarations": [{"name": name} for name in ("run_shell_command", "write_file")]}]
HEADERS = {"x-goog-api-key": "test-key"}


def post(
    server: ModelServer, body: object, method: str = "generateContent", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Send a request, and return status, headers and body."""
    given = HEADERS | {name.replace("_", "-"): value for name, value in headers.items()}
    return send(server, f"/v1beta/models/gemini-2.5-pro:{method}", body, given)


def user(*texts: str) -> dict[str, Any]:
    return {"role": "user", "parts": [{"text": text} for text in texts]}


def request(*contents: dict[str, Any], **changes: object) -> dict[str, Any]:
    return {"contents": list(contents), "tools": TOOLS, **changes}


def content(server: ModelServer, *contents: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(post(server, request(*contents))[2])["candidates"][0]["content"]
    return found


def test_a_plain_request_is_answered_and_recorded(server: ModelServer) -> None:
    system = {"parts": [{"text": "You are dev"}]}
    code, _, body = post(server, request(user("<session_context>x", "hello\n"), systemInstruction=system))
    answer = json.loads(body)
    assert (code, answer["candidates"][0]["finishReason"]) == (200, "STOP")
    assert answer["candidates"][0]["content"]["parts"] == [{"text": "echo (prompt 1, 0 tool results): hello"}]
    assert answer["usageMetadata"]["cachedContentTokenCount"] <= answer["usageMetadata"]["promptTokenCount"]
    (seen,) = server.requests
    assert (seen.dialect, seen.prompts, seen.system, seen.key) == ("gemini", ["hello\n"], "You are dev", "test-key")
    assert (seen.model, seen.tools, seen.problems) == ("gemini-2.5-pro", ["run_shell_command", "write_file"], [])


def test_a_stream_carries_the_same_answer(server: ModelServer) -> None:
    _, headers, body = post(server, request(user("hi")), "streamGenerateContent?alt=sse")
    assert headers["content-type"] == "text/event-stream"
    chunks = [json.loads(line[6:]) for line in body.decode().splitlines() if line.startswith("data: ")]
    candidates = [chunk["candidates"][0] for chunk in chunks]
    told = "".join(candidate["content"]["parts"][0]["text"] for candidate in candidates)
    assert told == "echo (prompt 1, 0 tool results): hi"
    assert [candidate.get("finishReason") for candidate in candidates] == [None] * (len(chunks) - 1) + ["STOP"]


def test_tools_are_called_several_at_once_and_their_results_are_read(server: ModelServer) -> None:
    script = user("SCENARIO:write+ path=a.txt content=A\nSCENARIO:shell cmd=ls\nSCENARIO:final text=Done.")
    said = content(server, script)
    calls = [part["functionCall"] for part in said["parts"]]
    assert calls[0]["args"] == {"file_path": "a.txt", "content": "A"}
    assert (calls[1]["name"], calls[1]["args"]["command"]) == ("run_shell_command", "ls")
    answers = [{"functionResponse": {"name": call["name"], "response": {"output": "ok"}}} for call in calls]
    assert content(server, script, said, {"role": "user", "parts": answers})["parts"] == [{"text": "Done."}]
    assert server.requests[-1].results == ['{"output": "ok"}'] * 2


CALL = {"role": "model", "parts": [{"functionCall": {"name": "x", "args": {}}}]}


@pytest.mark.parametrize(
    ("changes", "headers", "says"),
    [
        ({"contents": None}, {}, "contents"),
        ({"contents": []}, {}, "not the user's"),
        ({}, {"x_goog_api_key": ""}, "no key"),
        ({"contents": [user("x"), {"role": "robot", "parts": []}]}, {}, "no role 'robot'"),
        ({"contents": [user("x"), CALL, user("y")]}, {}, "1 tool calls were made, and 0 answered"),
    ],
)
def test_what_is_no_proper_request_is_refused_and_recorded(
    server: ModelServer, changes: dict[str, object], headers: dict[str, str], says: str
) -> None:
    code, _, body = post(server, request(user("hi")) | changes, **headers)
    assert (code, says in json.loads(body)["error"]["message"]) == (400, True)
    assert says in server.requests[0].problems[0]


@pytest.mark.parametrize(
    ("script", "code", "status"),
    [
        ("auth", 401, "UNAUTHENTICATED"),
        ("forbidden", 403, "PERMISSION_DENIED"),
        ("ratelimit", 429, "RESOURCE_EXHAUSTED"),
        ("quota", 429, "RESOURCE_EXHAUSTED"),
        ("error code=503", 503, "UNAVAILABLE"),
    ],
)
def test_refusals_have_their_status(server: ModelServer, script: str, code: int, status: str) -> None:
    found, _, body = post(server, request(user(f"SCENARIO:{script}")))
    assert (found, json.loads(body)["error"]["status"]) == (code, status)


def test_limits_are_of_the_moment_or_of_the_day_and_the_bad_key_is_refused(server: ModelServer) -> None:
    moment = json.loads(post(server, request(user("SCENARIO:ratelimit retry_after=7")))[2])["error"]["details"][0]
    assert moment["retryDelay"] == "7s"
    day = json.loads(post(server, request(user("SCENARIO:quota")))[2])["error"]["details"][0]
    assert "PerDay" in day["violations"][0]["quotaId"]
    assert post(server, request(user("hi")), x_goog_api_key=BAD_KEY)[0] == 401


def test_tokens_are_counted_without_an_answer(server: ModelServer) -> None:
    code, _, body = post(server, request(user("hi")), "countTokens")
    assert (code, json.loads(body)["totalTokens"] > 0) == (200, True)
