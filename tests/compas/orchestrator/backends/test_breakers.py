"""Circuit breakers in a whole supervisor: who waits for a failing backend, who does not, and what restarts change."""

import trio
from trio.testing import MockClock

from compas.api.diagnosis import DIAGNOSE, WHY
from compas.api.supervision import HEALTH
from compas.domain import events as e
from compas.domain.specs import AgentSpec, BackendSpec, BreakerSpec
from tests.kit.orchestrator.actor_workshop import Supervisor, Workshop, agent, open_workshop
from tests.kit.orchestrator.troupe import Turn

SPEC = BreakerSpec(failure_threshold=3, cooldown_secs=60)
WIDE = {"effective_concurrency": 9, "max_triggers_per_agent": 9, "circuit_breaker": SPEC}


async def overloaded(turn: Turn) -> None:
    await turn.fail("the model is overloaded", "transient")


async def slow_success(turn: Turn) -> None:
    await trio.sleep(20)
    await turn.reply("done")


async def circuit(supervisor: Supervisor) -> str:
    return (await supervisor.ask(HEALTH, is_brief=True)).agents[0].circuit_state


async def open_it(shop: Workshop, supervisor: Supervisor) -> None:
    shop.plays("dev", overloaded)
    for number in range(3):
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id=f"f{number}"))
    await trio.sleep(0.01)
    assert await circuit(supervisor) == "open"


# proves: a-core 115, a-core 117
async def test_executions_wait_until_the_cooldown_is_over_and_then_one_of_them_tries(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(**WIDE) as shop, shop.supervisor() as supervisor:
        await open_it(shop, supervisor)
        began = trio.current_time()
        shop.plays("dev", slow_success)
        posted = [await supervisor.dispatch("dev", "work", thread_id=f"t{number}") for number in range(3)]
        await trio.sleep(59)
        assert len(shop.troupe.turns) == 3
        standing = (await supervisor.ask(WHY, thread_id="t0")).standing
        why = "the circuit breaker of scripted is open, since 3 executions failed in a row (transient)"
        assert why in standing
        (blocker,) = (await supervisor.ask(DIAGNOSE, thread_id="t0")).blockers
        assert why in blocker
        await trio.sleep(2)
        assert (len(shop.troupe.turns), await circuit(supervisor)) == (4, "half_open")
        assert (await supervisor.ask(HEALTH, is_brief=True)).agents[0].circuit_failures == 3
        await supervisor.chain(posted[0])
        assert round(trio.current_time() - began) == 80
        await trio.sleep(1)
        assert len(shop.troupe.turns) == 6
        assert await circuit(supervisor) == "closed"
        shop.plays("dev", overloaded)
        for number in range(2):
            await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id=f"g{number}"))
        (dev,) = (await supervisor.ask(HEALTH, is_brief=True)).agents
        assert (dev.circuit_state, dev.circuit_failures) == ("closed", 2)


# proves: a-core 118
async def test_a_probe_that_fails_for_good_makes_the_others_wait_on(autojump_clock: MockClock) -> None:
    async with open_workshop(**WIDE) as shop, shop.supervisor() as supervisor:
        await open_it(shop, supervisor)
        first = await supervisor.dispatch("dev", "work", thread_id="t1")
        await supervisor.dispatch("dev", "work", thread_id="t2")
        await supervisor.chain(first)
        await trio.sleep(59)
        assert (len(shop.troupe.turns), await circuit(supervisor)) == (4, "open")
        await trio.sleep(2)
        assert len(shop.troupe.turns) == 5


# proves: a-core 119
async def test_a_probe_that_is_repeated_makes_room_for_another(autojump_clock: MockClock) -> None:
    patient = agent("dev", max_retries=5, retry_backoff_secs=500)
    async with open_workshop(patient, agent("other"), **WIDE) as shop, shop.supervisor() as supervisor:
        shop.plays("other", overloaded)
        for number in range(3):
            await supervisor.chain(await supervisor.dispatch("other", "work", thread_id=f"f{number}"))
        shop.plays("dev", overloaded)
        await supervisor.dispatch("dev", "work", thread_id="t1")
        await trio.sleep(61)
        assert [turn.alias for turn in shop.troupe.turns].count("dev") == 1
        shop.plays("other", slow_success)
        await supervisor.chain(await supervisor.dispatch("other", "work", thread_id="t2"))
        assert await circuit(supervisor) == "closed"


# proves: a-core 120
async def test_the_open_breaker_of_one_backend_holds_up_no_other(autojump_clock: MockClock) -> None:
    other = BackendSpec(name="cli", command="sh", args=("-c", "{{instruction}}", "x", "free"))
    free = AgentSpec(alias="free", backend="cli", workdir="/repo", workspace="shared")
    settings = {"backends": {"cli": other}, **WIDE}
    async with open_workshop(agent("dev"), free, **settings) as shop, shop.supervisor() as supervisor:
        await open_it(shop, supervisor)
        await supervisor.dispatch("free", "work", thread_id="t1")
        await trio.sleep(1)
        assert any(isinstance(event, e.ExecutionEnded) for event in await shop.events("t1"))


# proves: a-core 121
async def test_abandoned_threads_say_nothing_about_their_backend(autojump_clock: MockClock) -> None:
    async with open_workshop(**WIDE) as shop, shop.supervisor() as supervisor:
        for number in range(4):
            await supervisor.dispatch("dev", "100 seconds", thread_id=f"t{number}")
            await trio.sleep(1)
            await supervisor.abandon(f"t{number}")
        await trio.sleep(10)
        assert await circuit(supervisor) == "closed"


# proves: a-core 122, b-mcp-cli-merge 135
async def test_an_open_breaker_is_open_after_a_restart_and_closed_after_the_next_success(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(**WIDE) as shop:
        async with shop.supervisor() as first:
            await open_it(shop, first)
            await first.crash()
        async with shop.supervisor() as second:
            assert await circuit(second) == "open"
            shop.plays("dev", slow_success)
            posted = await second.dispatch("dev", "work", thread_id="t1")
            await trio.sleep(1)
            assert len(shop.troupe.turns) == 3
            await second.chain(posted)
            await trio.sleep(1)
            assert await circuit(second) == "closed"


async def test_failures_before_a_crash_count_after_it(autojump_clock: MockClock) -> None:
    async with open_workshop(**WIDE) as shop:
        shop.plays("dev", overloaded)
        async with shop.supervisor() as first:
            for number in range(2):
                await first.chain(await first.dispatch("dev", "work", thread_id=f"f{number}"))
            await first.crash()
        async with shop.supervisor() as second:
            await second.chain(await second.dispatch("dev", "work", thread_id="f2"))
            await trio.sleep(1)
            assert await circuit(second) == "open"
