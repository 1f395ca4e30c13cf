"""The first tab: what stands where, what is selected, and what is said when there is nothing."""

import pytest
import trio
import trio.testing

from compas.api.history import LogEvent
from compas.dashboard.tabs.ops.ops_tab import Ops
from compas.domain import events as e
from tests.kit.ceiling import CEILING
from tests.kit.dashboard.played_screen import open_screen
from tests.kit.dashboard.played_supervisor import NOW, PlayedSupervisor, agent, executing, health, row, settled


def busy() -> PlayedSupervisor:
    supervisor = PlayedSupervisor()
    supervisor.threads = [
        executing("t-run", seconds=65, summary="Add a health check", attempt=1),
        row("t-wait", execution_id="x2", execution_status="queued", summary="Second in line"),
        row("t-late", execution_id="x3", execution_status="queued", eligible_at=NOW + 5400, summary="Nightly"),
        settled("t-ask", summary="Which one?", last_intent="review-request"),
        settled("t-good", summary="Looks fine", verdict="approve", updated_at=NOW - 120),
        settled("t-bad", summary="Broken", execution_status="crashed", error="it\nfell", updated_at=NOW - 7200),
        settled("t-done", summary="Old", thread_status="Completed", updated_at=NOW - 86_400 * 3),
    ]
    return supervisor


# proves: c-config-dashboard 101
async def test_every_thread_stands_in_its_section_with_its_status_its_words_and_its_time() -> None:
    async with open_screen(busy()) as screen:
        assert (await screen.lines())[:23] == [
            " compas  Ops                         ready · 1 of 4 running, 2 queued · epoch 3",
            "",
            "  Running  1",
            "▌ ▸ running      dev          attempt 2 · Add a health check           1 m 05 s",
            "",
            "  Queued  1",
            "  ◦ queued       dev          Second in line                           1 m 00 s",
            "",
            "  Scheduled  1",
            "  ◷ scheduled    dev          Nightly                                     23:43",
            "",
            "  Needs you  3",
            "  ● asks you     dev          Which one?                                1 m ago",
            "  ✓ approved     dev          Looks fine                                2 m ago",
            "  ✗ crashed      dev          it fell · Broken                          2 h ago",
            "",
            "  Recently finished  1",
            "  ✓ completed    dev          Old                                       3 d ago",
            "",
            "",
            "",
            "",
            " t-run  l shows its output",
        ]


async def test_a_running_time_goes_on_and_a_finished_one_stands_under_what_needs_you(
    autojump_clock: trio.testing.MockClock,
) -> None:
    supervisor = PlayedSupervisor()
    supervisor.threads = [executing("t1", seconds=5)]
    async with open_screen(supervisor) as screen:
        assert "5 s" in await screen.line("running      dev")
        assert screen.controller.tick_seconds == 1
        await trio.sleep(60)
        assert "1 m 05 s" in await screen.line("running      dev")
        supervisor.happen("t1", e.ExecutionEnded(execution="x-t1", status="completed", verdict="approve"))
        assert "approved" in await screen.selected()
        assert "nothing is running" in await screen.text()
        assert screen.controller.tick_seconds == 60


async def test_a_review_is_asked_for_again_when_something_was_said(autojump_clock: trio.testing.MockClock) -> None:
    supervisor = PlayedSupervisor()
    supervisor.threads = [settled("t1", summary="Add a check", review="not_reviewed")]
    async with open_screen(supervisor) as screen:
        assert "Add a check" in await screen.line("answered")
        supervisor.threads = [settled("t1", summary="Add a check", review="changes_requested")]
        judged = e.PersonJudged(verdict="request_changes", repository="/r", commit="c" * 40, by="operator")
        supervisor.happen("t1", judged)
        await trio.sleep(5)
        assert "changes requested · Add a check" in await screen.line("changes due")


async def test_a_new_thread_appears_by_itself_and_runs_through_its_states() -> None:
    supervisor = PlayedSupervisor()
    async with open_screen(supervisor) as screen:
        posted = e.MessagePosted(
            message="m", sender="operator", recipient="dev", intent="dispatch", body="\nDo it.\nNow"
        )
        for event in (
            e.ThreadOpened(thread="t1", batch="spring"),
            posted,
            e.ExecutionQueued(execution="x1", message="m", agent="dev", backend="claude"),
        ):
            supervisor.happen("t1", event, NOW)
        assert "◦ queued" in await screen.line("Do it.")
        supervisor.happen("t1", e.ExecutionRequested(execution="x1", workdir="w"))
        assert "▹ starting" in await screen.line("Do it.")
        supervisor.happen("t1", e.ExecutionStarted(execution="x1", pid=1, started_at=NOW))
        assert "▸ running" in await screen.line("Do it.")
        supervisor.happen("t1", e.ExecutionCancelled(execution="x1", reason="abandoned"))
        assert "▹ ending" in await screen.line("Do it.")
        supervisor.happen("t1", e.ExecutionStopped(execution="x1"))
        assert "– cancelled" in await screen.line("Do it.")
        supervisor.happen("t1", e.ThreadAbandoned(by="operator"))
        assert "– abandoned" in await screen.line("Do it.")
        supervisor.happen("t1", e.ThreadReopened(previous="Abandoned", by="operator"))
        assert "– cancelled" in await screen.line("Do it.")


