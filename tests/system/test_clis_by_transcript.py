"""What agent CLIs were recorded saying, played by a command of their name, through the whole of compas."""

import pytest

from tests.kit.system import process_tree
from tests.kit.system.recorded_cli import CONTINUES, FOREVER, RecordedCli
from tests.kit.system.workshop import Workshop

pytestmark = pytest.mark.system


@pytest.fixture(params=list(CONTINUES))
def cli(request: pytest.FixtureRequest, workshop: Workshop) -> RecordedCli:
    """Return a workshop with each CLI in turn."""
    return RecordedCli(workshop, request.param)


@pytest.fixture
def claude(workshop: Workshop) -> RecordedCli:
    """Return a workshop with Claude Code."""
    return RecordedCli(workshop, "claude")


@pytest.fixture
def opencode(workshop: Workshop) -> RecordedCli:
    """Return a workshop with OpenCode."""
    return RecordedCli(workshop, "opencode")


def test_a_reply_is_handed_on(cli: RecordedCli) -> None:
    cli.configure()
    cli.play(new="work")
    assert cli.dispatch()["body"] == "Fine."
    assert cli.judged() == [("dev", "completed", ""), ("reviewer", "completed", "")]


def test_a_turn_that_failed_is_not_handed_on(cli: RecordedCli) -> None:
    cli.configure()
    cli.play(new="bad_key")
    assert cli.dispatch()["from"] == "dev"
    assert cli.judged() == [("dev", "failed", "auth_failure")]


def test_a_conversation_that_is_lost_is_begun_again_without_its_name(cli: RecordedCli) -> None:
    cli.configure(max_retries=1, retry_backoff_secs=0, handoff={"on_response": "operator"})
    cli.play(new="work", resumed="unknown_session")
    cli.dispatch()
    assert cli.dispatch()["body"].startswith("All done.")
    assert [status for _, status, _ in cli.judged()] == ["completed", "failed", "completed"]
    assert [CONTINUES[cli.name] in arguments for arguments in cli.started()] == [False, True, False]


# proves: a-core 77
@pytest.mark.parametrize(
    ("scene", "category"),
    [("bad_request", "agent_error"), ("too_many_turns", "agent_error"), ("unknown_session", "stale_session")],
)
def test_a_turn_that_reports_an_error_has_failed_and_is_not_handed_on(
    claude: RecordedCli, scene: str, category: str
) -> None:
    claude.configure()
    claude.play(new=scene)
    assert claude.dispatch()["from"] == "dev"
    assert claude.judged() == [("dev", "failed", category)]


# proves: a-core 81
def test_what_is_said_on_standard_error_only_stands_in_the_reply_and_is_judged(claude: RecordedCli) -> None:
    claude.configure()
    claude.play(new=['{"stderr": "HTTP 401 Unauthorized: ask your administrator"}', '{"exit": 1}'])
    assert "HTTP 401 Unauthorized: ask your administrator" in claude.dispatch()["body"]
    assert claude.judged() == [("dev", "failed", "auth_failure")]


# proves: a-core 99
def test_an_empty_name_is_not_recorded_as_a_conversation(claude: RecordedCli) -> None:
    claude.configure()
    claude.play(new=[line.replace("00000000-0000-4000-8000-000000000001", "") for line in claude.lines("work")])
    claude.dispatch()
    claude.dispatch()
    runs = claude.workshop.ask("transcript", "t1")["executions"]
    assert [run["session_id"] for run in runs if run["agent"] == "dev"] == [None, None]
    assert [arguments for arguments in claude.started() if "-r" in arguments] == []


def test_a_run_that_would_repeat_its_requests_for_ever_is_ended_and_says_why(opencode: RecordedCli) -> None:
    complaint = (
        'timestamp=2026-01-01T00:00:00.000Z level=ERROR run=1 message=\\"stream error\\" session.id=ses_1 '
        'small=false agent=build mode=primary error.error=\\"AI_APICallError: overloaded\\"'
    )
    opencode.configure(timeout_secs=300)
    opencode.play(new=[*[f'{{"stderr": "{complaint}"}}'] * 3, FOREVER])
    assert "3 times in a row: AI_APICallError: overloaded" in opencode.dispatch()["body"]
    assert opencode.judged() == [("dev", "failed", "transient")]


# proves: a-core 97
def test_a_run_that_died_with_everything_around_it_is_continued_in_its_conversation(cli: RecordedCli) -> None:
    cli.configure(handoff={"on_response": "operator"})
    work = cli.lines("work")
    begun = next(index for index, line in enumerate(work) if "health.py" in line and '"role": "user"' not in line)
    cli.play(new=[*work[: begun + 2], FOREVER])
    workshop = cli.workshop
    workshop.ask("dispatch", "dev", "Go.", "--thread", "t1")
    workshop.until_said("health.py")
    for one in workshop.processes():
        process_tree.kill(one.pid)
    assert workshop.ask("wait", "--thread-id", "t1", "--await-chain")["body"].startswith("echo (prompt 2, ")
    assert [run["status"] for run in workshop.ask("transcript", "t1")["executions"]] == ["crashed", "completed"]
    assert [CONTINUES[cli.name] in arguments for arguments in cli.started()] == [False, True]
