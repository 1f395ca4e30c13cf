"""Threads and the line before the agents: order, limits, retries, being put away, and a disk that fails."""

import pytest
import trio
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.api.dispatch import DISPATCH
from compas.domain import events as e
from compas.domain.resting import MOST_RESTING
from compas.orchestrator.services import ADMISSION, THREADS, execution_name, thread_name
from compas.orchestrator.threads.resting import IDLE_SECS
from tests.kit.orchestrator.actor_workshop import BEGAN, Supervisor, Workshop, agent, open_workshop
from tests.kit.orchestrator.troupe import Turn


async def finish(supervisor: Supervisor, *threads: str) -> None:
    """Wait until all of these threads have settled."""
    for thread in threads:
        assert (await supervisor.wait(thread, await_chain=True)).found


def begun(shop: Workshop) -> list[str]:
    """Return the tasks in the order in which agents were given them."""
    return [task for _, task in shop.troupe.tasks()]


# --- the line --------------------------------------------------------------------------------------------------------


async def test_no_more_agents_run_than_there_are_places(autojump_clock: MockClock) -> None:
    agents = [agent(f"a{n}") for n in range(5)]
    async with open_workshop(*agents, effective_concurrency=3) as shop, shop.supervisor() as supervisor:
        for n in range(5):
            await supervisor.dispatch(f"a{n}", "10 seconds", thread_id=f"t{n}")
        await finish(supervisor, *(f"t{n}" for n in range(5)))
        assert shop.runners.most_at_once == 3
        assert trio.current_time() == 20


# proves: a-core 17, a-core 18
async def test_an_agent_at_its_limit_holds_up_nobody_behind_it(autojump_clock: MockClock) -> None:
    agents = agent("dev", max_concurrent=1), agent("rev")
    async with open_workshop(*agents, effective_concurrency=2) as shop, shop.supervisor() as supervisor:
        for thread, alias in (("t1", "dev"), ("t2", "dev"), ("t3", "rev")):
            await supervisor.dispatch(alias, f"10 seconds in {thread}", thread_id=thread)
        await finish(supervisor, "t3")
        assert trio.current_time() == 10
        await finish(supervisor, "t1", "t2")
        assert trio.current_time() == 20
        assert begun(shop)[-1].endswith("t2")


async def test_whoever_asked_first_is_let_in_first(autojump_clock: MockClock) -> None:
    async with open_workshop(effective_concurrency=1) as shop, shop.supervisor() as supervisor:
        threads = [f"t{n}" for n in range(6)]
        for thread in threads:
            await supervisor.dispatch("dev", f"1 second in {thread}", thread_id=thread)
        await finish(supervisor, *threads)
        assert [task.rpartition(" ")[2] for task in begun(shop)] == threads


async def test_the_line_is_the_same_after_a_crash(autojump_clock: MockClock) -> None:
    async with open_workshop(effective_concurrency=1) as shop:
        threads = [f"t{n}" for n in range(6)]
        async with shop.supervisor() as supervisor:
            for thread in threads:
                await supervisor.dispatch("dev", f"10 seconds in {thread}", thread_id=thread)
            await trio.sleep(15)
            await supervisor.crash()
        async with shop.supervisor() as supervisor:
            await finish(supervisor, *threads)
        assert [task.rpartition(" ")[2] for task in begun(shop)] == threads
        assert shop.runners.most_at_once == 1


async def test_a_crash_of_admission_lets_nobody_in_twice(autojump_clock: MockClock) -> None:
    async with open_workshop(effective_concurrency=1) as shop, shop.supervisor() as supervisor:
        threads = [f"t{n}" for n in range(4)]
        for thread in threads:
            await supervisor.dispatch("dev", f"10 seconds in {thread}", thread_id=thread)
        for _ in range(3):
            await trio.sleep(7)
            supervisor.actor(ADMISSION).kill()
        await finish(supervisor, *threads)
        assert shop.runners.most_at_once == 1
        assert len(shop.troupe.turns) == 4


async def test_an_abandoned_thread_leaves_the_line(autojump_clock: MockClock) -> None:
    async with open_workshop(effective_concurrency=1) as shop, shop.supervisor() as supervisor:
        for thread in ("t1", "t2", "t3"):
            await supervisor.dispatch("dev", f"10 seconds in {thread}", thread_id=thread)
        await supervisor.abandon("t2")
        await finish(supervisor, "t3")
        assert trio.current_time() == 20
        assert len(shop.troupe.turns) == 2


# --- one thread ------------------------------------------------------------------------------------------------------


