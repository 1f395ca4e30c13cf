"""A moment of the wall clock is met, also by a laptop that slept."""

from functools import partial

import pytest
import trio
from trio.testing import MockClock

from compas.orchestrator.wall_time import wait_until

NOON = 1_700_000_000.0


class Laptop:
    """Its wall clock goes on while its timers stand still."""

    def __init__(self) -> None:
        self.slept = 0.0
        self.looks = 0

    def clock(self) -> float:
        self.looks += 1
        return NOON + trio.current_time() + self.slept


async def wait(laptop: Laptop, secs: float, changed: trio.Event | None = None) -> float:
    """Wait for a moment so far away; return how late it was met."""
    due = laptop.clock() + secs
    await wait_until(due, laptop.clock, changed or trio.Event())
    return laptop.clock() - due


@pytest.mark.parametrize("secs", [-5.0, 0.0, 1.0, 59.0, 61.0, 3600.0, 30 * 86_400.0])
async def test_a_moment_is_met_exactly_while_nobody_sleeps(autojump_clock: MockClock, secs: float) -> None:
    laptop = Laptop()
    with trio.fail_after(max(secs, 0.0) + 1):
        assert await wait(laptop, secs) == pytest.approx(max(0.0, -secs), abs=0.01)
    assert laptop.looks < 600


@pytest.mark.parametrize(("secs", "latest"), [(600.0, 60.0), (86_400.0, 86_400 / 64)])
async def test_after_a_sleep_it_is_met_soon(autojump_clock: MockClock, secs: float, latest: float) -> None:
    laptop = Laptop()
    late: list[float] = []

    async def meet() -> None:
        late.append(await wait(laptop, secs))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(meet)
        await trio.sleep(1)
        laptop.slept = secs - 1
    assert 0 <= late[0] <= latest


async def test_after_a_sleep_it_is_met_as_soon_as_is_asked_for(autojump_clock: MockClock) -> None:
    laptop = Laptop()
    due = laptop.clock() + 30 * 86_400.0
    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(wait_until, due, laptop.clock, trio.Event(), latest=120.0))
        await trio.sleep(1)
        laptop.slept = 30 * 86_400.0 - 5.0
    assert 0 <= laptop.clock() - due <= 120


async def test_a_clock_that_is_set_back_by_hours_is_waited_for_and_by_days_is_not(autojump_clock: MockClock) -> None:
    laptop = Laptop()
    ended: list[float] = []

    async def meet(moment: float) -> None:
        await wait_until(moment, laptop.clock, trio.Event())
        ended.append(trio.current_time())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(meet, laptop.clock() + 600)
        await trio.sleep(1)
        laptop.slept = -7200.0
    assert ended.pop() == pytest.approx(7800.0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(meet, laptop.clock() + 600)
        await trio.sleep(1)
        laptop.slept -= 3650 * 86_400.0
    assert ended.pop() <= 7800.0 + 61


async def test_a_change_ends_the_wait_for_what_never_comes(autojump_clock: MockClock) -> None:
    laptop, changed = Laptop(), trio.Event()
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait_until, float("inf"), laptop.clock, changed)
            await trio.sleep(5)
            changed.set()
