"""A ping runs the agent itself for one word, or a configured command, and leaves nothing behind."""

import json
from pathlib import Path
from typing import Any

import pytest
import trio

from compas.backends.backend import Backend
from compas.backends.claude.adapter import ClaudeBackend
from compas.backends.generic import GenericBackend
from compas.backends.scripted import ScriptedBackend
from compas.domain.specs import AgentSpec, BackendSpec, PingSpec
from compas.health.ping import PingResult, ping
from tests.kit.ceiling import CEILING

pytestmark = pytest.mark.system

ANSWERS = """\
import json, os, sys
from pathlib import Path
seen = dict(argv=sys.argv[1:], cwd=os.getcwd(), there=os.listdir(), told=sys.stdin.read(), key=os.environ.get("KEY"))
Path({seen!r}).write_text(json.dumps(seen))
print(json.dumps(dict(type="result", subtype="success", is_error=False, result="ok", session_id="s")))
"""


async def pinged(backend: Backend, desk: Any, seconds: float = CEILING, **settings: Any) -> PingResult:  # noqa: ANN401
    agent = AgentSpec(**{"alias": "dev", "backend": backend.name, "workdir": str(desk.home), **settings})
    with trio.fail_after(CEILING):
        return await ping(backend, agent, desk.environ, seconds=seconds, redacted=())


async def test_a_ping_is_the_agents_own_command_in_an_empty_directory(desk: Any, tmp_path: Path) -> None:  # noqa: ANN401
    seen = tmp_path / "seen"
    desk.install("claude", ANSWERS.format(seen=str(seen)))
    settings = {"model": "small", "backend_args": ("--fast",), "env": {"KEY": "own"}, "prompt": "You are dev."}
    found = await pinged(ClaudeBackend(as_root=False), desk, **settings)
    assert (found.alive, found.category, found.detail) == (True, "", "it answered: ok")
    assert found.seconds > 0
    told = json.loads(seen.read_text())
    assert told["told"] == "Reply with: ok"
    assert told["argv"][-3:] == ["--model", "small", "--fast"]
    assert (told["there"], told["key"]) == ([], "own")
    assert not await trio.Path(told["cwd"]).exists(), "the directory went with it"


async def test_a_failure_has_its_class_and_a_sentence(desk: Any) -> None:  # noqa: ANN401
    script = desk.home / "script.json"
    turn = [
        {"do": "fail", "category": "auth_failure", "text": "the key sk-ant-api03-abcdefghijklmnopqrstuvwxyz is bad"}
    ]
    script.write_text(json.dumps({"turns": [turn]}))
    found = await pinged(ScriptedBackend(), desk, script=str(script))
    assert not found.alive
    assert found.category in ("auth_failure", "unknown")
    assert found.detail
    assert "abcdefghijklmnop" not in found.detail


async def test_a_model_that_does_not_answer_in_time_is_given_up(desk: Any) -> None:  # noqa: ANN401
    desk.install("claude", "import signal\nsignal.pause()\n")
    found = await pinged(ClaudeBackend(as_root=False), desk, seconds=1.0)
    assert (found.alive, found.category, found.detail) == (
        False,
        "timeout",
        "the CLI did not end within 1 s and was ended",
    )


async def test_a_backend_that_is_not_installed_is_dead_with_the_reason(desk: Any) -> None:  # noqa: ANN401
    found = await pinged(ClaudeBackend(as_root=False), desk)
    assert not found.alive
    assert "'claude' is not on PATH" in found.detail


@pytest.mark.parametrize(
    ("code", "alive", "category", "said"),
    [
        ("", True, "", "succeeded"),
        (
            "import sys\nsys.exit('HTTP 401 Unauthorized')",
            False,
            "auth_failure",
            "exit status 1: HTTP 401 Unauthorized",
        ),
        ("import os\nos._exit(2)", False, "unknown", "exit status 2: it printed nothing"),
    ],
)
async def test_a_configured_backend_is_asked_by_its_own_command(
    desk: Any,  # noqa: ANN401
    code: str,
    alive: bool,
    category: str,
    said: str,
) -> None:
    desk.install("cli", "raise SystemExit('this is not the ping')")
    desk.install("cli-ping", code)
    backend = GenericBackend(BackendSpec(name="cli", command="cli", ping=PingSpec(command="cli-ping", args=("-q",))))
    found = await pinged(backend, desk)
    assert (found.alive, found.category) == (alive, category)
    assert found.detail.startswith("`cli-ping -q` ")
    assert said in found.detail


async def test_without_a_command_of_its_own_it_is_asked_for_its_version_and_sees_no_removed_variable(
    desk: Any,  # noqa: ANN401
) -> None:
    desk.install("cli", "import os, sys\nsys.exit(sys.argv[1:] != ['--version'] or 'OPENAI_API_KEY' in os.environ)")
    desk.environ["OPENAI_API_KEY"] = "k"
    backend = GenericBackend(BackendSpec(name="cli", command="cli", env_remove=("OPENAI_API_KEY",)))
    found = await pinged(backend, desk)
    assert (found.alive, found.detail) == (True, "`cli --version` succeeded")
