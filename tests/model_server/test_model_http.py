"""The model server over HTTP, as a client of the Messages protocol sees it."""

import http.client
import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.model_server.model_http import BAD_KEY, ModelServer
from tests.model_server.sending import send

TOOLS = [{"name": "Write"}, {"name": "Bash"}]
HEADERS = {"anthropic-version": "2023-06-01", "x-api-key": "test-key"}


def post(server: ModelServer, body: object, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Send a request, and return status, headers and body."""
    return send(server, "/v1/messages?beta=true", body, HEADERS | headers)


def request(prompt: str, **changes: object) -> dict[str, Any]:
    message = {"role": "user", "content": [{"type": "text", "text": prompt}]}
    return {"model": "m", "max_tokens": 10, "messages": [message], "tools": TOOLS, **changes}


def test_a_plain_request_is_answered_and_recorded(server: ModelServer) -> None:
    code, _, body = post(server, request("hello", system="You are dev"))
    answer = json.loads(body)
    assert (code, answer["content"]) == (200, [{"type": "text", "text": "echo (prompt 1, 0 tool results): hello"}])
    assert answer["usage"]["cache_read_input_tokens"] == 33
    (seen,) = server.requests
    assert (seen.prompts, seen.system, seen.key, seen.problems, seen.answer) == (
        ["hello"],
        "You are dev",
        "test-key",
        [],
        "say",
    )


def test_a_stream_carries_the_same_answer_in_pieces(server: ModelServer) -> None:
    _, headers, body = post(server, request('SCENARIO:write path=a.txt content="A"', stream=True))
    assert headers["content-type"] == "text/event-stream"
    events = [json.loads(line[6:]) for line in body.decode().splitlines() if line.startswith("data: ")]
    assert [events[0]["type"], events[-1]["type"]] == ["message_start", "message_stop"]
    given = "".join(event["delta"]["partial_json"] for event in events if event["type"] == "content_block_delta")
    assert json.loads(given) == {"file_path": "a.txt", "content": "A"}
    assert events[-2]["delta"]["stop_reason"] == "tool_use"


def test_a_conversation_goes_on_after_a_tool_result(server: ModelServer) -> None:
    body = request("SCENARIO:shell cmd=ls\nSCENARIO:final text=done")
    call = json.loads(post(server, body)[2])["content"][0]
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": "a.txt"}
    body["messages"] += [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    assert json.loads(post(server, body)[2])["content"][0]["text"] == "done"
    assert server.requests[-1].results == ["a.txt"]


def test_texts_that_a_cli_adds_are_no_prompt(server: ModelServer) -> None:
    body = request("mine")
    body["messages"][0]["content"].insert(0, {"type": "text", "text": "<system-reminder>x</system-reminder>"})
    post(server, body)
    assert server.requests[0].prompts == ["mine"]


@pytest.mark.parametrize(
    ("changes", "headers", "says"),
    [
        ({"max_tokens": None}, {}, "max_tokens"),
        ({"messages": []}, {}, "first message"),
        ({}, {"x-api-key": ""}, "no key"),
        ({}, {"anthropic-version": ""}, "anthropic-version"),
        ({"tools": [{"name": "A"}, {"name": "A"}]}, {}, "two tools"),
        ({"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "x"}]}]}, {}, "not called"),
    ],
)
def test_what_is_no_proper_request_is_refused_and_recorded(
    server: ModelServer, changes: dict[str, object], headers: dict[str, str], says: str
) -> None:
    code, _, body = post(server, request("hi", **changes), **headers)
    assert (code, says in json.loads(body)["error"]["message"]) == (400, True)
    assert says in server.requests[0].problems[0]


def test_a_tool_call_that_was_not_answered_is_refused(server: ModelServer) -> None:
    body = request("hi")
    body["messages"] += [
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "Bash", "input": {}}]},
        {"role": "user", "content": "go on"},
    ]
    assert post(server, body)[0] == 400
    assert "not answered" in server.requests[0].problems[0]


def test_a_script_that_cannot_be_played_is_a_problem(server: ModelServer) -> None:
    assert post(server, request("SCENARIO:dance"))[0] == 400
    assert "dance" in server.requests[0].problems[0]


@pytest.mark.parametrize(
    ("script", "code", "kind"),
    [
        ("auth", 401, "authentication_error"),
        ("forbidden", 403, "permission_error"),
        ("overloaded", 529, "overloaded_error"),
        ("error code=503", 503, "api_error"),
    ],
)
def test_refusals_have_their_status_and_kind(server: ModelServer, script: str, code: int, kind: str) -> None:
    found, _, body = post(server, request(f"SCENARIO:{script}"))
    assert (found, json.loads(body)["error"]["type"]) == (code, kind)


def test_limits_say_when_to_come_again(server: ModelServer) -> None:
    assert post(server, request("SCENARIO:ratelimit retry_after=7"))[1]["retry-after"] == "7"
    headers = post(server, request("SCENARIO:limit resets=4102444800"))[1]
    assert headers["anthropic-ratelimit-unified-reset"] == "4102444800"
    assert headers["anthropic-ratelimit-unified-status"] == "rejected"


def test_the_bad_key_is_refused(server: ModelServer) -> None:
    assert post(server, request("hi"), **{"x-api-key": BAD_KEY})[0] == 401


@pytest.mark.parametrize("stream", [True, False])
def test_a_cut_answer_breaks_off(server: ModelServer, stream: bool) -> None:
    with pytest.raises(http.client.IncompleteRead):
        post(server, request("SCENARIO:cut", stream=stream))


def test_an_invalid_answer_is_no_json(server: ModelServer) -> None:
    code, _, body = post(server, request("SCENARIO:invalid"))
    assert code == 200
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(body)


def test_closing_the_server_lets_go_of_whoever_hangs(server: ModelServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request("POST", "/v1/messages", json.dumps(request("SCENARIO:hang", stream=True)), HEADERS)
    response = connection.getresponse()
    assert response.read(5) == b"event"
    server.closing.set()
    with pytest.raises(http.client.IncompleteRead):
        response.read()
    connection.close()


@pytest.mark.system
def test_it_runs_by_its_path_and_writes_what_it_saw(tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    command = [sys.executable, "-m", "tests.model_server", "--log", str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            url = process.stdout.readline().decode().strip()
            body = json.dumps(request("hi")).encode()
            with urllib.request.urlopen(urllib.request.Request(f"{url}/v1/messages", body, HEADERS)) as answer:
                assert answer.status == 200
            with urllib.request.urlopen(f"{url}/__log") as seen:
                assert [one["prompts"] for one in json.load(seen)] == [["hi"]]
        finally:
            process.terminate()
    assert json.loads(log.read_text())["prompts"] == ["hi"]
