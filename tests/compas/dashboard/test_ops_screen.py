"""The first tab: what stands where, what is selected, and what is said when there is nothing."""

import pytest
import trio
import trio.testing

from compas.api.history import DiffFile, DiffResponse, LogEvent
from compas.api.threads import BatchTotal, GivenVerdict, ThreadDetails
from compas.dashboard.tabs.tab import Row
from compas.domain import events as e
from tests.kit.ceiling import CEILING
from tests.kit.dashboard.played_screen import PlayedScreen, open_screen
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


def diff(thread: str, *, added: int, deleted: int) -> DiffResponse:
    files = (DiffFile(path="f", added=added, deleted=deleted),)
    fields = {"branch": "b", "base": "c", "tip": "d", "uncommitted": False, "text": "", "truncated": False}
    return DiffResponse(thread_id=thread, files=files, **fields)


# proves: c-config-dashboard 101
async def test_every_thread_stands_in_its_section_with_its_status_its_words_and_its_time() -> None:
    async with open_screen(busy()) as screen:
        assert (await screen.lines())[:23] == [
            " compas  1 Ops  2 Agents  3 History  4 Settings  5 Merges  6 Costs  1/4 running",
            "",
            "  Needs you  3",
            "▌ ● asks you     Which one?                           dev               1 m ago",
            "  ✗ crashed      Broken · it fell                     dev               2 h ago",
            "  ✓ approved     Looks fine                           dev               2 m ago",
            "",
            "  Running  1",
            "  ▸ running      Add a health check (attempt 2)       dev              1 m 05 s",
            "",
            "  Waiting  1",
            "  ◦ queued       Second in line                       dev               1 m ago",
            "",
            "  Scheduled  1",
            "  ◷ scheduled    Nightly                              dev                 23:43",
            "",
            "  Recently finished  1",
            "  ✓ completed    Old                                  dev               3 d ago",
            "",
            "",
            "",
            "",
            " t-ask  Enter shows what it asks",
        ]


async def test_a_running_time_goes_on_and_a_finished_one_stands_under_what_needs_you(
    autojump_clock: trio.testing.MockClock,
) -> None:
    supervisor = PlayedSupervisor()
    supervisor.threads = [executing("t1", seconds=5)]
    async with open_screen(supervisor) as screen:
        assert "5 s" in await screen.line("▸ running")
        assert screen.controller.tick_seconds == 1
        await trio.sleep(60)
        assert "1 m 05 s" in await screen.line("▸ running")
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
        assert "Add a check" in await screen.line("✗ changes due")


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


async def test_an_empty_list_says_what_to_do() -> None:
    supervisor = PlayedSupervisor()
    supervisor.health = health(agents=(agent("dev"), agent("rev", usable=False, detail="no claude in PATH")))
    async with open_screen(supervisor) as screen:
        text = await screen.text()
        assert "No agent has been given anything to do yet." in text
        assert 'compas dispatch dev "Add a health check endpoint."' in text
        assert "! rev cannot be used: no claude in PATH" in text


# proves: c-config-dashboard 99
async def test_the_selection_stays_on_its_thread_when_rows_change_their_order() -> None:
    async with open_screen(supervisor := busy()) as screen:
        await screen.type("j", "j")
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
        assert "Which one?" in await screen.selected()


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
    ("columns", "is_sized", "is_priced", "is_counted"),
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
    columns: int, is_sized: bool, is_priced: bool, is_counted: bool
) -> None:
    supervisor = PlayedSupervisor()
    details = ThreadDetails(branch="b", executions=1, priced=1, cost_usd=0.25, tokens_in=7000)
    supervisor.threads = [settled("t-1", agent="dev", summary="Do", details=details)]
    supervisor.diffs["t-1"] = diff("t-1", added=120, deleted=3)
    async with open_screen(supervisor, (columns, 24)) as screen:
        found = await screen.line("● answered")
        shown = ("+120 -3" in found, "$0.25" in found, "7.0k" in found)
        assert shown == (is_sized, is_priced, is_counted)


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
        assert any("Looks fine · its merge goes on" in line for line in await screen.section("Waiting"))
        supervisor.record(stream, e.MergeStarted(op="o1"))
        assert "merging" in await screen.line("Looks fine → main")
        assert "▸ merging" in await screen.line("Looks fine · its merge goes on")
        supervisor.record(stream, e.MergeFailed(op="o1", code="conflict", reason="README is changed on both sides"))
        assert "✗ merge failed" in await screen.line("Looks fine → main · README is changed")
        assert "✗ merge failed" in await screen.line("Looks fine · README is changed")
        supervisor.record(stream, msgspec_replaced(queued, op="o2"))
        supervisor.record(stream, e.MergeCompleted(op="o2", new_commit="c", summary="Merged"))
        assert "✓ merged" in await screen.line("Looks fine → main")
        assert any("✓ merged" in line for line in await screen.section("Needs you"))


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
        await screen.click(8)
        assert "Add a health check" in await screen.selected()
        await screen.wheel(down=True)
        assert "Second in line" in await screen.selected()
        await screen.wheel(down=False)
        await screen.click(8)
        assert (await screen.lines())[0].startswith(" t-run")
        await screen.type("q")
        await screen.click(1)
        await screen.click(23)
        assert "Add a health check" in await screen.selected()


