"""A thread that has ended is taken up again; nothing starts by it, and an active one is refused."""

import pytest
import trio
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.api.lifecycle import ABANDON, CLOSE, REOPEN, CloseMerge
from compas.api.operation import Operation
from compas.domain import events as e
from tests.kit.orchestrator.actor_workshop import agent, open_workshop


@pytest.mark.parametrize("ended", ["Completed", "Failed", "Abandoned"])
async def test_a_thread_that_has_ended_is_active_again_and_goes_on_when_it_is_given_work(
    autojump_clock: MockClock, ended: str
) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "one", thread_id="t1"))
        await (supervisor.abandon("t1") if ended == "Abandoned" else supervisor.close("t1", ended.lower()))
        found = await supervisor.ask(REOPEN, thread_id="t1")
        assert (found.thread_id, found.previous_status, found.new_status) == ("t1", ended, "Active")
        await trio.sleep(600)
        assert (await supervisor.transcript("t1")).thread_status == "Active"
        assert len(shop.troupe.turns) == 1, "reopening starts nothing"
        posted = await supervisor.dispatch("dev", "two", thread_id="t1")
        assert (posted.reopened, (await supervisor.chain(posted)).body) == (False, "dev did: two")


# proves: a-core 145
async def test_an_active_thread_cannot_be_reopened(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "one", thread_id="t1"))
        before = await shop.events("t1")
        with pytest.raises(RequestFailed, match="t1 is Active, and only one that has ended") as caught:
            await supervisor.ask(REOPEN, thread_id="t1")
        assert caught.value.code == "not_ended"
        assert "compas dispatch AGENT TEXT --thread t1" in caught.value.message
        assert await shop.events("t1") == before


# proves: a-core 144
@pytest.mark.parametrize("operation", [CLOSE, ABANDON, REOPEN], ids=lambda operation: operation.name)
async def test_ending_or_reopening_a_thread_that_does_not_exist_is_an_error_that_says_so(
    autojump_clock: MockClock, operation: Operation
) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        with pytest.raises(RequestFailed, match="there is no thread 'nobody'") as caught:
            await supervisor.ask(operation, thread_id="nobody")
        assert caught.value.code == "unknown_thread"
        assert await shop.events() == ()


async def test_a_repeated_request_reopens_once_and_says_the_same(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "one", thread_id="t1"))
        await supervisor.close("t1", "failed")
        first = await supervisor.ask(REOPEN, "r1", thread_id="t1")
        assert await supervisor.ask(REOPEN, "r1", thread_id="t1") == first
        assert sum(isinstance(event, e.ThreadReopened) for event in await shop.events("t1")) == 1


async def test_what_is_still_being_ended_in_a_reopened_thread_holds_the_next_work_up_until_it_is_gone(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(agent("dev")) as shop, shop.supervisor() as supervisor:
        await supervisor.dispatch("dev", "900 seconds of work", thread_id="t1")
        await supervisor.wait("t1", timeout=1)
        await supervisor.abandon("t1")
        await supervisor.ask(REOPEN, thread_id="t1")
        posted = await supervisor.dispatch("dev", "two", thread_id="t1")
        assert (await supervisor.chain(posted)).body == "dev did: two"
        kinds = [type(event).__name__ for event in await shop.events("t1")]
        assert kinds.index("ExecutionStopped") < len(kinds) - kinds[::-1].index("ExecutionStarted") - 1


async def test_closing_with_a_merge_says_where_there_was_nothing_to_merge(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "one", thread_id="t1"))
        found = await supervisor.ask(CLOSE, thread_id="t1", merge=CloseMerge())
        assert found.status == "Completed"
        assert found.note == "nothing was merged: thread t1 has no worktree, and so no branch to merge"
        assert found.merge_op_id is None


async def test_closing_a_thread_that_was_abandoned_says_so(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "one", thread_id="t1"))
        await supervisor.abandon("t1")
        found = await supervisor.ask(CLOSE, thread_id="t1")
        assert (found.status, found.note) == ("Completed", "it was abandoned before, and is Completed now")
