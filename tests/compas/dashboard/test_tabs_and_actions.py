"""Tabs, pages and actions beside each other: marks are what actions are about, and each place has its own keys."""

import msgspec
import pytest

from compas.api.lifecycle import AbandonResponse
from compas.api.merges import MergeState
from compas.api.schedules import ScheduleRunResponse, SchedulesResponse, ScheduleView
from compas.domain import events as e
from tests.kit.dashboard.played_screen import open_screen
from tests.kit.dashboard.played_supervisor import NOW, PlayedSupervisor, settled

SIZES = [(40, 12), (80, 24), (120, 40)]


def three() -> PlayedSupervisor:
    supervisor = PlayedSupervisor()
    supervisor.threads = [
        settled(name, summary=f"Task {name}", updated_at=NOW - number) for number, name in enumerate(("t1", "t2", "t3"))
    ]
    return supervisor


@pytest.mark.parametrize("size", SIZES)
async def test_an_action_is_about_the_marked_rows_and_takes_their_marks_away(size: tuple[int, int]) -> None:
    supervisor = three()
    supervisor.answers["abandon"] = AbandonResponse(thread_id="t1", status="Abandoned")
    async with open_screen(supervisor, size) as screen:
        await screen.type(" ", " ")
        assert "2 marked" in await screen.text()
        await screen.type("A")
        assert "Abandon t1, t2?" in await screen.text()
        await screen.type("y")
        assert [(op, asked["thread_id"]) for op, asked in supervisor.written] == [("abandon", "t1"), ("abandon", "t2")]
        await screen.type("esc")
        assert "marked" not in await screen.text()


async def test_marks_stay_where_nothing_was_done() -> None:
    async with open_screen(three()) as screen:
        await screen.type(" ", "A", "n")
        assert "1 marked" in await screen.text()
        await screen.type("j", "A")
        assert "Abandon t1?" in await screen.text()


async def test_a_page_is_about_the_selected_row_whichever_are_marked() -> None:
    async with open_screen(three()) as screen:
        await screen.type(" ", "l")
        assert "x-t2" in (await screen.lines())[0]
        await screen.type("A")
        assert "Abandon t2?" in await screen.text()


async def test_a_thread_that_is_marked_beside_its_merge_is_meant_once() -> None:
    supervisor = three()
    supervisor.threads = supervisor.threads[:1]
    supervisor.merges = [
        MergeState(
            op_id="op1",
            thread_id="t1",
            repository="/r",
            source_branch="compas/t1",
            target_branch="main",
            strategy="merge",
            requested_by="operator",
            source_commit="c",
            commit_message="m",
            status="failed",
            queued_at=NOW - 9,
            finished_at=NOW - 1,
        )
    ]
    supervisor.answers["abandon"] = AbandonResponse(thread_id="t1", status="Abandoned")
    async with open_screen(supervisor) as screen:
        await screen.type(" ", " ")
        assert "2 marked" in await screen.text()
        await screen.type("A", "y")
        assert [op for op, _ in supervisor.written] == ["abandon"]


async def test_the_filter_of_a_tab_and_the_search_of_a_page_live_beside_each_other() -> None:
    supervisor = three()
    supervisor.print("x-t2", "one needle\nmore\n")
    async with open_screen(supervisor) as screen:
        await screen.type("/", *"t2", "enter", "l", "J", "/", *"needle", "enter")
        assert "hit 1 of 1" in await screen.text()
        await screen.type("esc", "esc")
        text = await screen.text()
        assert "/t2" in text
        assert "Task t1" not in text
        await screen.type("esc")
        assert "Task t1" in await screen.text()


async def test_the_palette_knows_tabs_marks_pages_and_actions() -> None:
    async with open_screen(three(), (100, 40)) as screen:
        for wanted in ("tab-costs", "fold-batch", "mark", "order", "open-log", "approve", "run-schedule", "filter"):
            await screen.type(":", *wanted)
            assert await screen.line(f"▌ {wanted} ")
            await screen.type("esc")
        await screen.type(":", *"tab-costs", "enter")
        assert "nothing was spent" in await screen.text()


async def test_what_is_asked_takes_the_mouse_from_the_rows_below_it() -> None:
    async with open_screen(three(), (80, 24)) as screen:
        before = await screen.selected()
        await screen.type("A")
        await screen.click(6)
        await screen.click(0, 20)
        await screen.wheel(down=True)
        assert "Abandon t1?" in await screen.text()
        await screen.type("n")
        assert await screen.selected() == before
        await screen.type(":")
        await screen.wheel(down=True)
        assert not (await screen.lines())[24 - 10].startswith("▌")


