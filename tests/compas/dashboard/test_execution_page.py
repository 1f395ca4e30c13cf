"""One execution: what it was given, says and does, and when; live while it works, and still once it has ended."""

import msgspec
import pytest
import trio
import trio.testing

from compas.api.threads import TranscriptExecution, TranscriptMessage, TranscriptResponse
from compas.domain import events as e
from tests.kit.dashboard.played_screen import PlayedScreen, open_screen
from tests.kit.dashboard.played_supervisor import NOW, PlayedSupervisor, executing, settled

SIZES = [(40, 12), (80, 24), (120, 40)]


def task(body: str = "Do **it**.", number: int = 3) -> TranscriptMessage:
    return TranscriptMessage(
        id=number, reference=f"db:{number}", sender="operator", to="dev", intent="dispatch", body=body, created_at=NOW
    )


def run(name: str = "x-t1", status: str = "executing", **fields: object) -> TranscriptExecution:
    known = {"id": name, "agent": "dev", "backend": "claude", "status": status, "attempt": 0, "queued_at": NOW - 90}
    known |= {"dispatch_message_id": 3, "started_at": NOW - 80}
    return msgspec.convert({**known, **fields}, TranscriptExecution)


def reply(body: str = "All **done**.", execution: str = "x-t1") -> TranscriptMessage:
    return TranscriptMessage(
        id=9,
        reference="db:9",
        sender="dev",
        to="operator",
        intent="response",
        body=body,
        created_at=NOW,
        execution_id=execution,
    )


def tell(
    supervisor: PlayedSupervisor, *runs: TranscriptExecution, messages: tuple[TranscriptMessage, ...] = (task(),)
) -> None:
    """Let the thread t1 have these executions and messages, and say that something has happened in it."""
    supervisor.transcripts["t1"] = TranscriptResponse(
        thread_id="t1", thread_status="Active", messages=messages, executions=runs
    )
    if supervisor.threads:
        supervisor.happen("t1", e.ThreadDescribed(summary="Do it"))


def at_work() -> PlayedSupervisor:
    supervisor = PlayedSupervisor()
    tell(supervisor, run())
    supervisor.threads = [executing("t1", summary="Do it")]
    return supervisor


def over(*runs: TranscriptExecution, messages: tuple[TranscriptMessage, ...]) -> PlayedSupervisor:
    supervisor = PlayedSupervisor()
    tell(supervisor, *runs, messages=messages)
    supervisor.threads = [settled("t1", execution_id=runs[-1].id)]
    for one in runs:
        supervisor.end(one.id)
    return supervisor


async def shown(screen: PlayedScreen) -> str:
    """Read what the page says, in one line, however it is wrapped."""
    return " ".join(" ".join(await screen.lines()).split())


@pytest.mark.parametrize("size", SIZES)
async def test_what_works_shows_its_steps_as_they_happen_and_each_part_has_a_key(size: tuple[int, int]) -> None:
    supervisor = at_work()
    supervisor.do("x-t1", "tool_call", "read calc.py", tool="Read")
    async with open_screen(supervisor, size) as screen:
        await screen.type("i")
        assert "read calc.py" in await shown(screen)
        assert "▸ running" in await shown(screen)
        supervisor.do("x-t1", "tool_result", "Read: failed", failed=True)
        assert "✗ Read: failed" in await shown(screen)
        supervisor.do("x-t1", "message", "I shall", detail="I shall write **all** of it now.")
        assert "● I shall write **all** of it now." in await shown(screen)
        await screen.type("1")
        assert "db:3" in await shown(screen)
        assert "Do **it**." in await shown(screen)
        await screen.type("2")
        assert "I shall write **all** of it now." in await shown(screen)
        await screen.type("tab", "tab", "tab")
        assert "db:3" in await shown(screen)
        await screen.type("shift tab", "shift tab")
        assert "✗ Read: failed" in await shown(screen)