# proves: c-config-dashboard 92
async def test_an_empty_list_says_what_to_do() -> None:
    for tab in (Ops(),):
        supervisor = PlayedSupervisor()
        supervisor.health = health(agents=(agent("dev"), agent("rev", usable=False, detail="no claude in PATH")))
        async with open_screen(supervisor) as screen:
            text = await screen.text()
            assert tab.title in text
            assert "No agent has been given anything to do yet." in text
            assert 'compas dispatch dev "Add a health check endpoint."' in text
            assert "! rev cannot be used: no claude in PATH" in text


# proves: c-config-dashboard 99
async def test_the_selection_stays_on_its_thread_when_rows_change_their_order() -> None:
    async with open_screen(supervisor := busy()) as screen:
        await screen.type("j", "j", "j", "j")
        assert "Looks fine" in await screen.selected()
        supervisor.happen("t-good", e.ExecutionQueued(execution="x9", message="m", agent="rev", backend="claude"))
        assert "queued" in await screen.line("Looks fine")
        assert "Looks fine" in await screen.selected()
        supervisor.happen("t-good", e.ExecutionStarted(execution="x9", pid=1, started_at=NOW))
        assert "running" in await screen.selected()
        assert " t-good  l shows" in await screen.text()


# proves: c-config-dashboard 100
@pytest.mark.parametrize(("gone", "selected"), [(0, 1), (1, 2), (2, 3), (3, 2)])
async def test_when_the_selected_row_disappears_its_neighbour_is_selected(gone: int, selected: int) -> None:
    supervisor = PlayedSupervisor()
    names = [f"{'gone' if number == gone else 'here'} {number}" for number in range(4)]
    supervisor.threads = [settled(f"t{number}", summary=name) for number, name in enumerate(names)]
    async with open_screen(supervisor) as screen:
        await screen.type(*["j"] * gone)
        assert names[gone] in await screen.selected()
        await screen.type("/", *"here")
        assert names[selected] in await screen.selected()


async def test_the_filter_narrows_the_list_while_it_is_typed_and_goes_again() -> None:
    async with open_screen(busy()) as screen:
        await screen.type("/", *"t-wait")
        assert "Second in line" in await screen.selected()
        await screen.type(*["backspace"] * 6, *"NIGHT dev", "enter")
        assert "Nightly" in await screen.selected()
        assert "/NIGHT dev  Esc shows all" in await screen.text()
        await screen.type("/", *"zz")
        assert "no row matches NIGHT devzz" in await screen.text()
        await screen.type("esc")
        assert "Add a health check" in await screen.selected()


# proves: c-config-dashboard 98
async def test_what_is_opened_from_a_filtered_list_is_the_row_it_was_opened_from() -> None:
    async with open_screen(busy()) as screen:
        await screen.type("/", *"dev fine", "enter", "enter")
        assert (await screen.lines())[0].startswith(" t-good")
        assert "nothing has been said in this thread" in await screen.text()
        await screen.type("esc")
        assert "/dev fine" in (await screen.lines())[-1]


# proves: c-config-dashboard 94
@pytest.mark.parametrize(
    ("columns", "is_named", "is_wide", "has_batch"),
    [
        (89, False, False, False),
        (90, True, False, False),
        (99, True, False, False),
        (100, True, True, False),
        (119, True, True, False),
        (120, True, True, True),
    ],
)
async def test_the_list_changes_its_layout_at_90_100_and_120_columns(
    columns: int, is_named: bool, is_wide: bool, has_batch: bool
) -> None:
    supervisor = PlayedSupervisor()
    supervisor.threads = [executing("t-1", agent="a-very-long-alias", batch_id="spring", summary="Do")]
    async with open_screen(supervisor, (columns, 24)) as screen:
        found = await screen.line("▸ running")
        assert ("t-1" in found, "a-very-long-alias" in found, "spring" in found) == (is_named, is_wide, has_batch)


# proves: c-config-dashboard 102
@pytest.mark.parametrize(("age", "is_stale"), [(3599, False), (3600, True)])
async def test_an_active_thread_is_dimmed_as_stale_from_just_the_configured_age(age: int, is_stale: bool) -> None:
    supervisor = PlayedSupervisor()
    supervisor.health = health(stale_active_secs=3600)
    supervisor.threads = [executing("t0"), settled("t1", updated_at=NOW - age, summary="Old one")]
    async with open_screen(supervisor) as screen:
        (found,) = [line for line in screen.controller.frame(80, 24) if line.key == "thread:t1"]
        (style,) = [style for style, text in found.segments if "Old one" in text]
        assert (style == "dim") == is_stale


