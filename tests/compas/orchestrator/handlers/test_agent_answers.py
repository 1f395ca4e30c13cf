"""What `list_agents` says of the agents of a config."""

import msgspec
from trio.testing import MockClock

from compas.api.agents import LIST_AGENTS
from compas.domain.specs import HandoffSpec
from tests.kit.orchestrator.actor_workshop import agent, open_workshop


async def test_the_list_says_who_is_busy_and_who_gets_whose_replies(autojump_clock: MockClock) -> None:
    lead = msgspec.structs.replace(agent("lead"), handoff=HandoffSpec(targets=("dev", "reviewer")))
    team = (
        agent("dev", to="reviewer", depth=5, max_concurrent=3, timeout_secs=1200, model="large"),
        agent("reviewer", to="operator"),
        lead,
        agent("me", role="operator"),
    )
    async with open_workshop(*team) as shop, shop.supervisor() as supervisor:
        await supervisor.dispatch("dev", "100 seconds of work", thread_id="t1", skip_handoff=True)
        await supervisor.wait("t1", timeout=1)
        listed = await supervisor.ask(LIST_AGENTS)
        assert (listed.global_max_concurrent, listed.global_active, listed.global_available) == (4, 1, 3)
        assert listed.execution_timeout_secs == 600
        dev, reviewer, lead_listed, me = listed.agents
        assert (dev.alias, dev.model, dev.timeout_secs, dev.max_concurrent) == ("dev", "large", 1200, 3)
        assert (dev.active, dev.queued, dev.available) == (1, 0, 2)
        assert (dev.handoff_to, dev.max_chain_depth, dev.await_chain_recommended) == ("reviewer", 5, True)
        assert (reviewer.handoff_to, reviewer.max_chain_depth, reviewer.await_chain_recommended) == (None, None, False)
        assert lead_listed.handoff_to == ("dev", "reviewer")
        assert me.role == "operator"


# proves: b-mcp-cli-merge 137
async def test_places_are_never_counted_below_none(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev", max_concurrent=3)) as shop:
        async with shop.supervisor() as supervisor:
            for thread in ("t1", "t2"):
                await supervisor.dispatch("dev", "100 seconds of work", thread_id=thread)
                await supervisor.wait(thread, timeout=1)
            await supervisor.crash()
        fewer = {"agents": {"dev": agent("dev", max_concurrent=1)}, "effective_concurrency": 1}
        shop.config = msgspec.structs.replace(shop.config, **fewer)
        async with shop.supervisor() as supervisor:
            listed = await supervisor.ask(LIST_AGENTS)
            assert (listed.agents[0].active, listed.agents[0].available) == (2, 0)
            assert (listed.global_active, listed.global_available) == (2, 0)
