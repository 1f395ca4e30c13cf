"""What a dispatch is answered with: where the message is, what comes of it, and what to do next."""

import msgspec
import pytest
import trio
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.domain.specs import HandoffSpec
from tests.kit.orchestrator.actor_workshop import agent, open_workshop
from tests.kit.orchestrator.troupe import Turn, echo


# proves: b-mcp-cli-merge 2
async def test_a_dispatch_without_a_thread_opens_one_and_says_how_to_wait_for_the_answer(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        posted, other = [await supervisor.dispatch("dev", body) for body in ("one", "two")]
        assert posted.thread_id != other.thread_id
        transcript = await supervisor.transcript(posted.thread_id)
        assert transcript.thread_status == "Active"
        first = transcript.messages[0]
        assert (first.id, first.reference, first.body) == (posted.message_id, posted.reference, "one")
        assert f"--thread-id {posted.thread_id} --since db:{posted.message_id}" in posted.next_step


# proves: b-mcp-cli-merge 3
async def test_a_second_dispatch_stays_in_its_thread_and_speaks_of_no_reopening(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "one", thread_id="t1"))
        posted = await supervisor.dispatch("dev", "two", thread_id="t1")
        assert posted.thread_id == "t1"
        written = msgspec.json.decode(msgspec.json.encode(posted))
        assert not {"reopened", "previous_status"} & set(written)
        bodies = [message.body for message in (await supervisor.transcript("t1")).messages]
        assert (bodies[0], bodies[-1]) == ("one", "two")


# proves: b-mcp-cli-merge 4
@pytest.mark.parametrize("ended", ["Completed", "Failed", "Abandoned"])
async def test_a_dispatch_reopens_a_thread_that_has_ended_and_says_how_it_had(
    autojump_clock: MockClock, ended: str
) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "one", thread_id="t1"))
        if ended == "Abandoned":
            await supervisor.abandon("t1")
        else:
            await supervisor.close("t1", ended.lower())
        assert (await supervisor.transcript("t1")).thread_status == ended
        posted = await supervisor.dispatch("dev", "two", thread_id="t1")
        assert (posted.reopened, posted.previous_status) == (True, ended)
        assert (await supervisor.transcript("t1")).thread_status == "Active"
        assert (await supervisor.chain(posted)).body == "dev did: two"


# proves: b-mcp-cli-merge 14
async def test_an_intent_that_starts_no_work_is_kept_and_warned_of(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        posted = await supervisor.dispatch("dev", "remember this", thread_id="t1", intent="note")
        assert posted.execution_id is None
        assert posted.warning is not None
        assert "'note' starts no work" in posted.warning
        transcript = await supervisor.transcript("t1")
        assert [message.body for message in transcript.messages] == ["remember this"]
        assert transcript.executions == ()
        assert (await supervisor.dispatch("dev", "do this")).warning is None


# proves: b-mcp-cli-merge 15
async def test_a_dispatch_to_a_person_warns_that_nothing_will_run(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev"), agent("human", role="operator")) as shop, shop.supervisor() as supervisor:
        posted = await supervisor.dispatch("human", "please look", thread_id="t1")
        assert posted.warning is not None
        assert "nothing will run" in posted.warning
        assert (await supervisor.transcript("t1")).executions == ()


SEVERAL = HandoffSpec(targets=("rev", "lead"))


# proves: b-mcp-cli-merge 16
@pytest.mark.parametrize(
    ("to", "names"),
    [("rev", ("rev",)), (SEVERAL, ("rev", "lead")), ("operator", ()), (None, ())],
    ids=["one", "several", "operator", "nobody"],
)
async def test_the_hint_recommends_the_whole_chain_where_there_is_one(
    autojump_clock: MockClock, to: str | HandoffSpec | None, names: tuple[str, ...]
) -> None:
    dev = agent("dev", to=to) if isinstance(to, str | None) else msgspec.structs.replace(agent("dev"), handoff=to)
    async with open_workshop(dev, agent("rev"), agent("lead")) as shop, shop.supervisor() as supervisor:
        posted = await supervisor.dispatch("dev", "work", thread_id="t1")
        assert posted.await_chain == bool(names)
        assert ("--await-chain" in posted.next_step) == bool(names)
        assert [name for name in ("rev", "lead") if name in posted.next_step] == list(names)


# proves: b-mcp-cli-merge 6, a-core 26
async def test_a_dispatch_over_the_queue_limit_is_refused_with_both_numbers_and_leaves_nothing(
    autojump_clock: MockClock,
) -> None:
    team = (agent("dev"), agent("human", role="operator"))
    async with open_workshop(*team, max_queued_executions=1) as shop, shop.supervisor() as supervisor:
        first = await supervisor.dispatch("dev", "100 seconds of work", thread_id="t1", request_id="r1")
        with pytest.raises(RequestFailed, match="1 of at most 1 executions") as caught:
            await supervisor.dispatch("dev", "more", thread_id="t2")
        assert caught.value.code == "queue_full"
        assert "compas abandon" in caught.value.message
        assert await shop.events("t2") == ()
        assert await supervisor.dispatch("dev", "100 seconds of work", thread_id="t1", request_id="r1") == first
        assert (await supervisor.dispatch("human", "please look")).execution_id is None, "it starts nothing"
        await supervisor.chain(first)
        assert (await supervisor.chain(await supervisor.dispatch("dev", "more", thread_id="t2"))).found


# proves: b-mcp-cli-merge 7
async def test_an_execution_for_a_later_time_counts_towards_the_queue_limit(autojump_clock: MockClock) -> None:
    async def fails_once(turn: Turn) -> None:
        shop.plays("dev", echo)
        await turn.fail("try later", "transient")

    dev = agent("dev", max_retries=1, retry_backoff_secs=100)
    async with open_workshop(dev, max_queued_executions=1) as shop, shop.supervisor() as supervisor:
        shop.plays("dev", fails_once)
        posted = await supervisor.dispatch("dev", "work", thread_id="t1")
        waiting = await supervisor.wait("t1", timeout=50, await_chain=True)
        assert [one.eligible_at is not None for one in waiting.pending] == [True]
        with pytest.raises(RequestFailed, match="1 of at most 1"):
            await supervisor.dispatch("dev", "more", thread_id="t2")
        assert (await supervisor.chain(posted)).body == "dev did: work"
        assert (await supervisor.dispatch("dev", "more", thread_id="t2")).execution_id is not None


async def test_dispatches_at_the_same_moment_share_what_is_left_of_the_queue(autojump_clock: MockClock) -> None:
    async with open_workshop(max_queued_executions=3) as shop, shop.supervisor() as supervisor:
        answers: list[str] = []

        async def try_to_dispatch(thread: str) -> None:
            try:
                await supervisor.dispatch("dev", "10 seconds of work", thread_id=thread)
                answers.append("accepted")
            except RequestFailed as failure:
                answers.append(failure.code)

        async with trio.open_nursery() as nursery:
            for n in range(9):
                nursery.start_soon(try_to_dispatch, f"t{n}")
        assert sorted(answers) == ["accepted"] * 3 + ["queue_full"] * 6
