"""Conversation, log, diff and help: opened by a key, live while open, scrolled, and left again."""

import msgspec
import pytest
import trio
import trio.testing

from actors.remote.call import Call
from compas.api.history import DiffFile, DiffResponse
from compas.api.threads import TranscriptExecution, TranscriptMessage, TranscriptResponse
from compas.domain import events as e
from tests.kit.dashboard.played_screen import open_screen
from tests.kit.dashboard.played_supervisor import NOW, PlayedSupervisor, executing, health, settled

TASK = TranscriptMessage(
    id=3, reference="db:3", sender="operator", to="dev", intent="dispatch", body="Do **it**.", created_at=NOW - 90
)
RUN = TranscriptExecution(
    id="x-t1",
    agent="dev",
    backend="claude",
    status="executing",
    attempt=0,
    dispatch_message_id=3,
    queued_at=NOW - 90,
    started_at=NOW - 80,
)
REPLY = TranscriptMessage(
    id=9,
    reference="db:9",
    sender="dev",
    to="operator",
    intent="response",
    body="Done.\n\nVerdict: approve",
    created_at=NOW,
    execution_id="x-t1",
)


def at_work() -> PlayedSupervisor:
    supervisor = PlayedSupervisor()
    supervisor.threads = [executing("t1", summary="Do it"), settled("t2", summary="Other", thread_status="Completed")]
    supervisor.transcripts["t1"] = TranscriptResponse(
        thread_id="t1", thread_status="Active", summary="Do it", messages=(TASK,), executions=(RUN,)
    )
    return supervisor


def finish(supervisor: PlayedSupervisor) -> None:
    """Let the execution of t1 end with a reply."""
    ended = msgspec.structs.replace(RUN, status="completed", finished_at=NOW, duration_ms=80_000)
    supervisor.transcripts["t1"] = msgspec.structs.replace(
        supervisor.transcripts["t1"], messages=(TASK, REPLY), executions=(ended,)
    )
    supervisor.happen("t1", e.ExecutionEnded(execution="x-t1", status="completed"))


async def test_a_conversation_shows_messages_with_executions_between_them_and_goes_on_while_open(
    autojump_clock: trio.testing.MockClock,
) -> None:
    supervisor = at_work()
    async with open_screen(supervisor) as screen:
        await screen.type("enter")
        assert (await screen.lines())[:5] == [
            " t1  active  Do it",
            " operator → dev  dispatch · 22:11 · db:3",
            " │ Do **it**.",
            "",
            " ▸ dev started 22:12:00, 1 m 20 s so far",
        ]
        await trio.sleep(10)
        assert "1 m 30 s so far" in await screen.text()
        finish(supervisor)
        assert (await screen.lines())[4:10] == [
            " ▸ dev started 22:12:00",
            " ✓ dev completed after 1 m 20 s · verdict: approve",
            "",
            " dev → operator  response · 22:13 · db:9",
            " │ Done.",
            " │",
        ]
        await screen.type("esc")
        assert "answered" in await screen.line("Do it")


# proves: c-config-dashboard 119
async def test_an_open_conversation_goes_on_when_its_thread_is_closed_and_reopened() -> None:
    supervisor = at_work()
    async with open_screen(supervisor) as screen:
        await screen.type("enter")
        closed = msgspec.structs.replace(supervisor.transcripts["t1"], thread_status="Completed")
        supervisor.transcripts["t1"] = closed
        supervisor.happen("t1", e.ThreadClosed(status="Completed", by="operator"))
        assert "completed  Do it" in await screen.text()
        finish(supervisor)
        assert "Done." in await screen.text()
        supervisor.transcripts["t1"] = msgspec.structs.replace(supervisor.transcripts["t1"], thread_status="Active")
        supervisor.happen("t1", e.ThreadReopened(previous="Completed", by="operator"))
        assert "active  Do it" in await screen.text()


