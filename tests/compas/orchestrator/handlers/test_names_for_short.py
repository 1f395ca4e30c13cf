"""What stands for the name of a thread: its beginning, where nothing is changed, and `@last`, everywhere."""

import pytest
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.api.batches import BATCH_STATUS
from compas.api.diagnosis import WHY
from compas.api.dispatch import DISPATCH
from compas.api.executions import EXECUTIONS
from compas.api.figures import METRICS
from compas.api.history import EVENTS, EventsRequest, LogEvent
from compas.api.lifecycle import CLOSE
from compas.api.merges import MERGE_STATUS
from compas.api.operation import Operation
from compas.api.threads import STATUS, TRANSCRIPT
from compas.api.waiting import WAIT
from compas.domain import events as e
from tests.kit.orchestrator.actor_workshop import Supervisor, agent, open_workshop
from tests.kit.orchestrator.troupe import Turn

HERE, THERE = "terminal:7:100", "editor:abc"


async def refusal(supervisor: Supervisor, operation: Operation, **fields: object) -> tuple[str, str]:
    with pytest.raises(RequestFailed) as caught:
        await supervisor.ask(operation, **fields)
    return caught.value.code, caught.value.message


@pytest.mark.parametrize("operation", [STATUS, WHY, WAIT, TRANSCRIPT], ids=lambda one: one.name)
async def test_reading_takes_the_beginning_of_a_name_that_only_one_has(
    autojump_clock: MockClock, operation: Operation
) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "Add a health check."))
        by_whole = await supervisor.ask(operation, thread_id="add-health-check")
        by_beginning = await supervisor.ask(operation, thread_id="add-")
        assert by_whole == by_beginning
        code, _ = await refusal(supervisor, operation, thread_id="add")
        assert code == "unknown_thread", "three characters are too few"


async def test_a_name_that_is_whole_stands_for_itself_though_others_begin_so(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        for name in ("health", "health-check"):
            await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id=name))
        assert (await supervisor.ask(WHY, thread_id="health")).thread_id == "health"
        assert await refusal(supervisor, WHY, thread_id="heal") == (
            "ambiguous_name",
            "'heal' is the beginning of several names: health, health-check; give as much as only one begins with",
        )


async def test_of_many_names_that_begin_so_the_first_are_listed(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        for number in range(9):
            await supervisor.dispatch("dev", "x", thread_id=f"task-{number}", intent="note")
        _, sentence = await refusal(supervisor, WHY, thread_id="task")
        assert "task-0, task-1, task-2, task-3, task-4 and more; " in sentence


async def test_what_changes_something_takes_whole_names_and_suggests_the_one_that_was_meant(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "Add a health check."))
        assert await refusal(supervisor, CLOSE, thread_id="add-health") == (
            "unknown_thread",
            "there is no thread 'add-health'; did you mean 'add-health-check'? `compas status` lists them",
        )
        assert (await supervisor.dispatch("dev", "x", thread_id="add-health")).thread_id == "add-health"


async def test_batches_merges_agents_and_executions_have_beginnings_too(autojump_clock: MockClock) -> None:
    agents = (agent("developer", workspace="worktree"),)
    async with open_workshop(*agents) as shop, shop.supervisor() as supervisor:
        posted = await supervisor.dispatch("developer", "x", thread_id="t1", batch="nightly")
        await supervisor.chain(posted)
        assert (await supervisor.ask(BATCH_STATUS, batch_id="night")).batch_id == "nightly"
        assert (await supervisor.ask(METRICS, agent="devel")).done == 1
        execution = posted.execution_id or ""
        found = await supervisor.ask(EXECUTIONS, execution_id=execution[:-1])
        assert (found.thread_id, [one.execution_id for one in found.executions]) == ("t1", [execution])
        code, _ = await refusal(supervisor, MERGE_STATUS, op_id=execution[:4])
        assert code == "unknown_merge"


async def test_a_thread_that_is_followed_before_it_is_opened_is_taken_at_its_word(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id="health-check"))
        request = EventsRequest(thread_id="health", follow=True)
        async with supervisor.session.open_stream(EVENTS.name, request, LogEvent) as events:
            await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id="health"))
            assert (await anext(events)).stream == e.thread_stream("health")


async def test_last_is_the_thread_that_was_dispatched_last_from_the_same_place(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop:
        async with (
            shop.supervisor() as supervisor,
            supervisor.connected(origin=HERE) as here,
            supervisor.connected(origin=THERE) as there,
        ):
            await here.chain(await here.dispatch("dev", "one", thread_id="t1"))
            await here.chain(await here.dispatch("dev", "two", thread_id="t2"))
            await there.chain(await there.dispatch("dev", "three", thread_id="t3"))
            assert (await here.ask(WHY, thread_id="@last")).thread_id == "t2"
            assert (await there.ask(WHY, thread_id="@last")).thread_id == "t3"
            again = await here.dispatch("dev", "again", thread_id="@last")
            assert again.thread_id == "t2"
            await here.chain(again)
            assert (await here.ask(EXECUTIONS, execution_id="@last")).executions[-1].execution_id == again.execution_id
            assert (await here.close("@last")).thread_id == "t2"
            await here.chain(await here.dispatch("dev", "x", thread_id="new"))
        async with shop.supervisor() as supervisor, supervisor.connected(origin=HERE) as here:
            assert (await here.ask(WHY, thread_id="@last")).thread_id == "new", "it survives the supervisor"


async def test_last_is_refused_where_nothing_was_dispatched_or_nobody_knows_from_where(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "one", thread_id="t1"))
        code, sentence = await refusal(supervisor, CLOSE, thread_id="@last")
        assert (code, "this call comes from neither" in sentence) == ("no_last_thread", True)
        for origin, place in ((HERE, "this terminal"), (THERE, "this editor")):
            async with supervisor.connected(origin=origin) as client:
                code, sentence = await refusal(client, DISPATCH, to="dev", body="x", thread_id="@last")
                assert (code, place in sentence) == ("no_last_thread", True)


async def test_an_agent_cannot_choose_what_last_is_in_its_operators_terminal(autojump_clock: MockClock) -> None:
    codes: list[str] = []
    async with (
        open_workshop(agent("dev", may=("dispatch",)), agent("other")) as shop,
        shop.supervisor() as supervisor,
        supervisor.connected(origin=HERE) as here,
    ):

        async def forge(turn: Turn) -> None:
            async with supervisor.called_by(turn.spec, origin=HERE) as agent:
                await agent.dispatch("other", "x", thread_id="t2")
                codes.append((await refusal(agent, WHY, thread_id="@last"))[0])
            await turn.reply("done")

        shop.plays("dev", forge)
        await here.chain(await here.dispatch("dev", "work", thread_id="t1"))
        assert codes == ["no_last_thread"]
        assert (await here.ask(WHY, thread_id="@last")).thread_id == "t1"
