"""A supervisor that starts with another config: what waited and what ran for agents that are not as they were."""

import msgspec
import pytest
from trio.testing import MockClock

from compas.domain import events as e
from compas.domain.specs import AgentSpec, BackendSpec
from tests.kit.orchestrator.actor_workshop import Workshop, agent, open_workshop


def reconfigure(shop: Workshop, *agents: AgentSpec) -> None:
    """Let the next supervisor have these agents."""
    shop.config = msgspec.structs.replace(shop.config, agents={one.alias: one for one in agents})


# proves: a-core 53
async def test_what_waits_for_an_agent_that_was_removed_fails_with_its_name_and_fails_its_thread(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(agent("dev"), agent("other"), effective_concurrency=1) as shop:
        async with shop.supervisor() as supervisor:
            await supervisor.dispatch("other", "100 seconds", thread_id="t0")
            posted = await supervisor.dispatch("dev", "work", thread_id="t1")
            await supervisor.crash()
        reconfigure(shop, agent("other"))
        async with shop.supervisor() as supervisor:
            answer = await supervisor.chain(posted)
            assert (answer.intent, answer.thread_status) == ("error", "Failed")
            assert answer.body is not None
            assert "the agent 'dev' is not in the config any more" in answer.body
        assert shop.troupe.tasks() == [("other", "100 seconds")]


async def test_what_waits_for_an_agent_that_has_become_a_person_is_not_started(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev"), agent("other"), effective_concurrency=1) as shop:
        async with shop.supervisor() as supervisor:
            await supervisor.dispatch("other", "100 seconds", thread_id="t0")
            posted = await supervisor.dispatch("dev", "work", thread_id="t1")
            await supervisor.crash()
        reconfigure(shop, agent("other"), msgspec.structs.replace(agent("dev"), role="operator"))
        async with shop.supervisor() as supervisor:
            answer = await supervisor.chain(posted)
            assert "the agent 'dev' has the role operator now" in (answer.body or "")
        assert shop.troupe.tasks() == [("other", "100 seconds")]


# proves: a-core 54
async def test_an_agent_on_a_backend_that_is_not_there_fails_with_the_backends_name(autojump_clock: MockClock) -> None:
    lost = msgspec.structs.replace(agent("dev"), backend="teletype")
    async with open_workshop(lost) as shop, shop.supervisor() as supervisor:
        answer = await supervisor.chain(await supervisor.dispatch("dev", "work"))
        assert (answer.intent, answer.thread_status) == ("error", "Failed")
        assert answer.body is not None
        assert "there is no backend 'teletype'" in answer.body
        assert "scripted" in answer.body, "it says which there are"
        assert not shop.runners.starts


# proves: a-core 54
@pytest.mark.parametrize(
    ("backend", "says"), [("teletype", "there is no backend 'teletype'"), ("cli", "was queued for 'scripted'")]
)
async def test_what_waits_for_an_agent_that_was_moved_to_another_backend_is_not_run_with_its_new_settings(
    autojump_clock: MockClock, backend: str, says: str
) -> None:
    cli = BackendSpec(name="cli", command="true")
    async with open_workshop(agent("dev"), agent("other"), effective_concurrency=1, backends={"cli": cli}) as shop:
        async with shop.supervisor() as supervisor:
            await supervisor.dispatch("other", "100 seconds", thread_id="t0")
            posted = await supervisor.dispatch("dev", "work", thread_id="t1")
            await supervisor.crash()
        reconfigure(shop, agent("other"), msgspec.structs.replace(agent("dev"), backend=backend))
        async with shop.supervisor() as supervisor:
            answer = await supervisor.chain(posted)
            assert (answer.intent, answer.thread_status) == ("error", "Failed")
            assert answer.body is not None
            assert says in answer.body
        assert shop.troupe.tasks() == [("other", "100 seconds")]


async def test_what_runs_for_an_agent_that_was_removed_ends_as_it_would_have_and_stays_visible(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(agent("dev"), agent("other")) as shop:
        async with shop.supervisor() as supervisor:
            async with supervisor.system.bus.subscribe(lambda event: _is_start(event)) as starts:
                posted = await supervisor.dispatch("dev", "100 seconds", thread_id="t1")
                await starts.receive()
            await supervisor.crash()
        reconfigure(shop, agent("other"))
        async with shop.supervisor() as supervisor:
            assert (await supervisor.chain(posted)).body == "dev did: 100 seconds"
            (run,) = (await supervisor.transcript("t1")).executions
            assert (run.agent, run.status) == ("dev", "completed")
        assert list(shop.runners.starts.values()) == [1]


def _is_start(event: object) -> bool:
    return isinstance(event, e.Recorded) and isinstance(event.event, e.ExecutionStarted)
