"""Several tabs: each has its rows, its keys and its pace, and keeps its place while another one is shown."""

from collections.abc import Sequence
from functools import partial

import msgspec
import pytest

from compas.dashboard.board import Board
from compas.dashboard.hotkeys import chapters
from compas.dashboard.keymap import TAB_TITLES, Binding
from compas.dashboard.lines import Line
from compas.dashboard.needs import Need
from compas.dashboard.tabs.all import TABS
from compas.dashboard.tabs.ops.ops_tab import Ops
from compas.dashboard.tabs.tab import Look, Narrowed, Row, Standing, Tab, View
from compas.dashboard.widgets.listing import Block, Entry
from tests.kit.dashboard.played_screen import open_screen
from tests.kit.dashboard.played_supervisor import NOW, PlayedSupervisor, executing, health, settled


class NameRow(Row, frozen=True, kw_only=True):
    agent: str


class NamesView(msgspec.Struct, frozen=True, kw_only=True):
    rows: tuple[NameRow, ...]

    def members(self, group: str) -> Sequence[NameRow]:
        return ()

    def blocks(self, width: int, now: float, look: Look) -> list[Block]:
        entries = [Entry(row.key, partial(_lines, row, is_selected=row.key == look.selected)) for row in self.rows]
        return [Block("names", [], entries)]


def _lines(row: NameRow, *, is_selected: bool) -> list[Line]:
    return [Line((("", f"{'▌' if is_selected else ' '} {row.thread} of {row.agent}"),), row.key)]


class Names:
    """All threads by name, backwards; Enter shows the log."""

    title = "Names"
    orders = ()
    keys = (Binding(keys=("enter",), command="open-log", contexts=("list",), hint="print"),)

    def needs(self, board: Board, text: str, at: Standing) -> tuple[Need, ...]:
        return ()

    def view(self, board: Board, now: float, narrowed: Narrowed, before: View | None = None) -> NamesView:
        names = sorted((name for name in board.threads if narrowed.text in name), reverse=True)
        return NamesView(
            rows=tuple(
                NameRow(key=f"name:{name}", thread=name, what_now="nothing", agent=board.threads[name].agent or "")
                for name in names
            )
        )

    def is_ticking(self, board: Board) -> bool:
        return False


BOTH: Sequence[Tab] = (Ops(), Names())


def staffed() -> PlayedSupervisor:
    supervisor = PlayedSupervisor()
    supervisor.threads = [
        executing("t1", summary="First"),
        settled("t2", summary="Second"),
        settled("t3", summary="Third"),
    ]
    supervisor.print("x-t3", "printed by t3\n")
    return supervisor


async def test_the_first_line_names_all_tabs_and_the_first_one_is_shown() -> None:
    async with open_screen(staffed(), tabs=BOTH) as screen:
        assert (await screen.lines())[0].startswith(" compas  1 Ops  2 Names   ")
        assert "Second" in await screen.selected()
        assert ("tab", "  1 Ops") in screen.controller.frame(80, 24)[0].segments
        screen.controller.show_tab(1)
        assert [line.strip() for line in (await screen.lines())[1:5]] == ["▌ t3 of dev", "t2 of dev", "t1 of dev", ""]
        assert (await screen.lines())[-2] == " t3  nothing"
        assert ("tab", "  2 Names") in screen.controller.frame(80, 24)[0].segments


async def test_each_tab_keeps_its_selection_and_its_filter_while_another_is_shown() -> None:
    async with open_screen(staffed(), tabs=BOTH) as screen:
        await screen.type("/", *"Second", "enter")
        screen.controller.show_tab(1)
        await screen.type("j", "j")
        assert "t1 of dev" in await screen.selected()
        assert "/Second" not in await screen.text()
        screen.controller.show_tab(0)
        assert "Second" in await screen.selected()
        assert "/Second  Esc shows all" in await screen.text()
        await screen.type("esc", "j")
        assert "Third" in await screen.selected()
        screen.controller.show_tab(1)
        assert "t1 of dev" in await screen.selected()
        await screen.type("/", *"t2")
        assert "t2 of dev" in await screen.selected()
        screen.controller.show_tab(0)
        assert "Third" in await screen.selected()


async def test_a_long_list_is_scrolled_to_where_it_was_left() -> None:
    supervisor = PlayedSupervisor()
    supervisor.threads = [settled(f"t{number:02}", summary=f"Task {number:02}") for number in range(60)]
    async with open_screen(supervisor, tabs=BOTH) as screen:
        await screen.type("end", *["up"] * 5)
        before = await screen.lines()
        screen.controller.show_tab(1)
        assert await screen.lines() != before
        screen.controller.show_tab(0)
        assert await screen.lines() == before


