"""A key in an operator's shell, or a login of a CLI, reaches agents without a restart of the supervisor."""

import sys
from pathlib import Path

import pytest

from tests.kit.places import TRANSCRIPTS
from tests.kit.system.workshop import Result, Workshop

pytestmark = pytest.mark.system

KEY = "k3y-0f-the-0perator-4711"
EVIL = "k3y-0f-an-agent-0815"
REFUSAL = TRANSCRIPTS / "claude" / "not_logged_in.jsonl"
"""What Claude Code says without a login, as it was recorded."""
CLAUDE = """\
#!{python} -I
import hashlib, json, os, pathlib, sys
sys.stdin.buffer.read()
if sys.argv[1:] == ["--version"]:
    print("2.1.330 (Claude Code)")
    sys.exit()
key = os.environ.get("ANTHROPIC_API_KEY", "")
login = pathlib.Path(os.environ["HOME"], ".claude", ".credentials.json")
if key or login.exists():
    said = "hashed " + hashlib.sha256(key.encode()).hexdigest()
else:
    for line in pathlib.Path({refusal!r}).read_text().splitlines():
        spoken = json.loads(line)
        if "exit" in spoken:
            sys.exit(spoken["exit"])
        print(json.dumps(spoken["stdout"]))
print(json.dumps({{"type": "system", "subtype": "init", "session_id": "11111111-1111-4111-8111-111111111111"}}))
print(json.dumps({{"type": "result", "subtype": "success", "is_error": False,
    "result": said, "session_id": "11111111-1111-4111-8111-111111111111"}}))
"""


def digest(key: str) -> str:
    import hashlib

    return "hashed " + hashlib.sha256(key.encode()).hexdigest()


class Shop:
    """A supervisor in the background, started by a shell without a key, and `dev` on a Claude Code that needs one."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        place = workshop.root / "bin"
        place.mkdir()
        (place / "claude").write_text(CLAUDE.format(python=sys.executable, refusal=str(REFUSAL)))
        (place / "claude").chmod(0o755)
        workshop.environ["PATH"] = f"{place}:{workshop.environ['PATH']}"
        self.outputs: list[str] = []

    def configure(self, *more: dict[str, object]) -> None:
        self.workshop.configure([{"alias": "dev", "backend": "claude"}, *more])

    def __call__(self, *args: str, **env: str) -> Result:
        result = self.workshop(*args, env=env)
        self.outputs += [result.out, result.err]
        return result

    def dispatch(self, **env: str) -> Result:
        return self("dispatch", "dev", "Go.", "--wait", **env)

    def holding(self, secret: str) -> list[Path]:
        """Return the files of the state and runtime directories that hold a text."""
        places = [self.workshop.state, self.workshop.runtime]
        files = [path for place in places for path in place.rglob("*") if path.is_file()]
        return [path for path in files if secret.encode() in path.read_bytes()]


@pytest.fixture
def shop(workshop: Workshop) -> Shop:
    return Shop(workshop)


def test_a_key_in_the_operators_shell_reaches_the_next_dispatch_without_a_restart(shop: Shop) -> None:
    shop.configure()
    pid = shop.workshop.supervisor_pid()
    refused = shop.dispatch()
    assert "Not logged in" in refused.out
    assert "ANTHROPIC_API_KEY" in refused.out
    worked = shop.dispatch(ANTHROPIC_API_KEY=KEY)
    assert digest(KEY) in worked.out
    again = shop.dispatch()  # a shell without the key takes it from nobody
    assert digest(KEY) in again.out
    newer = shop.dispatch(ANTHROPIC_API_KEY=f"{KEY}-newer")
    assert digest(f"{KEY}-newer") in newer.out
    assert shop.workshop.supervisor_pid() == pid
    shop("events", "--json")
    shop("health", "--json", ANTHROPIC_API_KEY=KEY)
    shop("doctor", ANTHROPIC_API_KEY=KEY)
    assert shop.holding(KEY) == []
    assert KEY not in "".join(shop.outputs)
    shop.workshop("stop")
    assert shop.holding(KEY) == []


def test_what_the_supervisor_was_started_with_stands_in_no_file_either(shop: Shop) -> None:
    shop.configure()
    assert digest(KEY) in shop.dispatch(ANTHROPIC_API_KEY=KEY).out
    shop.workshop("stop")
    assert shop.holding(KEY) == []


def test_a_login_of_the_cli_counts_at_once(shop: Shop) -> None:
    shop.configure()
    assert "Not logged in" in shop.dispatch().out
    place = shop.workshop.root / ".claude"
    place.mkdir()
    (place / ".credentials.json").write_text('{"claudeAiOauth": {}}')
    assert "hashed" in shop.dispatch().out
    (agent,) = shop.workshop.ask("health")["agents"]
    assert agent["credentials"] == "present"


def test_a_breaker_that_opened_for_lack_of_a_login_lets_the_new_one_try(shop: Shop) -> None:
    shop.workshop.configure(
        [{"alias": "dev", "backend": "claude"}],
        orchestration={"circuit_breaker": {"failure_threshold": 1, "cooldown_secs": 3600}},
    )
    assert "Not logged in" in shop.dispatch().out
    assert shop.workshop.ask("health")["agents"][0]["circuit_state"] == "open"
    worked = shop.dispatch(ANTHROPIC_API_KEY=KEY)
    assert digest(KEY) in worked.out


def test_doctor_looks_at_what_agents_get_and_says_whose_environment_that_is(shop: Shop) -> None:
    shop.configure()
    shop.workshop.supervisor_pid()
    without = shop("doctor").out
    assert "ANTHROPIC_API_KEY" in without
    assert "supervisor" in next(line for line in without.splitlines() if "not set" in line)
    with_key = shop("doctor", ANTHROPIC_API_KEY=KEY).out
    assert "ANTHROPIC_API_KEY is set" in with_key
    assert "not set" not in with_key


AGENT = """\
import json, os, subprocess, sys
bare = {{name: value for name, value in os.environ.items() if not name.startswith("COMPAS_") or name in
    ("COMPAS_CONFIG",)}} | {{"COMPAS_RUNTIME_DIR": {runtime!r}, "PYTHONPATH": {code!r}, "ANTHROPIC_API_KEY": {evil!r}}}
