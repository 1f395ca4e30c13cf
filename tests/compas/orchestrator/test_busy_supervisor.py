"""Much at once: ends of executions, requests that come twice, and watchers that cannot keep up."""

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.bus import Lagged
from actors.remote.errors import RequestFailed
from compas.api.dispatch import DISPATCH
from compas.domain import events as e
from tests.kit.orchestrator.actor_workshop import Supervisor, agent, open_workshop
from tests.kit.orchestrator.troupe import Turn


# proves: a-core 10, a-core 26
async def test_every_end_is_recorded_however_much_else_is_being_written(autojump_clock: MockClock) -> None:
    """Forty agents end in one instant, while others are given work and the disk takes its time."""
    gate = trio.Event()

    async def wait_at_the_gate(turn: Turn) -> None:
        await gate.wait()
        await turn.reply("through")

    agents = (agent("dev", max_concurrent=40), agent("other", max_concurrent=40))
    async with open_workshop(*agents, effective_concurrency=80) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", wait_at_the_gate)
        async with supervisor.system.bus.subscribe(_is_start) as starts:
            posted = [await supervisor.dispatch("dev", "work", thread_id=f"t{number}") for number in range(40)]
            for _ in posted:
                await starts.receive()
        slow = [trio.Event() for _ in range(6)]
        shop.disk.held.extend(slow)
        async with trio.open_nursery() as nursery:
            gate.set()
            for number in range(40):
                nursery.start_soon(_dispatch, supervisor, f"u{number}")
            for written in slow:
                await wait_all_tasks_blocked()
                written.set()
        assert [(await supervisor.chain(one)).body for one in posted] == ["through"] * 40
        await shop.wait_settled(supervisor)
        ended = [event.execution for event in await shop.events() if isinstance(event, e.ExecutionEnded)]
        assert len(ended) == len(set(ended)) == 80
        assert not shop.disk.held, "all the slow writes took place meanwhile"


def _is_start(event: object) -> bool:
    return isinstance(event, e.Recorded) and isinstance(event.event, e.ExecutionStarted)


async def _dispatch(supervisor: Supervisor, thread: str) -> None:
    await supervisor.dispatch("other", "work", thread_id=thread)


# proves: a-core 25
async def test_of_a_burst_of_a_hundred_dispatches_as_many_are_accepted_as_may_wait(autojump_clock: MockClock) -> None:
    async with open_workshop(max_queued_executions=10) as shop, shop.supervisor() as supervisor:
        refused: list[str] = []

        async def dispatch(number: int) -> None:
            try:
                await supervisor.dispatch("dev", "10 seconds", thread_id=f"t{number}")
            except RequestFailed as failure:
                refused.append(failure.code)

        shop.disk.held.append(held := trio.Event())
        async with trio.open_nursery() as nursery:
            for number in range(100):
                nursery.start_soon(dispatch, number)
            await wait_all_tasks_blocked()
            assert not shop.runners.starts, "nothing is even in the log"
            held.set()
        assert refused == ["queue_full"] * 90
        await shop.wait_settled(supervisor)
        assert len(shop.runners.starts) == 10


# proves: a-core 12
async def test_a_request_that_comes_twice_starts_one_execution_and_is_told_of_the_first(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop() as shop:
        async with shop.supervisor() as supervisor:
            first = await supervisor.dispatch("dev", "work", thread_id="t1", request_id="r1")
            again = await supervisor.dispatch("dev", "work", thread_id="t1", request_id="r1")
            assert again == first
            await supervisor.chain(first)
            before = await shop.store.head()
        async with shop.supervisor() as supervisor:
            assert await supervisor.ask(DISPATCH, "r1", to="dev", body="work", thread_id="t1") == first
            assert await shop.store.head() == before, "nothing new was recorded, let alone started"
            (run,) = (await supervisor.transcript("t1")).executions
            assert run.id == first.execution_id
        assert list(shop.runners.starts.values()) == [1]


# proves: a-core 166
async def test_a_watcher_that_falls_behind_is_told_so_and_finds_the_rest_in_the_log(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev")) as shop, shop.supervisor() as supervisor:
        bus = supervisor.system.bus
        async with bus.subscribe(lambda event: isinstance(event, e.Recorded), capacity=3) as watcher:
            before = await shop.store.head()
            await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
            seen = [await watcher.receive() for _ in range(3)]
            lag = await watcher.receive()
        assert isinstance(lag, Lagged)
        missed = await shop.store.read_all(lag.from_position - 1)
        assert len(missed) == lag.count
        received = [item.event for item in seen if not isinstance(item, Lagged)]
        assert (*received, *missed) == await shop.store.read_all(before)
