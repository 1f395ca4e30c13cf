"""Which execution of a thread is meant: the newest, or one by its number, its id, or the beginning of that."""

import pytest
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.api.activity import EXECUTION_EVENTS, ExecutionEventsResponse
from compas.api.executions import EXECUTIONS
from tests.kit.orchestrator.actor_workshop import Supervisor, agent, open_workshop


async def three(supervisor: Supervisor) -> list[str]:
    """Have an agent work three times in a thread, and return what compas calls these executions."""
    for _ in range(3):
        await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id="t1"))
    return [one.execution_id for one in (await supervisor.ask(EXECUTIONS, execution_id="t1")).executions]


async def test_the_executions_of_a_thread_are_numbered_in_their_order(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        ids = await three(supervisor)
        found = await supervisor.ask(EXECUTIONS, execution_id="t1")
        assert [one.number for one in found.executions] == [1, 2, 3]
        assert (found.thread_id, found.chosen) == ("t1", 3)
        assert {(one.agent, one.status, one.has_steps) for one in found.executions} == {("dev", "completed", True)}
        assert (await supervisor.ask(EXECUTIONS, execution_id=ids[1])).chosen == 2


@pytest.mark.parametrize(("which", "index"), [("1", 0), ("2", 1), ("3", 2), (None, 2)])
async def test_an_execution_is_chosen_by_its_number(autojump_clock: MockClock, which: str | None, index: int) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        ids = await three(supervisor)
        request = {"execution_id": "t1", "which": which}
        found = await supervisor.session.request(EXECUTION_EVENTS.name, request, ExecutionEventsResponse)
        assert found.execution_id == ids[index]
        by_id = await supervisor.ask(EXECUTIONS, execution_id="t1", which=ids[index])
        assert by_id.chosen == index + 1
        beside = await supervisor.ask(EXECUTIONS, execution_id=ids[0], which=which)
        assert beside.chosen == (index + 1 if which is not None else 1)


@pytest.mark.parametrize("which", ["0", "4", "nothing", "-1"])
async def test_one_that_is_not_there_is_refused_with_those_that_are(autojump_clock: MockClock, which: str) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await three(supervisor)
        with pytest.raises(RequestFailed) as caught:
            await supervisor.ask(EXECUTIONS, execution_id="t1", which=which)
        assert caught.value.code == "unknown_execution"
        assert caught.value.message == (
            f"thread t1 has 3 executions, numbers 1 to 3, and none is {which!r}; `compas transcript t1` lists them"
        )


async def test_the_beginning_of_several_ids_chooses_none(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        ids = await three(supervisor)
        start = ids[0][:4]
        with pytest.raises(RequestFailed, match="3 of them begin with"):
            await supervisor.ask(EXECUTIONS, execution_id="t1", which=start)


async def test_a_thread_in_which_nothing_was_started_says_so(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev")) as shop, shop.supervisor() as supervisor:
        await supervisor.dispatch("dev", "x", thread_id="t1", intent="note")
        with pytest.raises(RequestFailed) as caught:
            await supervisor.ask(EXECUTIONS, execution_id="t1")
        assert (caught.value.code, caught.value.message) == (
            "no_execution",
            "nothing has been started in thread t1 yet",
        )
