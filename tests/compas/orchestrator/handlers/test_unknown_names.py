"""What is asked about somebody nobody knows is an error that names it, and no empty answer."""

import msgspec
import pytest
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.api.diagnosis import WHY
from compas.api.figures import METRICS, TOOL_STATS
from compas.api.history import EVENTS, EventsRequest, EventsResponse
from compas.api.lifecycle import CLOSE
from compas.api.merges import MERGE, MERGE_STATUS
from compas.api.operation import Operation
from compas.api.tasks import TASKS
from compas.api.threads import STATUS
from compas.api.waiting import WAIT
from compas.api.worktrees import WORKTREES
from tests.kit.orchestrator.actor_workshop import agent, open_workshop

UNKNOWN = {
    "agent": ("no agent is called 'nobody'; there are: dev, human", "unknown_agent"),
    "thread_id": ("there is no thread 'nobody'; `compas status` lists them", "unknown_thread"),
    "batch_id": ("no thread has the batch 'nobody'; `compas status` shows which there are", "unknown_batch"),
}
ABOUT: tuple[tuple[Operation, str], ...] = (
    *((STATUS, name) for name in UNKNOWN),
    *((TASKS, name) for name in UNKNOWN),
    (METRICS, "agent"),
    (TOOL_STATS, "agent"),
    (WORKTREES, "thread_id"),
    (MERGE_STATUS, "thread_id"),
)


@pytest.mark.parametrize(("operation", "about"), ABOUT, ids=lambda one: getattr(one, "name", one))
async def test_what_is_asked_about_a_name_that_nobody_knows_is_refused(
    autojump_clock: MockClock, operation: Operation, about: str
) -> None:
    async with open_workshop(agent("dev"), agent("human", role="operator")) as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id="t1", batch="b1"))
        sentence, code = UNKNOWN[about]
        with pytest.raises(RequestFailed) as caught:
            await supervisor.ask(operation, **{about: "nobody"})
        assert (caught.value.message, caught.value.code) == (sentence, code)
        known = {"agent": "human", "thread_id": "t1", "batch_id": "b1"}[about]
        assert await supervisor.ask(operation, **{about: known}) is not None


async def test_events_of_a_thread_that_nobody_knows_are_refused(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        with pytest.raises(RequestFailed, match="there is no thread 'nobody'"):
            await supervisor.session.request(EVENTS.name, EventsRequest(thread_id="nobody"), EventsResponse)


async def test_an_agent_that_has_left_the_config_is_known_as_long_as_the_log_knows_it(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(agent("dev"), agent("gone")) as shop:
        async with shop.supervisor() as supervisor:
            await supervisor.chain(await supervisor.dispatch("gone", "x", thread_id="t1"))
        shop.config = msgspec.structs.replace(shop.config, agents={"dev": shop.config.agents["dev"]})
        async with shop.supervisor() as supervisor:
            (row,) = (await supervisor.ask(STATUS, agent="gone")).threads
            assert row.thread_id == "t1"
            assert (await supervisor.ask(METRICS, agent="gone")).done == 1
            assert (await supervisor.ask(TASKS, agent="operator")).tasks == ()


@pytest.mark.parametrize("operation", [STATUS, WHY, CLOSE, WAIT, MERGE], ids=lambda one: one.name)
async def test_a_thread_whose_name_is_misspelt_is_suggested(autojump_clock: MockClock, operation: Operation) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "Add a health check."))
        with pytest.raises(RequestFailed) as caught:
            await supervisor.ask(operation, thread_id="add-heatlh-check")
        said = "there is no thread 'add-heatlh-check'; did you mean 'add-health-check'? `compas status` lists them"
        assert (caught.value.message, caught.value.code) == (said, "unknown_thread")