# proves: c-config-dashboard 110
async def test_the_end_of_the_execution_shows_status_duration_and_error_and_nothing_is_followed_any_more(
    autojump_clock: trio.testing.MockClock,
) -> None:
    supervisor = at_work()
    async with open_screen(supervisor) as screen:
        await screen.type("i")
        for number in range(40):
            supervisor.do("x-t1", "tool_call", f"step {number}")
        assert "step 39" in await screen.text()
        assert "◉ follow" in (await screen.lines())[-1]
        await trio.sleep(10)
        assert "1 m 30 s" in await screen.line("running")
        supervisor.end("x-t1")
        ended = run(
            status="failed",
            finished_at=NOW,
            duration_ms=80_000,
            error="the model gave up",
            category="agent_error",
            exit_code=3,
        )
        tell(supervisor, ended)
        supervisor.happen("t1", e.ExecutionEnded(execution="x-t1", status="failed"))
        lines = await screen.lines()
        assert lines[2].startswith(" dev  ✗ failed  1 m 20 s")
        assert lines[3] == " │ agent_error, exit 3: the model gave up"
        assert "step 39" in await screen.text()
        assert "◉ follow" not in lines[-1]
        await trio.sleep(10)
        assert (await screen.lines())[2] == lines[2]
        assert screen.controller.tick_seconds == 60


# proves: c-config-dashboard 113
async def test_an_answer_that_was_streamed_and_is_the_reply_too_is_shown_once() -> None:
    supervisor = over(run(status="completed", finished_at=NOW, duration_ms=1), messages=(task(), reply()))
    supervisor.do("x-t1", "message", "All", detail="All **done**.")
    async with open_screen(supervisor) as screen:
        await screen.type("i")
        assert (await screen.text()).count("All **done**.") == 1
        assert "2 Output" in await screen.text()


# proves: c-config-dashboard 114
async def test_output_of_which_no_step_is_understood_says_how_to_see_it_raw() -> None:
    supervisor = at_work()
    supervisor.print("x-t1", '{"type":"mystery"}\n')
    async with open_screen(supervisor) as screen:
        await screen.type("i")
        assert "J shows it as it was printed" in await screen.text()
        await screen.type("J")
        assert '{"type":"mystery"}' in await screen.text()
        await screen.type("J", "l")
        text = await screen.text()
        assert "J shows it as it was printed" in text
        assert '{"type":"mystery"}' in text


# proves: c-config-dashboard 112
async def test_without_a_log_its_stored_preview_is_shown_or_that_there_is_nothing() -> None:
    ended = run(status="completed", finished_at=NOW, duration_ms=1)
    supervisor = over(ended, messages=(task(),))
    supervisor.print("x-t1", "[compas] the log is not there; this is how the answer was recorded\nAnd so it was.\n")
    async with open_screen(supervisor) as screen:
        await screen.type("i")
        assert "And so it was." in await screen.text()
        await screen.type("l")
        assert "And so it was." in await screen.text()
    nothing = over(ended, messages=(task(),))
    async with open_screen(nothing) as screen:
        await screen.type("i")
        assert "it has said nothing" in await screen.text()
        await screen.type("l")
        assert "it has printed nothing" in await screen.text()


# proves: c-config-dashboard 115
@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ('{"files": ["a", "b"], "why": "so"}', ['"files": [', '"why": "so"']),
        ("[see above](x) and do it", ["[see above](x) and do it"]),
        ("{not json", ["{not json"]),
    ],
)
async def test_the_task_is_labelled_and_laid_out_by_what_it_is(body: str, wanted: list[str]) -> None:
    supervisor = at_work()
    tell(supervisor, run(), messages=(task(body),))
    async with open_screen(supervisor) as screen:
        await screen.type("i", "1")
        text = await screen.text()
        assert "db:3" in text
        for part in wanted:
            assert [line for line in text.split("\n") if line.strip().rstrip(",") == part]
        tell(supervisor, run(dispatch_message_id=None), messages=(task(body),))
        assert "no dispatch belongs to this execution" in await screen.text()