async def test_text_that_is_pasted_into_a_filter_narrows_the_rows_at_once() -> None:
    async with open_screen(three()) as screen:
        await screen.type("/")
        await screen.paste("Task\nt3")
        text = await screen.text()
        assert "Task t3" in text
        assert "Task t1" not in text


def schedule(name: str, **fields: object) -> ScheduleView:
    known: dict[str, object] = {"agent": "dev", "cron": "0 3 * * *", "timezone": "UTC", "enabled": True, "runs": 0}
    known |= {"max_runs": 9, "overlap": "skip", "catch_up": "one"}
    return msgspec.convert({**known, "name": name, **fields}, ScheduleView)


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 40)])
async def test_a_schedule_is_chosen_among_those_of_the_config_and_run(size: tuple[int, int]) -> None:
    supervisor = three()
    supervisor.answers["schedules"] = SchedulesResponse(
        schedules=(
            schedule("nightly", next=[{"at": NOW + 3600, "local": "23:13"}]),
            schedule("weekly", agent="docs", why_idle="it is disabled in the config"),
        )
    )
    supervisor.answers["schedule_run"] = ScheduleRunResponse(
        name="weekly", thread_id="t9", message_id=1, reference="db:1", next_step="", runs=1, max_runs=9
    )
    async with open_screen(supervisor, size) as screen:
        await screen.type("T")
        text = await screen.text()
        assert "nightly  ← → changes" in text
        assert "dev, next at 23:13" in text
        await screen.type("right")
        assert "docs, it is disabled" in await screen.text()
        await screen.type("right", "w", "enter")
        assert "weekly was dispatched as t9" in await screen.text()
    assert ("schedule_run", {"name": "weekly", "from": "operator"}) in supervisor.written


async def test_without_schedules_none_can_be_run_and_it_says_so() -> None:
    supervisor = three()
    supervisor.answers["schedules"] = SchedulesResponse(schedules=())
    async with open_screen(supervisor) as screen:
        await screen.type("T")
        assert "The config has no schedules." in await screen.text()
        await screen.type("right", "x", "enter")
        assert "there is no schedule to run" in await screen.text()
    assert not any(name == "schedule_run" for name, _ in supervisor.written)


@pytest.mark.parametrize("key", ["c", "i", "l", "d", "w", "D", "v"])
async def test_a_page_of_a_batch_is_that_of_its_newest_thread(key: str) -> None:
    supervisor = PlayedSupervisor()
    supervisor.threads = [
        settled(name, batch_id="spring", summary=name, updated_at=NOW - age)
        for name, age in (("t1", 300), ("t2", 20), ("t3", 100))
    ]
    async with open_screen(supervisor) as screen:
        await screen.type("g")
        assert "▾ spring" in await screen.selected()
        await screen.type(key)
        assert (await screen.lines())[0].split()[0] == "t2"
        assert "t2 is the newest thread of this batch" in await screen.text()
        await screen.type("esc")
        assert "▾ spring" in await screen.selected()


async def test_a_row_that_is_about_no_thread_has_no_pages() -> None:
    supervisor = three()
    async with open_screen(supervisor) as screen:
        await screen.type("4", "l")
        assert "no thread is selected" in await screen.text()


async def test_marks_are_of_a_tab_and_not_of_a_page() -> None:
    supervisor = three()
    supervisor.happen("t1", e.ThreadDescribed(summary="x"))
    async with open_screen(supervisor) as screen:
        await screen.type("v", " ", "esc")
        assert "marked" not in await screen.text()


@pytest.mark.parametrize(("columns", "last"), [(40, ": commands"), (80, "l log"), (120, "d diff")])
async def test_the_bottom_line_names_as_many_keys_as_fit_and_cuts_none(columns: int, last: str) -> None:
    async with open_screen(three(), (columns, 24)) as screen:
        assert (await screen.lines())[-1].endswith(last)
        await screen.type("/", *"t1", "enter")
        hints = (await screen.lines())[-1]
        assert hints.startswith(" /t1  Esc shows all   Enter open")
        assert "…" not in hints


async def test_advice_in_the_list_names_the_key_that_does_it() -> None:
    async with open_screen(three()) as screen:
        assert "compas close t1 [C]" in await screen.text()