async def test_a_long_list_scrolls_below_its_heading_with_the_selection() -> None:
    supervisor = PlayedSupervisor()
    supervisor.threads = [settled(f"t{number:02}", summary=f"Task {number:02}") for number in range(60)]
    async with open_screen(supervisor) as screen:
        await screen.type("end")
        assert "Task 59" in await screen.selected()
        assert "-60 of 60" in await screen.line("Needs you  60")
        await screen.type(*["page up"] * 10)
        assert "Task 00" in await screen.selected()
        for number in range(60):
            assert f"Task {number:02}" in await screen.selected()
            assert "nothing is running" in await screen.line("Running")
            await screen.type("down")


async def test_however_much_needs_you_every_section_keeps_its_part_of_the_screen() -> None:
    supervisor = busy()
    supervisor.threads += [settled(f"n{number:02}", summary=f"Wants {number:02}") for number in range(37)]
    for size in ((80, 24), (120, 40)):
        async with open_screen(supervisor, size) as screen:
            text = await screen.text()
            for expected in ("Add a health check", "Second in line", "Nightly", "Old", "Needs you  40"):
                assert expected in text
            await screen.type("end")
            assert "Old" in await screen.selected()
            await screen.type("home")
            assert "Which one?" in await screen.selected()


async def test_a_reason_does_not_repeat_the_word_before_it() -> None:
    supervisor = PlayedSupervisor()
    error = "timed out: the limit of 600 s"
    supervisor.threads = [settled("t1", summary="Move", execution_status="timed_out", error=error)]
    async with open_screen(supervisor, (100, 24)) as screen:
        assert "Move · the limit of 600 s" in await screen.selected()


async def test_a_failed_row_keeps_the_title_of_its_task_beside_a_long_reason() -> None:
    supervisor = PlayedSupervisor()
    supervisor.threads = [
        settled("t1", summary="Move to schema 7", execution_status="failed", error="the reason goes on " * 9)
    ]
    for columns in (40, 80, 120):
        async with open_screen(supervisor, (columns, 24)) as screen:
            found = await screen.line("the reason")
            assert "Move to schema" in found


# proves: c-config-dashboard 103
async def test_a_failure_leaves_what_needs_you_when_it_is_abandoned_and_is_none_after_a_success() -> None:
    supervisor = PlayedSupervisor()
    supervisor.threads = [
        settled("t1", summary="Given up", execution_status="failed"),
        settled("t2", summary="Done again", execution_status="failed"),
    ]
    async with open_screen(supervisor) as screen:
        assert all("✗ failed" in line for line in await screen.section("Needs you"))
        supervisor.happen("t1", e.ThreadAbandoned(by="operator"))
        supervisor.happen("t2", e.ExecutionQueued(execution="x9", message="m", agent="dev", backend="claude"))
        supervisor.happen("t2", e.ExecutionEnded(execution="x9", status="completed"))
        (only,) = await screen.section("Needs you")
        assert "● answered" in only
        assert "Done again" in only
        assert "– abandoned" in (await screen.section("Recently finished"))[0]


async def test_a_queued_row_says_what_it_waits_for() -> None:
    supervisor = PlayedSupervisor()
    queued = {"execution_id": "x", "execution_status": "queued"}
    supervisor.threads = [
        row("t1", agent="dev", summary="First", **queued),
        row("t2", agent="rev", summary="Second", **queued),
        row("t3", agent="qa", summary="Third", **queued),
    ]
    supervisor.health = health(
        places=1,
        agents=(
            agent("dev", available=0),
            agent("rev", backend="codex", circuit_state="open", circuit_until=NOW + 600),
            agent("qa"),
        ),
    )
    async with open_screen(supervisor, (170, 24)) as screen:
        assert "First · dev is busy" in await screen.line("First")
        assert "Second · codex is left alone until 22:23" in await screen.line("Second")
        assert "Third " in await screen.line("Third")
        supervisor.happen("t9", e.ExecutionQueued(execution="x9", message="m", agent="qa", backend="claude"))
        supervisor.happen("t9", e.ExecutionStarted(execution="x9", pid=1, started_at=NOW))
        assert "Third · the only place is taken" in await screen.line("Third")


