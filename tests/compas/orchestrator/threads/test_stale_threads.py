"""Threads in which nothing moves are shown as stale, and only those."""

import trio
from trio.testing import MockClock

from compas.api.diagnosis import DIAGNOSE
from compas.api.threads import STATUS
from compas.domain.specs import HandoffSpec
from tests.kit.orchestrator.actor_workshop import BEGAN, Supervisor, agent, open_workshop
from tests.kit.orchestrator.troupe import Turn

LIMIT = 600


async def stale_since(supervisor: Supervisor, thread: str) -> float | None:
    (row,) = (await supervisor.ask(STATUS, thread_id=thread)).threads
    return row.stale_since


async def test_a_thread_that_has_answered_is_stale_after_a_while_and_not_once_it_is_closed(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(stale_active_secs=LIMIT) as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "30 seconds", thread_id="t1"))
        await trio.sleep(LIMIT - 1)
        assert await stale_since(supervisor, "t1") is None
        await trio.sleep(2)
        assert await stale_since(supervisor, "t1") == BEGAN + 30
        told = await supervisor.ask(DIAGNOSE, thread_id="t1")
        assert told.blockers == ("nothing has moved in it for 10 min (stale_active_secs)",)
        await supervisor.close("t1")
        assert await stale_since(supervisor, "t1") is None
        assert (await supervisor.ask(DIAGNOSE, thread_id="t1")).blockers == ()


async def test_an_agent_that_is_seen_at_work_keeps_its_thread_fresh_and_a_silent_one_does_not(
    autojump_clock: MockClock,
) -> None:
    async def talk(turn: Turn) -> None:
        for _ in range(10):
            await trio.sleep(300)
            await turn.say("still here")
        await trio.sleep(3000)
        await turn.reply("done")

    dev = agent("dev", timeout_secs=100_000)
    async with open_workshop(dev, stale_active_secs=LIMIT) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", talk)
        await supervisor.dispatch("dev", "work", thread_id="t1")
        await trio.sleep(3000)
        assert await stale_since(supervisor, "t1") is None
        await trio.sleep(900)
        assert await stale_since(supervisor, "t1") == BEGAN + 3000


async def test_a_thread_is_as_fresh_as_its_fan_out_and_one_for_later_is_not_stale(autojump_clock: MockClock) -> None:
    async def talk(turn: Turn) -> None:
        await trio.sleep(5000)
        await turn.reply("good")

    handoff = HandoffSpec(targets=("r1", "r2"), join="lead")
    reviewers = [agent(name, timeout_secs=100_000) for name in ("r1", "r2")]
    agents = (agent("dev", handoff=handoff), *reviewers, agent("lead"))
    async with open_workshop(*agents, stale_active_secs=LIMIT) as shop, shop.supervisor() as supervisor:
        shop.plays("r1", talk)
        shop.plays("r2", talk)
        await supervisor.dispatch("dev", "work", thread_id="t1")
        await supervisor.dispatch("lead", "later", thread_id="t2", scheduled_for="2023-11-15T22:13:20Z")
        await trio.sleep(3000)
        assert await stale_since(supervisor, "t1") is None
        assert await stale_since(supervisor, "t2") is None
