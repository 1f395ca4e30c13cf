"""A secret that an agent comes across is nowhere to be read afterwards: not in the log, the conversation or a file."""

import json

import pytest

from tests.kit.system.recorded_cli import RecordedCli
from tests.kit.system.workshop import Workshop

pytestmark = pytest.mark.system

KEY = "sk-ant-api03-" + "aB3_" * 9
PASSWORD = "Tr0ub4dor/3xtra"
SESSION = "11111111-1111-4111-8111-111111111111"
TOOL = {"id": "t1", "type": "tool_use", "name": "Bash", "input": {"command": f"curl -H 'x-api-key: {KEY}'"}}
RESULT = {"tool_use_id": "t1", "type": "tool_result", "content": f'{{"password": "{PASSWORD}"}} {KEY}'}
REPLY = f'The key is {KEY}, and I set {{"password": "{PASSWORD}"}}.'
SAID = [
    {"type": "system", "subtype": "init", "session_id": SESSION},
    {"type": "assistant", "message": {"id": "m1", "content": [TOOL]}},
    {"type": "user", "message": {"content": [RESULT]}},
    {"type": "assistant", "message": {"id": "m2", "content": [{"type": "text", "text": REPLY}]}},
    {"type": "result", "subtype": "success", "is_error": False, "result": REPLY, "session_id": SESSION},
]


def lines(*said: object, code: int = 0) -> list[str]:
    return [
        *(json.dumps({"stdout": each}) for each in said),
        json.dumps({"stderr": f"using {KEY}"}),
        json.dumps({"exit": code}),
    ]


# proves: a-core 163
@pytest.mark.parametrize("fails", [False, True], ids=["replies", "fails"])
def test_no_file_and_no_answer_holds_what_was_printed(workshop: Workshop, fails: bool) -> None:
    claude = RecordedCli(workshop, "claude")
    claude.configure()
    claude.play(new=lines(*SAID[:2], code=1) if fails else lines(*SAID))
    answer = json.dumps(claude.dispatch())
    runs = workshop.ask("transcript", "t1")
    activity = workshop("execution-events", runs["executions"][0]["id"], "--json").out
    log = workshop("log", runs["executions"][0]["id"]).out
    workshop("stop")
    told = "".join([answer, json.dumps(runs), activity, json.dumps(workshop.events("t1")), log])
    kept = b"".join(path.read_bytes() for path in workshop.state.rglob("*") if path.is_file())
    assert "[REDACTED:anthropic_key]" in log
    assert "curl" in activity
    for secret in (KEY, PASSWORD, PASSWORD.replace("/", "\\/")):
        assert secret not in told
        assert secret.encode() not in kept