async def test_a_thread_waits_while_the_reviewers_of_its_fan_out_work() -> None:
    supervisor = PlayedSupervisor()
    supervisor.threads = [
        settled("t1", summary="Add a check"),
        executing("t1-r1", agent="r1", source_thread="t1", summary="Review it"),
        row("t1-r2", agent="r2", source_thread="t1", execution_id="x", execution_status="queued"),
    ]
    async with open_screen(supervisor, (120, 24)) as screen:
        (first, *_) = [line for line in await screen.section("Waiting") if "Add a check" in line]
        assert "Add a check · waits for r2, r1" in first
        supervisor.happen("t1-r1", e.ExecutionEnded(execution="x-t1-r1", status="completed"))
        supervisor.happen("t1-r2", e.ExecutionCancelled(execution="x", reason="r"))
        assert any("Add a check" in line for line in await screen.section("Needs you"))


async def test_a_row_tells_who_worked_and_judged_and_the_line_below_all_that_is_known() -> None:
    supervisor = PlayedSupervisor()
    verdicts = (GivenVerdict(by="rev", verdict="approve"), GivenVerdict(by="operator", verdict="request_changes"))
    details = ThreadDetails(
        title="From the task",
        worker="dev",
        verdicts=verdicts,
        executions=2,
        priced=1,
        cost_usd=1.5,
        tokens_in=12_000,
        tokens_out=345,
        branch="compas/t1",
    )
    supervisor.threads = [settled("t1", agent="rev", batch_id="spring", details=details)]
    supervisor.diffs["t1"] = diff("t1", added=9, deleted=2)
    async with open_screen(supervisor, (120, 24)) as screen:
        found = await screen.selected()
        for expected in ("From the task", "dev ✓rev ✗you", "+9 -2", "$1.50+", "‹spring›"):
            assert expected in found
        assert " compas/t1 · +9 -2 in 1 file · cost $1.50+ · 12.3k tokens · batch spring" in await screen.lines()


async def test_the_first_screen_has_the_titles_of_threads_without_a_summary() -> None:
    supervisor = PlayedSupervisor()
    supervisor.threads = [settled("t1", details=ThreadDetails(title="Add a health check", worker="dev"))]
    async with open_screen(supervisor) as screen:
        assert "Add a health check" in await screen.selected()


# proves: c-config-dashboard 106
@pytest.mark.parametrize(
    ("total", "style", "words"),
    [
        (BatchTotal(batch_id="b", threads=3, working=0, done=3, failed=0), "good", "3/3 done"),
        (BatchTotal(batch_id="b", threads=3, working=1, done=1, failed=1), "bad", "1/3 done, 1 failed, 1 working"),
        (BatchTotal(batch_id="b", threads=3, working=1, done=1, failed=0), "accent", "1/3 done, 1 working"),
        (BatchTotal(batch_id="b", threads=0, working=0, done=0, failed=0), "dim", ""),
    ],
)
async def test_a_batch_shows_how_the_whole_of_it_stands(total: BatchTotal, style: str, words: str) -> None:
    supervisor = PlayedSupervisor()
    supervisor.threads = [settled("t1", batch_id="b"), settled("t2", batch_id="b")]
    supervisor.batches = [total]
    async with open_screen(supervisor) as screen:
        assert words in await screen.line("▾ b")
        (head, *_) = [line for line in screen.controller.frame(80, 24) if line.key == "batch:Needs you/b"]
        said = [one for one, text in head.segments if words and words in text]
        assert said == ([style] if words else [])


async def test_a_batch_is_folded_and_unfolded_and_its_threads_are_marked_together() -> None:
    supervisor = PlayedSupervisor()
    supervisor.threads = [
        settled("t1", batch_id="b", summary="One"),
        settled("t2", batch_id="b", summary="Two"),
        settled("t3", summary="Three"),
    ]
    async with open_screen(supervisor) as screen:
        assert "b" in await screen.selected()
        await screen.type("j", "z")
        assert "▸ b  2" in await screen.selected()
        assert "One" not in await screen.text()
        await screen.type(" ")
        assert "2 marked" in (await screen.lines())[-1]
        assert "Three" in await screen.selected()
        assert [found.thread for found in meant(screen)] == ["t1", "t2"]
        await screen.type("k", "enter")
        assert "◆" in await screen.line("One")
        await screen.type("esc")
        assert "marked" not in (await screen.lines())[-1]
        assert [found.thread for found in meant(screen)] == ["t1", "t2"], "the head stands for its threads"