async def test_every_execution_of_the_thread_can_be_chosen_on_both_pages() -> None:
    runs = [run(f"x{number}", "completed", finished_at=NOW, duration_ms=1000 * number) for number in (1, 2, 3)]
    supervisor = over(*runs, messages=(task(), reply("third", "x3"), reply("first", "x1")))
    for number in (1, 2, 3):
        supervisor.do(f"x{number}", "tool_call", f"work {number}")
    async with open_screen(supervisor) as screen:
        await screen.type("i")
        assert "third" in await screen.text()
        assert "execution 3 of 3" in await screen.text()
        await screen.type("]")
        assert "this is the thread's newest execution" in await screen.text()
        await screen.type("[", "[")
        assert "first" in await screen.text()
        assert "execution 1 of 3" in await screen.text()
        await screen.type("[")
        assert "there is no older execution" in await screen.text()
        await screen.type("l")
        assert "work 1" in await screen.text()
        await screen.type("]")
        assert "work 2" in await screen.text()
        assert "work 1" not in await screen.text()
        await screen.type("]")
        assert "work 3" in await screen.text()


async def test_the_timeline_tells_when_what_happened_to_it() -> None:
    supervisor = at_work()
    happened = [
        e.ExecutionQueued(execution="x-t1", message="m", agent="dev", backend="claude", reason="retry"),
        e.ExecutionQueued(execution="x-other", message="m", agent="other", backend="claude"),
        e.ExecutionStarted(execution="x-t1", pid=77, started_at=NOW),
        e.ExecutionEnded(
            execution="x-t1", status="completed", verdict="approve", usage=e.Usage(cost_usd=0.125, tokens_in=12_000)
        ),
    ]
    for number, event in enumerate(happened):
        supervisor.happen("t1", event, NOW + 10 * number)
    async with open_screen(supervisor) as screen:
        await screen.type("i", "4")
        text = await screen.text()
        assert "queued for dev (retry)" in text
        assert "+20 s       its process 77 started" in text
        assert "completed · $0.12 · 12,000 tokens in · verdict: approve" in text
        assert "other" not in text
        supervisor.happen("t1", e.VerdictGiven(execution="x-t1", verdict="request_changes"), NOW + 40)
        assert "verdict: request changes" in await screen.text()


async def test_details_of_steps_are_shown_on_a_key() -> None:
    supervisor = at_work()
    supervisor.do("x-t1", "tool_call", "ls", tool="Bash", detail='{"command": "ls -l"}')
    supervisor.do("x-t1", "usage", "usage", detail="{}")
    async with open_screen(supervisor) as screen:
        await screen.type("l")
        text = await screen.text()
        assert "Bash  ls" in text
        assert '"ls -l"' not in text
        assert "usage" not in text
        await screen.type("z")
        text = await screen.text()
        assert '{"command": "ls -l"}' in text
        assert "usage" in text


# proves: c-config-dashboard 111
async def test_a_log_that_was_replaced_begins_again_and_only_its_newest_lines_are_kept() -> None:
    supervisor = at_work()
    supervisor.print("x-t1", "".join(f"line {number}\n" for number in range(30_000)))
    async with open_screen(supervisor) as screen:
        await screen.type("l", "J")
        assert "line 29999" in await screen.text()
        await screen.type("home")
        assert "20000 lines before this are not kept here" in await screen.text()
        await screen.type("end")
        supervisor.print("x-t1", "half a \ufffd")
        assert "half a \ufffd" in await screen.text()
        supervisor.print("x-t1", " line\nand the next\n")
        assert [line.strip() for line in (await screen.lines())[-4:-2]] == ["half a \ufffd line", "and the next"]
        supervisor.replace("x-t1", "another log\n")
        text = await screen.text()
        assert "another log" in text
        assert "line 29999" not in text


async def test_an_execution_page_of_a_thread_in_which_nothing_was_started_says_so() -> None:
    supervisor = PlayedSupervisor()
    supervisor.threads = [settled("t1", execution_id=None, execution_status=None)]
    async with open_screen(supervisor) as screen:
        await screen.type("i")
        assert "nothing has been started in this thread yet" in await screen.text()