# proves: c-config-dashboard 116
async def test_going_up_stops_following_the_output_and_the_end_key_resumes_it() -> None:
    supervisor = at_work()
    supervisor.print("x-t1", "".join(f"line {number}\n" for number in range(100)))
    async with open_screen(supervisor) as screen:
        await screen.type("l")
        assert "line 99" in await screen.text()
        assert "◉ follow" in (await screen.lines())[-1]
        supervisor.print("x-t1", "line 100\n")
        assert "line 100" in await screen.text()
        await screen.type("k")
        supervisor.print("x-t1", "line 101\n")
        text = await screen.text()
        assert "line 99" in text
        assert "line 100" not in text
        assert "◉ follow" not in text
        await screen.type("j", "j", "page down")
        supervisor.print("x-t1", "line 102\n")
        assert "line 102" not in await screen.text()
        await screen.type("end")
        supervisor.print("x-t1", "[stderr] line 103\n")
        assert "line 103" in await screen.text()
        await screen.type("f")
        supervisor.print("x-t1", "line 104\n")
        assert "line 104" not in await screen.text()
        await screen.type("home")
        assert "line 0" in await screen.text()


async def test_a_log_goes_on_where_it_was_over_a_lost_connection(autojump_clock: trio.testing.MockClock) -> None:
    supervisor = at_work()
    supervisor.print("x-t1", "one\n")
    async with open_screen(supervisor) as screen:
        await screen.type("l")
        await supervisor.die()
        assert "interrupted" in await screen.text()
        supervisor.print("x-t1", "two\n")
        supervisor.is_there = True
        await trio.sleep(5)
        text = await screen.text()
        assert [text.count("one"), text.count("two")] == [1, 1]
        assert "following" in text


async def test_a_thread_in_which_nothing_was_started_has_no_log() -> None:
    supervisor = PlayedSupervisor()
    supervisor.threads = [settled("t1", execution_id=None, execution_status=None)]
    async with open_screen(supervisor) as screen:
        await screen.type("l")
        assert "so there is no log" in await screen.text()
        await screen.type("j")
        assert "so there is no log" not in await screen.text()


async def test_a_diff_shows_what_was_added_and_deleted_or_why_there_is_none() -> None:
    supervisor = at_work()
    supervisor.diffs["t1"] = DiffResponse(
        thread_id="t1",
        branch="compas/t1",
        base="b",
        tip="t",
        uncommitted=True,
        text="diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-\told\n+\tnew \x1b[2J\n",
        truncated=False,
        files=(DiffFile(path="x", added=1, deleted=1),),
    )
    async with open_screen(supervisor) as screen:
        await screen.type("d")
        assert [line.rstrip() for line in (await screen.lines())[:7]] == [
            " t1  diff  +1 -1  compas/t1  with changes that are not committed",
            " ▌▾ x  +1 -1",
            " @@ -1 +1 @@",
            " -   old",
            " +   new ␛[2J",
            "",
            "",
        ]
        styles = {line.segments[-1] for line in screen.controller.frame(80, 24) if line.segments}
        assert {("bad", "-   old"), ("good", "+   new ␛[2J")} <= styles
        await screen.type("esc", "j", "d")
        assert "thread 't2' has no worktree" in await screen.text()


# proves: c-config-dashboard 120
@pytest.mark.parametrize("page", ["", "enter", "l", "d"])
@pytest.mark.parametrize("size", [(40, 10), (80, 24), (120, 40)])
async def test_the_help_names_every_key_and_scrolls_over_everything(page: str, size: tuple[int, int]) -> None:
    from compas.dashboard.commands import COMMANDS

    async with open_screen(at_work(), size) as screen:
        await screen.type(*([page] if page else []))
        await screen.type("?")
        seen = ""
        for _ in range(120):
            lines = await screen.lines()
            assert lines[0] == " help"
            assert "Do it" not in "".join(lines)
            seen += " ".join("\n".join(lines[1:-2]).split()) + " "
            await screen.type(*["down"] * (size[1] - 4))
        for command in COMMANDS.values():
            for word in command.help.split():
                assert word in seen
        assert "timed out" in seen
        await screen.type("?")
        assert (await screen.lines())[0] != " help"


