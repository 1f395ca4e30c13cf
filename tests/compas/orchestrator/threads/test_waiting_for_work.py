"""Waiting for an answer: which message ends it, when nothing will come any more, and what it costs nobody."""

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.remote.errors import RequestFailed
from compas.api.waiting import WaitResponse
from compas.orchestrator.services import JOURNAL, thread_name
from tests.kit.orchestrator.actor_workshop import agent, open_workshop
from tests.kit.orchestrator.troupe import Turn

CHAIN = agent("dev", to="rev"), agent("rev", to="lead"), agent("lead")


async def slowly(turn: Turn) -> None:
    await trio.sleep(10)
    await turn.reply(f"{turn.alias} is done")


async def fail(turn: Turn) -> None:
    await trio.sleep(10)
    await turn.fail("it can't be done")


async def test_a_wait_for_the_chain_is_answered_with_its_last_reply_only(autojump_clock: MockClock) -> None:
    async with open_workshop(*CHAIN) as shop, shop.supervisor() as supervisor, trio.open_nursery() as nursery:
        for alias in ("dev", "rev", "lead"):
            shop.plays(alias, slowly)
        posted = await supervisor.dispatch("dev", "work", thread_id="t1")
        answers: list[tuple[float, str | None]] = []

        async def wait(**wanted: object) -> None:
            found = await supervisor.wait("t1", await_chain=True, **wanted)
            answers.append((trio.current_time(), found.body))

        # Whenever it begins, from wherever it counts.
        for begin in range(0, 30, 3):
            nursery.start_soon(wait)
            nursery.start_soon(lambda: wait(since_reference=posted.reference))
            nursery.start_soon(lambda: wait(intent="response"))
            await trio.sleep(3 if begin else 1)
        await trio.sleep(10)
        assert answers == [(30, "lead is done")] * 30


async def test_a_wait_without_the_chain_is_answered_with_the_first_reply(autojump_clock: MockClock) -> None:
    async with open_workshop(*CHAIN) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", slowly)
        shop.plays("rev", slowly)
        await supervisor.dispatch("dev", "work", thread_id="t1")
        found = await supervisor.wait("t1", intent="response")
        assert (found.body, trio.current_time()) == ("dev is done", 10)


async def test_a_failed_chain_says_what_failed(autojump_clock: MockClock) -> None:
    async with open_workshop(*CHAIN) as shop, shop.supervisor() as supervisor:
        shop.plays("rev", fail)
        await supervisor.dispatch("dev", "work", thread_id="t1")
        found = await supervisor.wait("t1", strict_new=True, await_chain=True)
        assert (found.intent, found.sender, found.thread_status) == ("error", "rev", "Failed")
        assert [step.status for step in found.chain] == ["completed", "failed"]


async def test_when_nothing_that_matches_will_come_the_wait_ends(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        shop.plays("dev", fail)
        await supervisor.dispatch("dev", "work", thread_id="t1")
        found = await supervisor.wait("t1", intent="response")
        assert (found.found, found.reason, found.error) == (False, "failed", "it can't be done")
        assert trio.current_time() == 10


async def test_an_abandoned_thread_ends_the_wait_at_once(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor, trio.open_nursery() as nursery:
        await supervisor.dispatch("dev", "100 seconds", thread_id="t1")
        found: list[WaitResponse] = []

        async def wait() -> None:
            found.append(await supervisor.wait("t1", intent="response"))

        nursery.start_soon(wait)
        await trio.sleep(5)
        await supervisor.abandon("t1")
        await wait_all_tasks_blocked()
        assert [(one.found, one.reason) for one in found] == [(False, "ended")]
        assert trio.current_time() == 5


async def test_a_wait_that_runs_out_of_time_says_what_runs(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        posted = await supervisor.dispatch("dev", "100 seconds", thread_id="t1")
        found = await supervisor.wait("t1", timeout=7, since_reference=posted.reference)
        assert (found.found, found.reason, trio.current_time()) == (False, "timeout", 7)
        assert [(one.agent, one.status) for one in found.pending] == [("dev", "executing")]


async def test_a_wait_that_is_cancelled_costs_nothing_more(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.dispatch("dev", "100 seconds", thread_id="t1")
        await wait_all_tasks_blocked()
        before = len(supervisor.system.bus.statistics().subscriptions)
        with trio.move_on_after(5):
            await supervisor.wait("t1", intent="response")
        await wait_all_tasks_blocked()
        assert supervisor.activity.clients == 0
        assert len(supervisor.system.bus.statistics().subscriptions) == before


async def test_a_wait_outlives_the_crash_of_a_thread(autojump_clock: MockClock) -> None:
    async with open_workshop(*CHAIN) as shop, shop.supervisor() as supervisor, trio.open_nursery() as nursery:
        for alias in ("dev", "rev", "lead"):
            shop.plays(alias, slowly)
        posted = await supervisor.dispatch("dev", "work", thread_id="t1")
        found: list[WaitResponse] = []

        async def wait() -> None:
            found.append(await supervisor.chain(posted))

        nursery.start_soon(wait)
        for name in (thread_name("t1"), JOURNAL, thread_name("t1")):
            await trio.sleep(7)
            supervisor.actor(name).kill()
        await trio.sleep(30)
        assert [one.body for one in found] == ["lead is done"]


async def test_a_wait_among_many_events_misses_none_that_matters(autojump_clock: MockClock) -> None:
    async with open_workshop(effective_concurrency=50, max_triggers_per_agent=50) as shop:
        async with shop.supervisor() as supervisor, trio.open_nursery() as nursery:
            answered: list[str] = []

            async def carry_out(n: int) -> None:
                found = await supervisor.chain(await supervisor.dispatch("dev", f"{n % 7} seconds", thread_id=f"t{n}"))
                answered.append(found.thread_id)

            for n in range(120):
                nursery.start_soon(carry_out, n)
        assert len(answered) == 120


async def test_no_waiter_is_told_of_what_is_not_in_the_log_yet(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor, trio.open_nursery() as nursery:
        await supervisor.dispatch("dev", "10 seconds", thread_id="t1")
        await trio.sleep(1)
        told_at: list[float] = []

        async def wait() -> None:
            assert (await supervisor.wait("t1", intent="response")).found
            told_at.append(trio.current_time())

        nursery.start_soon(wait)
        shop.disk.is_full = True
        await trio.sleep(60)
        assert told_at == []
        shop.disk.is_full = False
        await trio.sleep(60)
        assert len(told_at) == 1


async def test_a_wait_for_an_unknown_merge_is_refused(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        with pytest.raises(RequestFailed) as refused:
            await supervisor.wait_merge("nothing")
        assert refused.value.code == "unknown_merge"