marked = dict(os.environ) | {{"COMPAS_RUNTIME_DIR": {runtime!r}, "PYTHONPATH": {code!r}, "ANTHROPIC_API_KEY": {evil!r}}}
for environ in (marked, bare):
    ran = subprocess.run([{python!r}, "-P", "-m", "compas", "health", "--json"], env=environ, capture_output=True)
    print(ran.returncode, ran.stderr.decode()[-500:])
# A client of the agent's own making: no marks, in a session of its own, and it brings what nobody has asked for.
sys.stdout.flush()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execve({python!r}, [{python!r}, "-P", "-m", "compas", "health", "--json"], bare)
    os._exit(0)
os.wait()
"""


def test_an_agents_client_cannot_change_what_agents_get(shop: Shop) -> None:
    script = shop.workshop.root / "nested.py"
    script.write_text(
        AGENT.format(
            runtime=str(shop.workshop.runtime),
            code=shop.workshop.environ["PYTHONPATH"],
            evil=EVIL,
            python=sys.executable,
        )
    )
    shop.workshop.configure(
        [{"alias": "dev", "backend": "claude"}, {"alias": "nested", "backend": "nested"}],
        backend_definitions=[
            {"name": "nested", "command": sys.executable, "args": [str(script)], "output": {"format": "plaintext"}}
        ],
    )
    shop.workshop.supervisor_pid()
    assert digest(KEY) in shop.dispatch(ANTHROPIC_API_KEY=KEY).out
    nested = shop("dispatch", "nested", "Go.", "--wait")
    assert nested.out.count("\n0 ") + nested.out.startswith("0 ") == 2, nested
    assert digest(KEY) in shop.dispatch().out
    log = (shop.workshop.state / "supervisor.log").read_text()
    assert log.count("an agent's client offered variables; none was taken") == 2


def test_a_supervisor_in_the_foreground_keeps_its_own(shop: Shop) -> None:
    shop.configure()
    shop.workshop.supervise()
    refused = shop.dispatch(ANTHROPIC_API_KEY=KEY)
    assert "Not logged in" in refused.out
    assert "the shell that runs the supervisor" in refused.out