# proves: a-core 22
async def test_executions_of_one_thread_never_run_together(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        for n in range(3):
            await supervisor.dispatch("dev", f"10 seconds, {n}", thread_id="t1")
        await finish(supervisor, "t1")
        assert trio.current_time() == 30
        assert shop.runners.overlaps == []
        assert [task[-1] for task in begun(shop)] == ["0", "1", "2"]


async def test_a_reopened_thread_waits_until_the_abandoned_agent_is_gone(autojump_clock: MockClock) -> None:
    async def stubborn(turn: Turn) -> None:
        if "stubborn" in turn.instruction:
            try:
                await trio.sleep_forever()
            finally:
                with trio.CancelScope(shield=True):
                    await trio.sleep(5)
        await turn.reply("done")

    async with open_workshop() as shop, shop.supervisor() as supervisor:
        shop.plays("dev", stubborn)
        await supervisor.dispatch("dev", "be stubborn", thread_id="t1")
        await trio.sleep(1)
        await supervisor.abandon("t1")
        posted = await supervisor.dispatch("dev", "do it well", thread_id="t1")
        assert (posted.reopened, posted.previous_status) == (True, "Abandoned")
        assert (await supervisor.chain(posted)).body == "done"
        assert trio.current_time() == 6
        assert shop.runners.overlaps == []


async def overloaded(turn: Turn) -> None:
    """Be overloaded twice, then work."""
    turns = int((turn.session or "s0")[1:]) + 1
    await turn.open_session(f"s{turns}")
    if turns < 3:
        await turn.fail("the model is overloaded", "transient")
    else:
        await turn.reply("done")


async def test_retries_come_when_they_are_due(autojump_clock: MockClock) -> None:
    async with (
        open_workshop(agent("dev", max_retries=3, retry_backoff_secs=30)) as shop,
        shop.supervisor() as supervisor,
    ):
        shop.plays("dev", overloaded)
        posted = await supervisor.dispatch("dev", "work")
        assert (await supervisor.chain(posted)).body == "done"
        queued = [one for one in await shop.events() if isinstance(one, e.ExecutionQueued)]
        assert [one.not_before for one in queued] == [None, BEGAN + 30, BEGAN + 90]
        assert trio.current_time() == pytest.approx(90)


async def test_a_retry_is_kept_over_a_crash_and_comes_when_it_is_due(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev", max_retries=3, retry_backoff_secs=30)) as shop:
        shop.plays("dev", overloaded)
        async with shop.supervisor() as supervisor:
            posted = await supervisor.dispatch("dev", "work")
            await trio.sleep(10)
            await supervisor.crash()
        async with shop.supervisor() as supervisor:
            await trio.sleep(5)
            supervisor.actor(thread_name(posted.thread_id)).kill()
            assert (await supervisor.chain(posted)).body == "done"
        assert trio.current_time() == pytest.approx(90)


# proves: a-core 20
async def test_a_waiting_retry_lets_others_of_its_thread_go_first(autojump_clock: MockClock) -> None:
    agents = agent("dev", max_retries=3, retry_backoff_secs=30), agent("rev")
    async with open_workshop(*agents) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", overloaded)
        await supervisor.dispatch("dev", "work", thread_id="t1")
        await trio.sleep(1)
        posted = await supervisor.dispatch("rev", "1 second", thread_id="t1")
        answer = await supervisor.wait("t1", since_reference=posted.reference)
        assert answer.sender == "rev"
        assert trio.current_time() == 2
        await finish(supervisor, "t1")
        assert [alias for alias, _ in shop.troupe.tasks()] == ["dev", "rev", "dev", "dev"]
        assert trio.current_time() == pytest.approx(90)


async def test_an_idle_thread_is_put_away_and_brought_back(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "one", thread_id="t1"))
        await trio.sleep(IDLE_SECS - 1)
        assert supervisor.system.registry.find(thread_name("t1")) is not None
        await trio.sleep(2)
        assert supervisor.system.registry.find(thread_name("t1")) is None
        assert (await supervisor.chain(await supervisor.dispatch("dev", "two", thread_id="t1"))).body == "dev did: two"


async def test_of_many_idle_threads_the_newest_stay_and_none_is_lost(autojump_clock: MockClock) -> None:
    count = MOST_RESTING + 20
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        for number in range(count):
            await supervisor.chain(await supervisor.dispatch("dev", "one", thread_id=f"t{number}"))
        await trio.sleep(1)
        is_there = [supervisor.system.registry.find(thread_name(f"t{number}")) is not None for number in range(count)]
        assert is_there == [False] * 20 + [True] * MOST_RESTING
        assert (await supervisor.chain(await supervisor.dispatch("dev", "two", thread_id="t0"))).body == "dev did: two"
        await trio.sleep(1)
        assert supervisor.system.registry.find(thread_name("t0")) is not None
        assert supervisor.system.registry.find(thread_name("t20")) is None, "its place went to one that rests newly"


async def test_a_dispatch_at_the_moment_a_thread_is_put_away_is_not_lost(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "one", thread_id="t1"))
        await trio.sleep(IDLE_SECS)
        assert (await supervisor.chain(await supervisor.dispatch("dev", "two", thread_id="t1"))).body == "dev did: two"