def meant(screen: PlayedScreen) -> tuple[Row, ...]:
    return screen.controller.tabs.meant()


async def test_marks_stay_on_their_rows_and_an_action_means_these_or_else_the_selected_one() -> None:
    async with open_screen(supervisor := busy()) as screen:
        assert [found.thread for found in meant(screen)] == ["t-ask"]
        await screen.type(" ", " ")
        assert [found.thread for found in meant(screen)] == ["t-ask", "t-bad"]
        supervisor.happen("t-bad", e.ExecutionQueued(execution="x9", message="m", agent="rev", backend="claude"))
        assert "◆" in await screen.line("Broken")
        assert [found.thread for found in meant(screen)] == ["t-ask", "t-bad"], "also in another section"
        await screen.type("home", " ")
        assert [found.thread for found in meant(screen)] == ["t-bad"]
        await screen.type("esc")
        assert "marked" not in await screen.text()


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
    async with open_screen(supervisor, (120, 24)) as screen:
        assert "of 4 running" in await screen.text()
        supervisor.health = health(places=7)
        supervisor.record(e.SUPERVISOR_STREAM, e.ConfigLoaded(digest="d", changed=("agents.rev added",)))
        await trio.sleep(5)
        assert "of 7 running" in await screen.text()


def many(count: int, status: str = "Completed") -> PlayedSupervisor:
    """Return a supervisor with more threads than are read at once."""
    supervisor = PlayedSupervisor()
    supervisor.threads = [
        settled(f"t{number:04}", summary=f"Task {number:04}", thread_status=status, updated_at=NOW - 60 - number)
        for number in range(count)
    ]
    return supervisor


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 40)])
async def test_of_very_many_threads_it_says_how_many_there_are_and_going_down_reads_them_all(
    size: tuple[int, int],
) -> None:
    supervisor = many(620)
    async with open_screen(supervisor, size) as screen:
        assert "of 620" in await screen.text()
        assert ("/ looks in all" in await screen.text()) == (size[0] >= 80)
        assert supervisor.asked.count("status") == 1, "what nobody gets to is not read"
        for _ in range(80):
            await screen.type("G")
            await screen.lines()
        assert "Task 0619" in await screen.text()
        assert "t0619" in str(screen.controller.targets())
        # What was read stays, whatever happens afterwards.
        supervisor.happen("new", e.ThreadOpened(thread="new", summary="New"))
        await screen.type("G")
        assert "Task 0619" in await screen.text()
        assert "of 621" not in await screen.text()


async def test_every_open_thread_is_read_however_many_there_are() -> None:
    supervisor = many(620, "Active")
    async with open_screen(supervisor, (120, 40)) as screen:
        await screen.type("j")
        await screen.type("j")
        assert "Needs you  620" in await screen.text()


async def test_a_filter_is_looked_for_among_threads_that_were_never_read() -> None:
    supervisor = many(620)
    supervisor.threads[600] = settled("hidden", thread_status="Completed", summary="A needle", error="said elsewhere")
    async with open_screen(supervisor) as screen:
        await screen.type("/", *"needle")
        assert "A needle" in await screen.text()
        await screen.type(*["backspace"] * 6, *"elsewhere")
        assert "A needle" in await screen.text(), "the supervisor knows more than the row shows"
        await screen.type("enter")
        assert "A needle" in await screen.selected()
        await screen.type("esc", "/", *"nothing at all")
        assert "no row matches nothing at all" in await screen.text()
        await screen.type("esc", "/", *"task")
        assert "369 more say this" in await screen.text()


async def test_a_filter_says_that_it_is_still_looking() -> None:
    supervisor = many(300)
    async with open_screen(supervisor) as screen:
        supervisor.is_held = trio.Event()
        await screen.type("/", *"t0299")
        assert "looking in all 300 threads …" in await screen.text()
        supervisor.is_held.set()
        await screen.lines()
        assert "Task 0299" in await screen.text()


async def test_a_filter_that_an_older_supervisor_does_not_know_narrows_what_is_known() -> None:
    supervisor = many(300)
    supervisor.is_older = True
    async with open_screen(supervisor) as screen:
        await screen.type("/", *"0003")
        text = await screen.text()
        assert "Task 0003" in text
        assert "unknown field" in text
