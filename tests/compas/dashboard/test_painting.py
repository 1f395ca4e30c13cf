"""The screen is drawn when something has changed, at most thirty times a second, and on no other occasion."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio
import trio.lowlevel
import trio.testing

from compas.dashboard.painting import Painting


class Easel:
    """Counts what is drawn; `pace` is how soon the times on it change."""

    def __init__(self, pace: float) -> None:
        self.drawn: list[float] = []
        self.pace = pace
        self.painting = Painting(lambda: self.drawn.append(trio.current_time()), lambda: self.pace)


@asynccontextmanager
async def open_easel(pace: float = 60.0) -> AsyncIterator[Easel]:
    easel = Easel(pace)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(easel.painting.run)
        yield easel
        nursery.cancel_scope.cancel()


async def test_a_storm_of_changes_is_drawn_thirty_times_a_second_and_its_end_is_on_the_screen(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_easel() as easel:
        for _ in range(1000):
            easel.painting.mark()
            await trio.sleep(0.001)
        last = trio.current_time()
        await trio.sleep(0.5)
        assert 28 <= len(easel.drawn) <= 32
        assert easel.drawn[-1] >= last - 0.001
        assert easel.drawn[-1] <= last + 1 / 30 + 0.001


async def test_a_change_is_drawn_at_once(autojump_clock: trio.testing.MockClock) -> None:
    async with open_easel() as easel:
        await trio.sleep(10)
        easel.painting.mark()
        await trio.lowlevel.checkpoint()
        await trio.testing.wait_all_tasks_blocked()
        assert easel.drawn == [trio.current_time()]


async def test_nothing_is_drawn_while_nothing_changes_and_no_time_runs(autojump_clock: trio.testing.MockClock) -> None:
    async with open_easel() as easel:
        await trio.sleep(59)
        assert easel.drawn == []


async def test_running_times_are_drawn_once_a_second_from_the_moment_they_run(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_easel() as easel:
        await trio.sleep(30)
        easel.pace = 1.0
        easel.painting.mark()
        await trio.sleep(10.5)
        assert len(easel.drawn) == 11
        easel.pace = 60.0
        easel.painting.mark()
        before = len(easel.drawn)
        await trio.sleep(50)
        assert len(easel.drawn) == before + 1