async def test_a_busy_thread_is_not_put_away(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev", timeout_secs=3600)) as shop, shop.supervisor() as supervisor:
        await supervisor.dispatch("dev", "1000 seconds", thread_id="t1")
        await trio.sleep(999)
        assert supervisor.system.registry.find(thread_name("t1")) is not None


async def test_a_thread_that_is_told_something_while_it_is_down_takes_it_up(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "one", thread_id="t1"))
        supervisor.actor(thread_name("t1")).kill()
        assert (await supervisor.chain(await supervisor.dispatch("dev", "two", thread_id="t1"))).body == "dev did: two"


# --- a disk that fails -----------------------------------------------------------------------------------------------


async def test_a_command_that_cannot_be_recorded_is_refused_and_changes_nothing(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "one", thread_id="t1"))
        before = await shop.events()
        shop.disk.is_full = True
        for thread in ("t1", "new"):
            with pytest.raises(RequestFailed, match="the disk is full") as refused:
                await supervisor.dispatch("dev", "two", thread_id=thread)
            assert refused.value.code == "store_unavailable"
        with pytest.raises(RequestFailed, match="the disk is full"):
            await supervisor.abandon("t1")
        shop.disk.is_full = False
        await trio.sleep(5)
        assert await shop.events() == before
        assert len(shop.troupe.turns) == 1


async def test_a_refused_request_can_be_repeated_under_its_name(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        shop.disk.is_full = True
        with pytest.raises(RequestFailed):
            await supervisor.dispatch("dev", "work", request_id="r1", thread_id="t1")
        shop.disk.is_full = False
        await trio.sleep(5)
        first = await supervisor.dispatch("dev", "work", request_id="r1", thread_id="t1")
        assert await supervisor.dispatch("dev", "work", request_id="r1", thread_id="t1") == first
        await supervisor.chain(first)
        assert len(shop.troupe.turns) == 1


async def test_a_log_that_cannot_be_read_brings_nobody_down(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        posted = await supervisor.dispatch("dev", "100 seconds", thread_id="t1")
        await trio.sleep(1)
        directory = supervisor.actor(THREADS)
        shop.disk.is_unreadable = True
        for n in range(100):
            with pytest.raises(RequestFailed, match="the disk reported an error") as refused:
                await supervisor.ask(DISPATCH, "", to="dev", body="work", thread_id=f"other{n}")
            assert refused.value.code == "store_unavailable"
        shop.disk.is_unreadable = False
        assert supervisor.actor(THREADS) is directory
        assert (await supervisor.dispatch("dev", "work", thread_id="other1")).thread_id == "other1"
        assert (await supervisor.chain(posted)).found


async def test_a_thread_that_crashes_while_the_log_cannot_be_read_comes_back(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        posted = await supervisor.dispatch("dev", "100 seconds", thread_id="t1")
        await trio.sleep(1)
        shop.disk.is_unreadable = True
        supervisor.actor(thread_name("t1")).kill()
        await trio.sleep(30)
        shop.disk.is_unreadable = False
        assert (await supervisor.chain(posted)).found
        assert len(shop.troupe.turns) == 1


# --- the rules at work -----------------------------------------------------------------------------------------------


async def test_a_thread_with_work_under_way_is_not_closed(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.dispatch("dev", "10 seconds", thread_id="t1")
        await trio.sleep(1)
        with pytest.raises(RequestFailed) as refused:
            await supervisor.close("t1")
        assert refused.value.code == "still_running"
        await finish(supervisor, "t1")
        assert (await supervisor.close("t1")).status == "Completed"


async def test_many_clients_on_one_thread_are_all_answered(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        numbers: list[int] = []

        async def dispatch(n: int) -> None:
            posted = await supervisor.dispatch("dev", f"task {n}", thread_id="t1")
            numbers.append(posted.message_id)

        async with trio.open_nursery() as nursery:
            for n in range(30):
                nursery.start_soon(dispatch, n)
        assert len(set(numbers)) == 30
        await finish(supervisor, "t1")
        await shop.wait_settled(supervisor)
        assert len(shop.troupe.turns) == 30


async def test_executions_leave_no_actor_behind(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        posted = await supervisor.dispatch("dev", "work")
        await supervisor.chain(posted)
        await trio.testing.wait_all_tasks_blocked()
        assert supervisor.system.registry.find(execution_name(posted.execution_id or "")) is None
