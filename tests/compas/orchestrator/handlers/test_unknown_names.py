"""What is asked about somebody nobody knows is an error that names it, in every operation, and no empty answer."""

from typing import Any

import msgspec
import pytest
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.api.catalogue import OPERATIONS
from compas.api.dispatch import DISPATCH
from compas.api.figures import METRICS
from compas.api.history import EVENTS, EventsRequest, EventsResponse
from compas.api.names import KINDS
from compas.api.operation import parameters
from compas.api.tasks import TASKS
from compas.api.threads import STATUS
from compas.domain.outbox.specs import HookSpec
from tests.kit.api.asked_by_name import ASKED, NO_NAMES, Asked
from tests.kit.orchestrator.actor_workshop import Supervisor, agent, open_workshop

UNKNOWN = {
    "thread": "there is no thread 'add-heatlh-check'; did you mean 'add-health-check'? `compas status` lists them",
    "execution": "there is no execution, and no thread, called 'add-heatlh-check'; did you mean 'add-health-check'? "
    "`compas transcript THREAD` lists them",
    "batch": "no thread has the batch 'nightyl'; did you mean 'nightly'? `compas status` shows which there are",
    "agent": "no agent is called 'rewiever'; did you mean 'reviewer'? There are: dev, reviewer",
    "merge": "there is no merge operation 'nothing'; `compas merge-status` lists them",
}
MISSPELT = {
    "thread": "add-heatlh-check",
    "execution": "add-heatlh-check",
    "batch": "nightyl",
    "agent": "rewiever",
    "merge": "nothing",
}


def test_every_text_that_is_asked_for_is_known_to_name_something_or_not_to() -> None:
    texts = {
        (operation.name, one.wire_name)
        for operation in OPERATIONS
        for one in parameters(operation.request)
        if one.type is str and not one.choices
    }
    assert {(operation, field) for operation, field in texts if field not in KINDS and field not in NO_NAMES} == set()


@pytest.mark.parametrize("asked", ASKED, ids=lambda one: f"{one.operation.name}-{one.field}")
async def test_a_name_that_nobody_knows_is_refused_with_the_nearest_one(
    autojump_clock: MockClock, asked: Asked
) -> None:
    hook = HookSpec(name="h", point="on_thread_closed", command="/bin/h")
    async with (
        open_workshop(agent("dev"), agent("reviewer"), hooks=(hook,)) as shop,
        shop.supervisor() as supervisor,
    ):
        await supervisor.chain(await supervisor.dispatch("dev", "Add a health check.", batch="nightly"))
        await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id="t1"))
        with pytest.raises(RequestFailed) as caught:
            await send(supervisor, asked, MISSPELT[asked.kind])
        assert (caught.value.message, caught.value.code) == (UNKNOWN[asked.kind], f"unknown_{asked.kind}")


async def send(supervisor: Supervisor, asked: Asked, name: str) -> object:
    """Send a request as plain data."""
    operation, arguments = asked.operation, asked.arguments(name)
    return await supervisor.session.request(operation.name, arguments, Any, on_push=lambda item: None)


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
            with pytest.raises(RequestFailed, match="no agent is called 'gone'; there are: dev"):
                await supervisor.ask(DISPATCH, to="gone", body="x")
