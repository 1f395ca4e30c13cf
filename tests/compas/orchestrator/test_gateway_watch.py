"""A gateway that hangs is found out, and one that has much to do is not taken for one."""

import itertools
import math
from collections.abc import Awaitable, Callable

import pytest
import trio
from trio.testing import MockClock

from actors.remote.errors import RequestFailed, SessionLost
from compas.orchestrator.machine.gateway_watch import QUESTIONS, wait_hung

PATIENCE = 20.0


class FakeDoor:
    """A door at which relays wait as the test says."""

    def __init__(self) -> None:
        self._knocked = trio.Event()

    def knock(self) -> None:
        """Let a relay come."""
        self._knocked.set()

    def admit(self) -> None:
        """Let in whoever waits."""
        self._knocked = trio.Event()

    async def wait_knock(self) -> None:
        """Return once a relay waits."""
        await self._knocked.wait()

    def is_knocked(self) -> bool:
        """Tell whether a relay waits."""
        return self._knocked.is_set()


class Gateway:
    """Answers after so many seconds each, the last of them for ever on; counts how often it is asked."""

    def __init__(self, *seconds: float, failing: Exception | None = None) -> None:
        self._seconds = itertools.chain(seconds, itertools.repeat(seconds[-1]))
        self._failing = failing
        self.asked = 0

    async def ask(self) -> object:
        """Answer, or fail."""
        self.asked += 1
        await trio.sleep(next(self._seconds))
        if self._failing is not None:
            raise self._failing
        return {}


async def hangs(door: FakeDoor, ask: Callable[[], Awaitable[object]], *, within: float = 10_000.0) -> bool:
    """Tell whether it is found to hang in that time."""
    with trio.move_on_after(within):
        await wait_hung(door, ask, PATIENCE)
        return True
    return False


async def test_one_that_lets_nobody_in_and_answers_nothing_hangs(autojump_clock: MockClock) -> None:
    door, gateway = FakeDoor(), Gateway(math.inf)
    door.knock()
    began = trio.current_time()
    assert await hangs(door, gateway.ask)
    assert gateway.asked == QUESTIONS
    assert trio.current_time() - began == PATIENCE * (1 + QUESTIONS)


async def test_while_nobody_knocks_nothing_is_asked(autojump_clock: MockClock) -> None:
    gateway = Gateway(math.inf)
    assert not await hangs(FakeDoor(), gateway.ask)
    assert gateway.asked == 0


async def test_one_that_lets_its_relays_in_is_not_asked(autojump_clock: MockClock) -> None:
    door, gateway = FakeDoor(), Gateway(math.inf)

    async def come_and_be_let_in() -> None:
        for _ in range(20):
            door.knock()
            await trio.sleep(PATIENCE - 1)
            door.admit()
            await trio.sleep(100)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(come_and_be_let_in)
        assert not await hangs(door, gateway.ask, within=4000.0)
    assert gateway.asked == 0


@pytest.mark.parametrize("failing", [None, RequestFailed("unknown_operation", "what?")])
async def test_one_that_lets_nobody_in_but_answers_lives_and_is_not_asked_all_the_time(
    autojump_clock: MockClock, failing: Exception | None
) -> None:
    door, gateway = FakeDoor(), Gateway(0, failing=failing)
    door.knock()
    assert not await hangs(door, gateway.ask, within=10 * PATIENCE + 1)
    assert gateway.asked == 10


async def test_an_answer_to_the_second_question_is_enough(autojump_clock: MockClock) -> None:
    door, gateway = FakeDoor(), Gateway(math.inf, PATIENCE - 1)
    door.knock()
    assert not await hangs(door, gateway.ask, within=3 * PATIENCE)
    assert gateway.asked == QUESTIONS


async def test_one_whose_channel_is_gone_has_time_to_end(autojump_clock: MockClock) -> None:
    door, gateway = FakeDoor(), Gateway(0, failing=SessionLost("it ends"))
    door.knock()
    assert not await hangs(door, gateway.ask, within=3 * PATIENCE - 1)
    assert await hangs(door, gateway.ask)
