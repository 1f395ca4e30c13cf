"""Agents that call compas themselves: what they begin is theirs, what they may not is refused, no wait is for ever."""

import msgspec
import pytest
import trio
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.api.dispatch import DISPATCH
from compas.api.lifecycle import ABANDON, CLOSE
from compas.api.merges import MERGE
from compas.api.reviews import VERDICT
from compas.api.supervision import STOP
from compas.api.threads import STATUS
from compas.api.waiting import WaitResponse
from compas.domain import events as e
from compas.domain.specs import HandoffSpec
from tests.kit.orchestrator.actor_workshop import Supervisor, agent, open_workshop
from tests.kit.orchestrator.troupe import Turn

TWO = {"effective_concurrency": 2, "max_triggers_per_agent": 2}


async def test_an_agent_gives_a_task_waits_for_the_answer_and_goes_on(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev"), agent("helper"), **TWO) as shop, shop.supervisor() as supervisor:

        async def ask_for_help(turn: Turn) -> None:
            async with supervisor.called_by(turn.spec) as me:
                posted = await me.dispatch("helper", "5 help", thread_id="t2", sender="somebody else")
                answer = await me.chain(posted)
            await turn.reply(f"helped: {answer.body}")

        shop.plays("dev", ask_for_help)
        posted = await supervisor.dispatch("dev", "work", thread_id="t1")
        found = await supervisor.chain(posted)
        assert found.body == "helped: helper did: 5 help"
        message = next(event for event in await shop.events("t2") if isinstance(event, e.MessagePosted))
        assert (message.sender, message.depth) == ("dev", 1)
        assert sorted(step.agent for step in found.chain) == ["dev", "helper"]
        lineages = {one.lineage for thread in ("t1", "t2") for one in await shop.stream(thread)}
        assert len(lineages) == 1


async def test_a_wait_of_the_operators_covers_what_an_agent_has_begun_elsewhere(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev"), agent("helper"), **TWO) as shop, shop.supervisor() as supervisor:

        async def begin(turn: Turn) -> None:
            async with supervisor.called_by(turn.spec) as me:
                await me.dispatch("helper", "100 help", thread_id="t2")
            await turn.reply("begun")

        shop.plays("dev", begin)
        posted = await supervisor.dispatch("dev", "work", thread_id="t1")
        assert (await supervisor.chain(posted)).body == "begun"
        assert trio.current_time() == 100


@pytest.mark.parametrize(
    ("settings", "helper", "thread"),
    [
        ({"effective_concurrency": 1, "max_triggers_per_agent": 9}, "helper", "t2"),
        ({"effective_concurrency": 9, "max_triggers_per_agent": 1}, "dev", "t2"),
        ({"effective_concurrency": 9, "max_triggers_per_agent": 9}, "helper", "t1"),
    ],
    ids=["the last place", "its own agent's place", "its own thread"],
)
async def test_an_agent_that_waits_for_what_needs_its_own_place_is_told_at_once(
    autojump_clock: MockClock, settings: dict[str, int], helper: str, thread: str
) -> None:
    heard: list[WaitResponse] = []
    async with open_workshop(agent("dev"), agent("helper"), **settings) as shop, shop.supervisor() as supervisor:

        async def ask_for_help(turn: Turn) -> None:
            if turn.instruction != "work":
                await turn.reply("helped")
                return
            async with supervisor.called_by(turn.spec) as me:
                posted = await me.dispatch(helper, "help", thread_id=thread)
                heard.append(await me.chain(posted))
            await turn.reply("gone on")

        shop.plays("dev", ask_for_help)
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        assert (heard[0].found, heard[0].reason, trio.current_time()) == (False, "blocked", 0)
        assert "end your turn" in (heard[0].next_step or "")
        assert len(shop.troupe.turns) == 2


async def test_agents_that_hold_all_places_and_wait_for_each_others_are_not_stuck(autojump_clock: MockClock) -> None:
    heard: list[str | None] = []
    async with open_workshop(agent("dev"), agent("helper"), **TWO) as shop, shop.supervisor() as supervisor:

        async def ask_for_help(turn: Turn) -> None:
            async with supervisor.called_by(turn.spec) as me:
                await trio.sleep(1)
                posted = await me.dispatch("helper", "1 help")
                heard.append((await me.chain(posted)).reason)
            await turn.reply("done")

        shop.plays("dev", ask_for_help)
        posted = [await supervisor.dispatch("dev", "work", thread_id=f"t{number}") for number in range(2)]
        for one in posted:
            await supervisor.chain(one)
        assert sorted(heard, key=str) == [None, "blocked"]


async def refused(me: Supervisor, operation: object, **fields: object) -> str:
    with pytest.raises(RequestFailed) as failure:
        await me.ask(operation, **fields)  # type: ignore[arg-type]
    return failure.value.code


async def test_an_agent_reads_and_dispatches_and_changes_nothing_else_unless_it_may(
    autojump_clock: MockClock,
) -> None:
    codes: list[str] = []
    trusted = agent("trusted", may=("dispatch", "close"))
    async with open_workshop(agent("dev"), trusted, **TWO) as shop, shop.supervisor() as supervisor:

        async def try_all(turn: Turn) -> None:
            async with supervisor.called_by(turn.spec) as me:
                assert (await me.ask(STATUS)).threads
                for operation in (CLOSE, ABANDON, MERGE):
                    fields = {"status": "failed"} if operation is CLOSE else {}
                    codes.append(await refused(me, operation, thread_id="old", **fields))
                codes.append(await refused(me, STOP))
            await turn.reply("tried")

        async def close_it(turn: Turn) -> None:
            async with supervisor.called_by(turn.spec) as me:
                await me.close("old", "failed")
            await turn.reply("closed")

        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="old"))
        shop.plays("dev", try_all)
        shop.plays("trusted", close_it)
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        assert codes == ["not_allowed"] * 3 + ["not_for_agents"]
        await supervisor.chain(await supervisor.dispatch("trusted", "work", thread_id="t2"))
        closed = [event for event in await shop.events("old") if isinstance(event, e.ThreadClosed)]
        assert len(closed) == 1


