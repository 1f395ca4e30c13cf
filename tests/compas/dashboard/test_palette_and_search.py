"""Commands chosen by name, and places found in a page: typed, counted, gone to, and left again."""

import pytest

from compas.api.configuration import DashboardCommandsResponse
from compas.api.diagnosis import DiagnoseResponse
from compas.api.history import DiffFile, DiffResponse
from compas.api.threads import TranscriptExecution, TranscriptMessage, TranscriptResponse
from compas.api.worktrees import WorktreesResponse
from compas.dashboard.fuzzy import ranked, score
from compas.domain import events as e
from compas.domain.dashboard_keys import RESERVED, DashboardCommand, read_key
from tests.kit.dashboard.played_screen import PlayedScreen, open_screen
from tests.kit.dashboard.played_supervisor import NOW, PlayedSupervisor, executing, settled

SIZES = [(40, 12), (80, 24), (120, 40)]


def at_work() -> PlayedSupervisor:
    supervisor = PlayedSupervisor()
    supervisor.threads = [executing("t1", summary="Do it"), settled("t2", summary="Other", thread_status="Completed")]
    return supervisor


async def offered(screen: PlayedScreen) -> list[str]:
    """Return the names that the palette shows."""
    lines = await screen.lines()
    rule = next(number for number, line in enumerate(lines) if line.startswith("───"))
    return [line.strip(" ▌").split()[0] for line in lines[rule + 2 : -1] if line.strip()]


@pytest.mark.parametrize("size", SIZES)
async def test_a_command_is_found_by_a_few_letters_and_carried_out(size: tuple[int, int]) -> None:
    async with open_screen(at_work(), size) as screen:
        await screen.type(":", *"oplog")
        assert (await offered(screen))[0] == "open-log"
        assert "▌ open-log" in await screen.text()
        await screen.type("enter")
        assert "steps of x-t1" in (await screen.lines())[0]
        await screen.type(":", *"abandon", "enter")
        assert "Abandon t1?" in await screen.text()


async def test_only_what_can_be_done_now_is_offered_with_its_keys() -> None:
    supervisor = at_work()
    async with open_screen(supervisor, (100, 40)) as screen:
        await screen.type(":", *"reopen")
        assert "reopen" not in await offered(screen)
        await screen.type("ctrl u", *"cancel")
        assert (await offered(screen))[0] == "cancel"
        assert "X" in await screen.line("cancel what is queued or running")
        await screen.type("esc", "j", ":", *"cancel")
        assert "cancel" not in await offered(screen)
        await screen.type("esc", "enter", ":", *"open-con")
        assert "open-conversation" not in await offered(screen)


async def test_the_palette_is_walked_through_and_left() -> None:
    async with open_screen(at_work()) as screen:
        await screen.type(":")
        first = (await offered(screen))[0]
        await screen.type("down", "down", "up", "up", "up")
        assert (await offered(screen))[0] == first
        await screen.type(*"zzzz", "enter")
        assert "nothing that can be done now is called so" in await screen.text()
        await screen.type("esc")
        assert "Other" in await screen.text()


@pytest.mark.parametrize("size", SIZES)
async def test_places_are_counted_gone_to_and_marked(size: tuple[int, int]) -> None:
    supervisor = at_work()
    supervisor.print("x-t1", "".join(f"{'needle' if number % 40 == 3 else 'hay'} {number}\n" for number in range(200)))
    async with open_screen(supervisor, size) as screen:
        await screen.type("l", "J", "home", "/", *"needle")
        assert "hit 1 of 5" in await screen.text()
        assert "needle 3" in await screen.text()
        styles = [segment for line in screen.controller.frame(*size) for segment in line.segments]
        assert ("hit now", "needle") in styles
        await screen.type("enter")
        await screen.lines()
        for wanted in ("needle 43", "needle 83"):
            await screen.type("n")
            assert wanted in await screen.text()
        await screen.type("N")
        text = await screen.text()
        assert "needle 43" in text
        assert "hit 2 of 5" in text
        for _ in range(4):
            await screen.type("n")
            await screen.lines()
        assert "hit 1 of 5" in await screen.text()
        supervisor.print("x-t1", "needle 200\n")
        assert "hit 1 of 6" in await screen.text()
        await screen.type("esc")
        assert "hit" not in (await screen.lines())[-1]
        await screen.type("esc")
        assert "Needs you" in await screen.text()


async def test_small_letters_find_capitals_too_and_leaving_goes_back_to_where_it_was() -> None:
    supervisor = at_work()
    supervisor.print("x-t1", "".join(f"line {number}\n" for number in range(50)) + "Error here\nerror there\n")
    async with open_screen(supervisor) as screen:
        await screen.type("l", "J")
        assert "error there" in await screen.text()
        await screen.type("home", "/", *"error")
        assert "hit 1 of 2" in await screen.text()
        await screen.type("backspace", "backspace", "backspace", "backspace", "backspace", *"Error")
        assert "hit 1 of 1" in await screen.text()
        await screen.type(*"s")
        assert "no hit" in await screen.text()
        await screen.type("esc")
        assert "line 0" in await screen.text()