async def test_merges_stand_in_the_list_and_needs_you_follows_them() -> None:
    supervisor = busy()
    async with open_screen(supervisor, (160, 40)) as screen:
        stream = e.merge_stream("/r", "main")
        queued = e.MergeQueued(
            op="o1",
            thread="t-good",
            repository="/r",
            source="compas/t-good",
            target="main",
            strategy="merge",
            requested_by="operator",
            message="m",
            source_tip="c",
        )
        supervisor.record(stream, queued)
        assert "◦ queued" in await screen.line("Looks fine → main")
        supervisor.record(stream, e.MergeStarted(op="o1"))
        assert "merging" in await screen.line("Looks fine → main")
        assert "merging" in await screen.line("dev                t-good")
        supervisor.record(stream, e.MergeFailed(op="o1", code="conflict", reason="README is changed on both sides"))
        assert "✗ merge failed" in await screen.line("Looks fine → main: README is changed")
        assert "README is changed" in await screen.line("dev                t-good")
        supervisor.record(stream, msgspec_replaced(queued, op="o2"))
        supervisor.record(stream, e.MergeCompleted(op="o2", new_commit="c", summary="Merged"))
        assert "✓ merged" in await screen.line("Looks fine → main")
        assert "✓ merged" in await screen.line("dev                t-good")


def msgspec_replaced(event: e.MergeQueued, op: str) -> e.MergeQueued:
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    return e.MergeQueued(**{**fields, "op": op})


async def test_an_event_of_a_kind_that_is_not_known_changes_nothing() -> None:
    async with open_screen(supervisor := busy()) as screen:
        before = await screen.lines()
        event = LogEvent(
            position=1, at=NOW, stream="thread:t-run", type="thread.beamed", causation="", lineage="", epoch=9, data={}
        )
        supervisor.log.append(event)
        supervisor.happen("t-none-of-ours", e.ExecutionStopped(execution="x"))
        assert [line for line in before if "▸" in line] == [line for line in await screen.lines() if "▸" in line]


async def test_the_mouse_selects_opens_and_scrolls() -> None:
    async with open_screen(busy()) as screen:
        await screen.lines()
        await screen.click(6)
        assert "Second in line" in await screen.selected()
        await screen.wheel(down=True)
        assert "Nightly" in await screen.selected()
        await screen.wheel(down=False)
        await screen.click(6)
        assert (await screen.lines())[0].startswith(" t-wait")
        await screen.type("q")
        await screen.click(0)
        await screen.click(23)
        assert "Second in line" in await screen.selected()


async def test_a_long_list_scrolls_with_the_selection_and_shows_its_first_heading_again() -> None:
    supervisor = PlayedSupervisor()
    supervisor.threads = [settled(f"t{number:02}", summary=f"Task {number:02}") for number in range(60)]
    async with open_screen(supervisor) as screen:
        await screen.type("end")
        assert "Task 59" in await screen.selected()
        await screen.type(*["page up"] * 10)
        assert "Task 00" in await screen.selected()
        assert "Running" in (await screen.lines())[2]
        for number in range(60):
            assert f"Task {number:02}" in await screen.selected()
            await screen.type("down")


async def test_quit_ends_the_dashboard() -> None:
    with trio.fail_after(CEILING):
        async with open_screen(busy()) as screen:
            await screen.type("q")
            await trio.sleep_forever()


# proves: c-config-dashboard 47, c-config-dashboard 50
async def test_a_config_file_that_cannot_be_used_or_waits_for_a_restart_is_said_until_that_is_over() -> None:
    supervisor = PlayedSupervisor()
    async with open_screen(supervisor) as screen:
        before = await screen.lines()
        supervisor.record(e.SUPERVISOR_STREAM, e.ConfigRefused(digest="d", errors=("line 3, column 1: no",)))
        assert (await screen.lines())[1].startswith(" !  the config file cannot be used as it is now, so the last")
        supervisor.record(e.SUPERVISOR_STREAM, e.ConfigLoaded(digest="d", waiting=("state_dir",)))
        assert (await screen.lines())[1] == " !  changed in the config file, waits for `compas restart`: state_dir"
        supervisor.record(e.SUPERVISOR_STREAM, e.ConfigLoaded(digest="d"))
        assert await screen.lines() == before


async def test_what_is_wrong_with_the_config_is_there_from_the_beginning() -> None:
    supervisor = PlayedSupervisor()
    supervisor.health = health(config_notices=("the config file cannot be used",))
    async with open_screen(supervisor) as screen:
        assert " !  the config file cannot be used" in await screen.text()


async def test_a_changed_number_of_places_is_asked_for(autojump_clock: trio.testing.MockClock) -> None:
    supervisor = PlayedSupervisor()
    async with open_screen(supervisor) as screen:
        assert "of 4 running" in await screen.text()
        supervisor.health = health(places=7)
        supervisor.record(e.SUPERVISOR_STREAM, e.ConfigLoaded(digest="d", changed=("agents.rev added",)))
        await trio.sleep(5)
        assert "of 7 running" in await screen.text()