async def test_a_caller_without_the_token_of_its_execution_changes_nothing(autojump_clock: MockClock) -> None:
    async with open_workshop(**TWO) as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        spec = shop.troupe.turns[0].spec
        async with supervisor.called_by(spec, token="guessed") as me:
            assert await refused(me, DISPATCH, to="dev", body="more") == "unknown_caller"
        async with supervisor.called_by(msgspec.structs.replace(spec, execution="nobody")) as me:
            assert await refused(me, DISPATCH, to="dev", body="more") == "unknown_caller"
        async with supervisor.called_by(spec) as me:
            assert await refused(me, DISPATCH, to="dev", body="more") == "execution_over"
            assert (await me.ask(STATUS)).threads
        assert len(shop.troupe.turns) == 1


async def test_a_reviewer_gives_its_verdict_by_a_call_and_that_ends_the_chain(autojump_clock: MockClock) -> None:
    handoff = HandoffSpec(targets=("rev",), until="approved")
    back = HandoffSpec(targets=("dev",))
    team = (agent("dev", handoff=handoff), agent("rev", handoff=back))
    async with open_workshop(*team, **TWO) as shop, shop.supervisor() as supervisor:

        async def review(turn: Turn) -> None:
            async with supervisor.called_by(turn.spec) as me:
                await me.ask(VERDICT, verdict="request_changes")
                said = await me.ask(VERDICT, verdict="approve")
                assert said.execution_id == turn.spec.execution
            await turn.reply("Read.\n\nVerdict: request changes")

        shop.plays("rev", review)
        found = await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        assert [(step.agent, step.verdict) for step in found.chain] == [("dev", ""), ("rev", "approve")]


async def test_a_verdict_is_a_reviewers_who_is_at_work(autojump_clock: MockClock) -> None:
    async with open_workshop(**TWO) as shop, shop.supervisor() as supervisor:
        assert await refused(supervisor, VERDICT, verdict="approve") == "not_an_agent"
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))
        async with supervisor.called_by(shop.troupe.turns[0].spec) as me:
            assert await refused(me, VERDICT, verdict="approve") == "execution_over"