# proves: c-config-dashboard 129
async def test_keys_are_answered_at_once_while_answers_are_slow() -> None:
    supervisor = at_work()
    supervisor.is_slow = trio.Event()
    async with open_screen(supervisor) as screen:
        await screen.type("enter")
        assert "reading …" in await screen.text()
        await screen.type("esc", *["j"] * 30, *["k"] * 29, "j", "k")
        assert "Do it" in await screen.selected()
        await screen.type("enter", "esc", "enter")
        supervisor.is_slow.set()
        assert "Do **it**." in await screen.text()


# proves: c-config-dashboard 121
async def test_a_lost_connection_is_told_while_the_last_that_was_known_stays_and_keys_work(
    autojump_clock: trio.testing.MockClock,
) -> None:
    supervisor = at_work()
    async with open_screen(supervisor, (120, 24)) as screen:
        await supervisor.die()
        text = await screen.text()
        assert "not connected" in text
        assert "connection lost at 22:13:20; connecting again." in text
        assert "Do it" in await screen.selected()
        await screen.type("j")
        assert "Other" in await screen.selected()
        await screen.type("enter")
        assert "reading …" in await screen.text()
        await screen.type("esc")
        await trio.sleep(20)
        assert "connection lost at 22:13:20" in await screen.text()
        supervisor.health = health(epoch=4)
        supervisor.threads = [settled("t2", summary="Other", thread_status="Completed"), settled("t3", summary="Newer")]
        supervisor.is_there = True
        await trio.sleep(5)
        text = await screen.text()
        assert "connection lost" not in text
        assert "epoch 4" in text
        assert "Newer" in text
        assert "Other" in await screen.selected()
        supervisor.happen("t3", e.ExecutionQueued(execution="x9", message="m", agent="dev", backend="claude"))
        assert "queued" in await screen.line("Newer")


# proves: c-config-dashboard 125
async def test_a_supervisor_that_is_gone_is_started_again_on_request(autojump_clock: trio.testing.MockClock) -> None:
    supervisor = at_work()
    async with open_screen(supervisor, may_start=True) as screen:
        await screen.type("S")
        assert "a supervisor is running" in await screen.text()
        await supervisor.die()
        assert "S starts a supervisor." in await screen.text()
        await trio.sleep(60)
        assert supervisor.starts == 0
        await screen.type("S")
        assert "connection lost" not in await screen.text()
        assert supervisor.starts == 1


async def test_a_dashboard_that_may_start_none_does_not_offer_it() -> None:
    supervisor = at_work()
    async with open_screen(supervisor) as screen:
        await supervisor.die()
        assert "S starts" not in await screen.text()
        await screen.type("S")
        assert "--standalone" in await screen.text()


# proves: c-config-dashboard 124
async def test_a_dashboard_opened_while_a_supervisor_stops_says_so_and_starts_the_next(
    autojump_clock: trio.testing.MockClock,
) -> None:
    supervisor = at_work()
    supervisor.health = health(state="stopping")
    async with open_screen(supervisor, (120, 24), may_start=True) as screen:
        assert "the supervisor is stopping; it starts no more work" in await screen.text()
        supervisor.health = health(epoch=4)
        await supervisor.die()
        await trio.sleep(5)
        assert supervisor.starts == 1
        assert "epoch 4" in await screen.text()


class Ending(PlayedSupervisor):
    """Greets once more while it is ending, and goes away before it answers."""

    def __init__(self) -> None:
        super().__init__()
        self.is_ending = False

    async def serve(self, call: Call) -> object:
        if self.is_ending:
            self.is_ending = False
            await self.die()
        return await super().serve(call)


async def test_a_start_that_met_a_supervisor_on_its_way_out_is_tried_again(
    autojump_clock: trio.testing.MockClock,
) -> None:
    supervisor = Ending()
    async with open_screen(supervisor, may_start=True) as screen:
        await supervisor.die()
        assert "S starts a supervisor." in await screen.text()
        supervisor.is_ending = True
        await screen.type("S")
        await trio.sleep(5)
        assert "connection lost" not in await screen.text()
        assert supervisor.starts == 2