async def test_a_key_of_a_tabs_own_goes_before_the_others_and_a_click_on_the_selected_row_is_enter() -> None:
    async with open_screen(staffed(), tabs=BOTH) as screen:
        hints = (await screen.lines())[-1]
        assert hints.startswith(" Enter open  ? help  q quit")
        screen.controller.show_tab(1)
        assert (await screen.lines())[-1].startswith(" Enter print  ? help  q quit")
        await screen.type("enter")
        assert "printed by t3" in await screen.text()
        await screen.type("esc")
        assert "▌ t3 of dev" in await screen.text()
        await screen.click(1)
        assert "printed by t3" in await screen.text()
        await screen.type("c")
        assert "nothing has been said in this thread" in await screen.text()


async def test_a_page_is_left_when_another_tab_is_shown() -> None:
    async with open_screen(staffed(), tabs=BOTH) as screen:
        await screen.type("enter", "?")
        assert (await screen.lines())[0] == " help"
        screen.controller.show_tab(1)
        assert (await screen.lines())[0].startswith(" compas  1 Ops  2 Names")


async def test_a_tab_that_is_not_there_changes_nothing() -> None:
    async with open_screen(staffed(), tabs=BOTH) as screen:
        await screen.type("enter")
        before = await screen.lines()
        for index in (-1, 2):
            screen.controller.show_tab(index)
            assert await screen.lines() == before


async def test_times_go_on_at_the_pace_of_the_tab_that_is_shown() -> None:
    async with open_screen(staffed(), tabs=BOTH) as screen:
        assert screen.controller.tick_seconds == 1
        screen.controller.show_tab(1)
        assert screen.controller.tick_seconds == 60


async def test_every_tab_says_that_there_is_no_connection_yet() -> None:
    supervisor = staffed()
    supervisor.is_there = False
    async with open_screen(supervisor, tabs=BOTH) as screen:
        for index in range(len(BOTH)):
            screen.controller.show_tab(index)
            assert "There is no connection to a supervisor." in await screen.text()


def test_keys_of_a_tabs_own_are_described_after_the_others() -> None:
    *others, (title, described) = chapters(BOTH)
    assert (title, described) == ("In the tab Names", [("Enter", "show what an execution does and prints")])
    assert others == list(chapters(()))


def test_the_tabs_are_called_as_their_keys_say() -> None:
    assert tuple(tab.title for tab in TABS) == TAB_TITLES


@pytest.mark.parametrize("columns", [40, 60, 80, 120, 200])
async def test_tabs_are_shown_by_number_in_turn_and_by_a_click(columns: int) -> None:
    async with open_screen(staffed(), (columns, 24)) as screen:

        async def shown() -> str:
            await screen.lines()
            (found,) = [text for style, text in screen.controller.frame(columns, 24)[0].segments if style == "tab"]
            return found.split()[1]

        for number, title in enumerate(TAB_TITLES):
            await screen.type(str(number + 1))
            assert await shown() == title
        await screen.type("tab")
        assert await shown() == "Ops"
        await screen.type("shift tab", "shift tab")
        assert await shown() == "Merges"
        first = (await screen.lines())[0]
        if "Agents" in first:
            await screen.click(0, first.index("Agents") + 1)
            assert await shown() == "Agents"
            await screen.click(0, columns - 1)
            assert await shown() == "Agents", "there is no tab at the end of the line"
        else:
            await screen.click(0, 3)
            assert await shown() == "Costs", "the one name there is stands for the next"


# proves: c-config-dashboard 92
@pytest.mark.parametrize("size", [(40, 10), (80, 24), (120, 40)])
async def test_every_tab_says_when_there_is_nothing_yet(size: tuple[int, int]) -> None:
    supervisor = PlayedSupervisor()
    supervisor.health = health(agents=())
    said = {
        "Ops": "No agent has been given anything",
        "Agents": "the config names no agents",
        "History": "nothing has ended yet",
        "Settings": "state directory",
        "Merges": "nothing has been merged yet",
        "Costs": "nothing has ended since",
    }
    async with open_screen(supervisor, size) as screen:
        for number, title in enumerate(TAB_TITLES):
            await screen.type(str(number + 1), *(["G"] if title == "Settings" else []))
            assert said[title] in await screen.text(), title


async def test_rows_are_put_into_another_order_and_the_selection_stays_on_its_row() -> None:
    supervisor = PlayedSupervisor()
    supervisor.threads = [
        settled("old", summary="Old failure", execution_status="failed", updated_at=NOW - 900, agent="b"),
        settled("new", summary="New answer", updated_at=NOW - 5, agent="a"),
    ]

    async with open_screen(supervisor) as screen:

        async def order() -> list[str]:
            return [line[17:].split("  ")[0] for line in await screen.section("Needs you")]

        assert await order() == ["Old failure", "New answer"]
        await screen.type("o")
        assert await order() == ["New answer", "Old failure"]
        assert "sorted: the newest first" in await screen.text()
        assert "Old failure" in await screen.selected()
        await screen.type("o")
        assert await order() == ["Old failure", "New answer"]
        await screen.type("o")
        assert await order() == ["New answer", "Old failure"], "by agent"
        await screen.type("o")
        assert "sorted: the most urgent first" in await screen.text()
        await screen.type("3", "o")
        assert "these rows have one order only" in await screen.text()
