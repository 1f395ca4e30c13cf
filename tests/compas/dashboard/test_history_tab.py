"""The tab with what has ended: page after page back to the first, and found by words however old."""

import pytest
import trio
import trio.testing

from compas.api.tasks import TasksResponse
from compas.dashboard.answered import MOST_HISTORY, Answered, take_answer
from compas.dashboard.board import Answers
from compas.dashboard.needs import PAGE
from compas.dashboard.needs import ended as need
from compas.domain import events as e
from tests.kit.dashboard.played_screen import open_screen
from tests.kit.dashboard.played_supervisor import PlayedSupervisor, ended


def long_ago(count: int, **fields: object) -> PlayedSupervisor:
    supervisor = PlayedSupervisor()
    supervisor.tasks = [ended(number, **fields) for number in range(1, count + 1)]
    return supervisor


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 40)])
async def test_each_execution_shows_how_it_ended_who_did_it_and_what_it_was_about(size: tuple[int, int]) -> None:
    supervisor = PlayedSupervisor()
    supervisor.tasks = [
        ended(1, execution_status="timed_out", error="it took\ntoo long", title="Move to schema 7", exit_code=137),
        ended(2, verdict="approve", title="Look at it", cost_usd=0.25, attempt=1),
    ]
    async with open_screen(supervisor, size) as screen:
        await screen.type("3")
        text = await screen.text()
        assert "✗ timed out" in text
        assert "Move to schema 7 · it took" in text
        assert "Look at it" in text
        assert "(attempt 2)" in text
        if size[0] >= 120:
            assert "137" in await screen.line("Move to schema")
            assert "$0.25" in await screen.line("Look at it")
            assert "unknown" in await screen.line("Move to schema"), "what nobody told is not nothing"


# proves: c-config-dashboard 96
async def test_all_executions_of_a_batch_of_sixty_can_be_reached() -> None:
    supervisor = PlayedSupervisor()
    supervisor.tasks = [ended(number, batch_id="spring" if number % 5 == 0 else None) for number in range(1, 301)]
    async with open_screen(supervisor) as screen:
        await screen.type("3", "/", *"spring", "enter")
        found = set()
        for _ in range(60):
            found.add((await screen.selected()).split("Task ")[1].split()[0])
            await screen.type("j")
        assert found == {str(number) for number in range(5, 301, 5)}


# proves: c-config-dashboard 97
async def test_words_find_what_is_older_than_all_that_was_read() -> None:
    supervisor = long_ago(400)
    supervisor.tasks[390] = ended(391, agent="veteran")
    async with open_screen(supervisor) as screen:
        await screen.type("3")
        assert "veteran" not in await screen.text()
        await screen.type("/", *"veteran", "enter")
        assert "Task 391" in await screen.selected()
        await screen.type("esc")
        assert "Task 1 " in await screen.text()


async def test_older_ones_are_read_as_the_end_comes_near_and_the_first_is_reached() -> None:
    async with open_screen(long_ago(3 * PAGE - 1)) as screen:
        await screen.type("3")
        assert f"Ended  {PAGE} and more" in await screen.text()
        for _ in range(8):
            await screen.type("end")
        assert f"Task {3 * PAGE - 1} " in await screen.selected()
        assert "and more" not in await screen.text()
        await screen.type("home")
        assert "Task 1 " in await screen.selected()


async def test_what_ends_now_stands_first_and_the_selection_stays(autojump_clock: trio.testing.MockClock) -> None:
    supervisor = long_ago(150)
    async with open_screen(supervisor) as screen:
        await screen.type("3")
        await screen.type("j", "j")
        assert "Task 3 " in await screen.selected()
        supervisor.tasks.insert(0, ended(0, title="Just now"))
        supervisor.happen("t0", e.ExecutionEnded(execution="x0000", status="completed"))
        await trio.sleep(3)
        assert "Task 3 " in await screen.selected()
        await screen.type("home")
        assert "Just now" in await screen.selected()


async def test_a_log_that_is_opened_is_that_of_the_execution_in_the_row() -> None:
    supervisor = PlayedSupervisor()
    supervisor.tasks = [ended(1, thread_id="t"), ended(2, thread_id="t")]
    supervisor.print("x0002", "the second one printed this\n")
    async with open_screen(supervisor) as screen:
        await screen.type("3")
        await screen.type("j", "l")
        assert "the second one printed this" in await screen.text()


async def test_while_the_answer_is_on_its_way_what_is_known_is_narrowed() -> None:
    supervisor = long_ago(30)
    async with open_screen(supervisor) as screen:
        await screen.type("3")
        supervisor.is_slow = trio.Event()
        await screen.type("/", *"27")
        assert "looking" in await screen.line("Ended")
        assert "Task 27" in await screen.selected()
        supervisor.is_slow.set()
        assert "looking" not in await screen.line("Ended")


def test_pages_that_come_late_or_twice_change_nothing() -> None:
    rows = tuple(ended(number) for number in range(6))

    def page(*found: int, text: str = "", after: str | None = None, more: bool = True) -> Answered:
        tasks = tuple(rows[number] for number in found)
        response = TasksResponse(tasks=tasks, more=more, next_after=tasks[-1].execution_id if more else None)
        return Answered(need=need(text, after), answer=response)

    answers = take_answer(Answers(), page(1, 2))
    late = take_answer(answers, page(5, text="other", after="x0004"))
    assert late.history == answers.history
    answers = take_answer(answers, page(3, 4, after="x0002", more=False))
    assert take_answer(answers, page(3, 4, after="x0002")).history == answers.history
    answers = take_answer(answers, page(0, 1))
    assert answers.history is not None
    assert [row.execution_id for row in answers.history.rows] == [f"x000{number}" for number in range(5)]
    assert not answers.history.more
    gap = take_answer(answers, page(5))
    assert gap.history is not None
    assert [row.execution_id for row in gap.history.rows] == ["x0005"], "what lies between has not been read"


def test_only_so_much_is_kept() -> None:
    answers = Answers()
    for start in range(0, MOST_HISTORY + 2 * PAGE, PAGE):
        after = f"y{start - 1}" if start else None
        tasks = tuple(ended(0, execution_id=f"y{number}") for number in range(start, start + PAGE))
        response = TasksResponse(tasks=tasks, more=True, next_after=tasks[-1].execution_id)
        answers = take_answer(answers, Answered(need=need("", after), answer=response))
    assert answers.history is not None
    assert len(answers.history.rows) == MOST_HISTORY
