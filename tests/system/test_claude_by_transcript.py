"""What Claude Code was recorded saying, played by a command of its name, through the whole of compas."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from workshop import Workshop

pytestmark = pytest.mark.system

TRANSCRIPTS = Path(__file__).parents[1] / "data" / "transcripts" / "claude"
PLAYER = """\
#!{python} -I
import json, pathlib, sys
sys.stdin.buffer.read()
here = pathlib.Path({root!r})
with (here / "started").open("a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
scene = json.loads((here / "scenes").read_text())["resumed" if "-r" in sys.argv else "new"]
for line in scene:
    ((stream, said),) = json.loads(line).items()
    if stream == "exit":
        sys.exit(said)
    print(said if isinstance(said, str) else json.dumps(said), file=getattr(sys, stream), flush=True)
"""


@pytest.fixture
def claude(workshop: Workshop) -> Workshop:
    """Return a workshop that has a `claude` on its path."""
    place = workshop.root / "bin"
    place.mkdir()
    (place / "claude").write_text(PLAYER.format(python=sys.executable, root=str(workshop.root)))
    (place / "claude").chmod(0o755)
    workshop.environ["PATH"] = f"{place}:{workshop.environ['PATH']}"
    return workshop


def play(claude: Workshop, *, new: str | list[str], resumed: str = "resumed") -> None:
    """Choose what is played in a new conversation, and in a continued one: a recorded scene, or lines."""
    scenes = {
        name: scene if isinstance(scene, list) else (TRANSCRIPTS / f"{scene}.jsonl").read_text().splitlines()
        for name, scene in (("new", new), ("resumed", resumed))
    }
    (claude.root / "scenes").write_text(json.dumps(scenes))


def configure(claude: Workshop, **settings: object) -> None:
    """Make `dev` hand what it replies to `reviewer`."""
    dev = {"alias": "dev", "backend": "claude", "safety_mode": "auto_approve", "handoff": {"on_response": "reviewer"}}
    claude.configure([{**dev, **settings}, claude.agent("reviewer", [{"reply": "Fine."}], [{"reply": "Fine."}])])


def dispatch(claude: Workshop) -> Any:  # noqa: ANN401 - an answer has any shape
    return claude("dispatch", "dev", "Go.", "--thread", "t1", "--wait", "--json").json()


def judged(claude: Workshop) -> list[tuple[str, str, str]]:
    """Return agent, status and class of each execution of `t1`."""
    categories = [e["data"].get("category", "") for e in claude.events("t1") if e["type"] == "execution.ended"]
    runs = claude.ask("transcript", "t1")["executions"]
    return [(run["agent"], run["status"], category) for run, category in zip(runs, categories, strict=True)]


def test_a_reply_is_handed_on(claude: Workshop) -> None:
    configure(claude)
    play(claude, new="work")
    assert dispatch(claude)["body"] == "Fine."
    assert judged(claude) == [("dev", "completed", ""), ("reviewer", "completed", "")]


# proves: a-core 77
@pytest.mark.parametrize(
    ("scene", "category"),
    [("bad_request", "agent_error"), ("too_many_turns", "agent_error"), ("unknown_session", "stale_session")],
)
def test_a_turn_that_reports_an_error_has_failed_and_is_not_handed_on(
    claude: Workshop, scene: str, category: str
) -> None:
    configure(claude)
    play(claude, new=scene)
    assert dispatch(claude)["from"] == "dev"
    assert judged(claude) == [("dev", "failed", category)]


# proves: a-core 81
def test_what_is_said_on_standard_error_only_stands_in_the_reply_and_is_judged(claude: Workshop) -> None:
    configure(claude)
    play(claude, new=['{"stderr": "HTTP 401 Unauthorized: ask your administrator"}', '{"exit": 1}'])
    assert "HTTP 401 Unauthorized: ask your administrator" in dispatch(claude)["body"]
    assert judged(claude) == [("dev", "failed", "auth_failure")]


# proves: a-core 99
def test_an_empty_name_is_not_recorded_as_a_conversation(claude: Workshop) -> None:
    configure(claude)
    work = (TRANSCRIPTS / "work.jsonl").read_text().replace("00000000-0000-4000-8000-000000000001", "")
    play(claude, new=work.splitlines())
    dispatch(claude)
    dispatch(claude)
    assert [run["session_id"] for run in claude.ask("transcript", "t1")["executions"] if run["agent"] == "dev"] == [
        None,
        None,
    ]
    assert [arguments for arguments in started(claude) if "-r" in arguments] == []


def test_a_conversation_that_is_lost_is_begun_again_without_its_name(claude: Workshop) -> None:
    configure(claude, max_retries=1, retry_backoff_secs=0, handoff={"on_response": "operator"})
    play(claude, new="work", resumed="unknown_session")
    dispatch(claude)
    assert dispatch(claude)["body"].startswith("All done.")
    assert [status for _, status, _ in judged(claude)] == ["completed", "failed", "completed"]
    assert [arguments[0] for arguments in started(claude)] == ["-p", "-r", "-p"]


def started(claude: Workshop) -> list[list[str]]:
    """Return the arguments of every start."""
    return [json.loads(line) for line in (claude.root / "started").read_text().splitlines()]