@pytest.mark.parametrize("page", ["enter", "i", "l", "d", "w", "D", "v", "?"])
async def test_every_page_can_be_searched(page: str) -> None:
    supervisor = at_work()
    supervisor.happen("t1", e.ThreadDescribed(summary="find me"))
    supervisor.do("x-t1", "tool_call", "find me")
    supervisor.diffs["t1"] = DiffResponse(
        thread_id="t1",
        branch="compas/t1",
        base="b",
        tip="t",
        uncommitted=False,
        text="diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n+find me\n",
        truncated=False,
        files=(DiffFile(path="x", added=1, deleted=0),),
    )
    async with open_screen(supervisor) as screen:
        await screen.type(page, "/", *"qqq")
        assert "no hit" in await screen.text()


@pytest.fixture
def own() -> PlayedSupervisor:
    """Return a supervisor whose config has commands of the person's own."""
    supervisor = at_work()
    supervisor.answers["worktrees"] = WorktreesResponse(worktrees=())
    supervisor.answers["dashboard_commands"] = DashboardCommandsResponse(
        commands=(
            DashboardCommand(key="b", command="make build", description="build it"),
            DashboardCommand(key="ctrl t", command="make test", on="any", background=True),
            DashboardCommand(key="f5", command="gh pr view", on="merge"),
        )
    )
    return supervisor


async def test_a_command_of_the_config_runs_in_the_terminal_with_the_thread_in_its_environment(
    own: PlayedSupervisor,
) -> None:
    async with open_screen(own) as screen:
        await screen.type("b")
        ((command, _, environ),) = screen.hands.lent
        assert command == ["/bin/sh", "-c", "make build"]
        assert (environ["COMPAS_THREAD"], environ["COMPAS_SELECTED_EXECUTION"]) == ("t1", "x-t1")
        screen.hands.ends_with = (3, "")
        await screen.type(":", *"build", "enter")
        assert "build it ended with 3" in await screen.text()
        await screen.type("f5")
        assert "gh pr view: no merge is selected" in await screen.text()
        assert len(screen.hands.lent) == 2


async def test_a_command_in_the_background_tells_the_end_of_what_it_printed(own: PlayedSupervisor) -> None:
    async with open_screen(own) as screen:
        screen.hands.ends_with = (0, "compiling\nall 9 passed")
        await screen.type("ctrl t")
        assert "make test: all 9 passed" in await screen.text()
        screen.hands.ends_with = (1, "one\ntwo failed")
        await screen.type("ctrl t")
        text = await screen.text()
        assert "make test ended with 1:" in text
        assert "two failed" in text


async def test_commands_of_the_config_are_in_the_help_and_follow_a_changed_file(own: PlayedSupervisor) -> None:
    async with open_screen(own, (80, 40)) as screen:
        await screen.type("?", "end")
        text = await screen.text()
        assert "Of your config" in text
        assert "Ctrl-T" in text
        await screen.type("esc")
        own.answers["dashboard_commands"] = DashboardCommandsResponse(commands=())
        own.record("supervisor", e.ConfigLoaded(digest="d", changed=("dashboard.commands",)))
        await screen.text()
        await screen.type("b")
        assert screen.hands.lent == []


def test_letters_fit_in_their_order_and_best_at_words() -> None:
    names = ["close", "copy-path", "cancel", "open-conversation"]
    assert ranked("cp", names, str, str)[0] == "copy-path"
    assert ranked("oc", names, str, str)[0] == "open-conversation"
    assert score("xyz", "close") is None
    assert ranked("", names, str, str) == names
    assert ranked("path", names, lambda _: "", str) == ["copy-path"]


def test_keys_of_a_config_are_read_and_those_of_the_dashboard_are_its_own() -> None:
    assert [read_key(written) for written in ("b", "ctrl-B", "Ctrl b", "F5", "é")] == [
        "b",
        "ctrl b",
        "ctrl b",
        "f5",
        "é",
    ]
    assert [read_key(written) for written in ("", "bb", "ctrl-c", "f13", "ctrl-", "\n")] == [None] * 6
    assert "b" not in RESERVED


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("page", ["enter", "i", "l", "D"])
async def test_a_phrase_is_found_that_ends_in_another_line_than_it_begins_in(size: tuple[int, int], page: str) -> None:
    said = " ".join(f"word{number:02}" for number in range(30))
    supervisor = at_work()
    message = TranscriptMessage(id=1, reference="db:1", sender="o", to="dev", intent="i", body=said, created_at=NOW)
    run = TranscriptExecution(
        id="x-t1", agent="dev", backend="b", status="executing", attempt=0, queued_at=NOW, dispatch_message_id=1
    )
    supervisor.transcripts["t1"] = TranscriptResponse(
        thread_id="t1", thread_status="Active", messages=(message,), executions=(run,)
    )
    supervisor.do("x-t1", "tool_call", said)
    supervisor.answers["diagnose"] = DiagnoseResponse(
        thread_id="t1",
        thread_status="Active",
        summary=None,
        message_count=1,
        execution_count=0,
        latest_execution_id=None,
        latest_execution_status=None,
        latest_execution_agent=None,
        latest_execution_error=None,
        latest_execution_duration_ms=None,
        standing=said,
        blockers=(),
        suggestions=(),
    )
    async with open_screen(supervisor, size) as screen:
        await screen.type(page)
        assert "word" in await screen.text()
        await screen.type("/", *said, "enter")
        assert "hit 1 of 1" in await screen.text()
        marked = [
            text for line in screen.controller.frame(*size) for style, text in line.segments if style == "hit now"
        ]
        assert " ".join(marked).split()[0] == "word00"
        assert len(marked) > 1
