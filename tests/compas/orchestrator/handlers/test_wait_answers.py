"""What a wait is answered with, and when: through a whole supervisor, on the virtual clock."""

import msgspec
import pytest
import trio
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.api.waiting import WaitBegan, WaitRequest, WaitResponse
from compas.domain.specs import HandoffSpec
from tests.kit.orchestrator.actor_workshop import agent, open_workshop

CHAINS = pytest.mark.parametrize("chain", [False, True], ids=["message", "chain"])


# proves: b-mcp-cli-merge 21
@pytest.mark.parametrize(("to", "chain"), [("dev", False), ("human", False), ("human", True)])
async def test_a_wait_ends_after_its_second_when_only_the_dispatch_is_there(
    autojump_clock: MockClock, to: str, chain: bool
) -> None:
    async with open_workshop(agent("dev"), agent("human", role="operator")) as shop, shop.supervisor() as supervisor:
        await supervisor.dispatch(to, "100 seconds of work", thread_id="t1")
        began = trio.current_time()
        answer = await supervisor.wait("t1", timeout=1, await_chain=chain)
        assert trio.current_time() == began + 1
        assert (answer.found, answer.reason, answer.timeout_secs) == (False, "timeout", 1)
        assert (answer.chain_pending, answer.message_id) == (False, None)


# proves: b-mcp-cli-merge 22
async def test_a_starting_point_may_be_written_with_and_without_its_prefix(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        posted = await supervisor.dispatch("dev", "one", thread_id="t1")
        reply = (await supervisor.chain(posted)).message_id
        for written in (f"db:{posted.message_id}", f"{posted.message_id}"):
            answer = await supervisor.wait("t1", since_reference=written)
            assert (answer.message_id, answer.body) == (reply, "dev did: one")
            behind = await supervisor.wait(
                "t1", timeout=0, since_reference=written.replace(str(posted.message_id), str(reply))
            )
            assert not behind.found


# proves: b-mcp-cli-merge 24
async def test_a_wait_for_what_is_new_passes_over_an_earlier_reply(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "one", thread_id="t1"))
        await supervisor.dispatch("dev", "50 two", thread_id="t1")
        assert (await supervisor.wait("t1")).body == "dev did: one"
        assert (await supervisor.wait("t1", strict_new=True)).body == "dev did: 50 two"


# proves: b-mcp-cli-merge 25
async def test_a_starting_point_beats_the_wish_for_what_is_new(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        posted = await supervisor.dispatch("dev", "one", thread_id="t1")
        await supervisor.chain(posted)
        answer = await supervisor.wait("t1", timeout=5, since_reference=posted.reference, strict_new=True)
        assert answer.body == "dev did: one"


async def test_of_two_starting_points_the_later_counts(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        posted = await supervisor.dispatch("dev", "one", thread_id="t1")
        await supervisor.chain(posted)
        answer = await supervisor.chain(await supervisor.dispatch("dev", "two", thread_id="t1"))
        for after, body in ((0, "dev did: two"), (answer.message_id, None)):
            found = await supervisor.wait("t1", timeout=5, since_reference=posted.reference, after=after)
            assert found.body == body


# proves: b-mcp-cli-merge 29
@CHAINS
async def test_a_wait_in_a_thread_that_does_not_exist_is_an_error_at_once(
    autojump_clock: MockClock, chain: bool
) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        began = trio.current_time()
        with pytest.raises(RequestFailed, match="there is no thread 'nobody'") as caught:
            await supervisor.wait("nobody", await_chain=chain)
        assert caught.value.code == "unknown_thread"
        assert trio.current_time() == began


# proves: b-mcp-cli-merge 30
@CHAINS
async def test_a_wait_without_time_looks_once(autojump_clock: MockClock, chain: bool) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        posted = await supervisor.dispatch("dev", "100 seconds of work", thread_id="t1")
        began = trio.current_time()
        answer = await supervisor.wait("t1", timeout=0, await_chain=chain)
        assert (answer.found, answer.reason, trio.current_time()) == (False, "timeout", began)
        await supervisor.chain(posted)
        assert (await supervisor.wait("t1", timeout=0, await_chain=chain)).found


# proves: b-mcp-cli-merge 41, a-core 141
async def test_a_chain_that_settled_before_is_answered_at_once_and_without_a_time(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev", to="rev"), agent("rev")) as shop, shop.supervisor() as supervisor:
        posted = await supervisor.dispatch("dev", "one", thread_id="t1")
        assert (await supervisor.chain(posted)).settled_at is not None
        began = trio.current_time()
        again = await supervisor.chain(posted)
        assert (again.found, again.sender, again.settled_at, trio.current_time()) == (True, "rev", None, began)


# proves: b-mcp-cli-merge 48, b-mcp-cli-merge 49
async def test_a_wait_that_runs_out_of_time_says_that_the_chain_is_pending_and_what_runs(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(agent("dev", to="rev"), agent("rev")) as shop, shop.supervisor() as supervisor:
        shop.plays("rev", _never_ends)
        posted = await supervisor.dispatch("dev", "one", thread_id="t1")
        for intent in (None, "completion"):
            answer = await supervisor.wait("t1", timeout=30, await_chain=True, intent=intent)
            assert (answer.found, answer.reason, answer.chain_pending) == (False, "timeout", True)
            (running,) = answer.pending
            assert (running.agent, running.thread_id, running.status) == ("rev", "t1", "executing")
            assert running.execution_id != posted.execution_id
            assert running.execution_id in (answer.next_step or "")
        await supervisor.abandon("t1")


async def _never_ends(turn: object) -> None:
    await trio.sleep_forever()


# proves: b-mcp-cli-merge 140, a-core 55
async def test_an_agents_own_time_limit_counts_and_not_the_one_for_all(autojump_clock: MockClock) -> None:
    patient = agent("dev", timeout_secs=1200)
    async with open_workshop(patient, execution_timeout_secs=600) as shop, shop.supervisor() as supervisor:
        posted = await supervisor.dispatch("dev", "900 seconds of work", thread_id="t1")
        answer = await supervisor.wait("t1", timeout=700, await_chain=True)
        assert (answer.found, answer.chain_pending) == (False, True)
        assert [running.status for running in answer.pending] == ["executing"]
        assert (await supervisor.chain(posted)).body == "dev did: 900 seconds of work"
        late = await supervisor.dispatch("dev", "1300 seconds of work", thread_id="t1")
        assert (await supervisor.chain(late)).intent == "error"


async def test_who_asks_for_progress_is_told_of_each_move_once_and_of_no_earlier_work(
    autojump_clock: MockClock,
) -> None:
    dev = agent("dev", handoff=HandoffSpec(targets=("rev",)))
    async with open_workshop(dev, agent("rev")) as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("rev", "earlier", thread_id="t1"))
        await supervisor.dispatch("dev", "50 seconds", thread_id="t1")
        told: list[WaitBegan] = []
        request = WaitRequest(thread_id="t1", strict_new=True, await_chain=True, progress=True)
        answer = await supervisor.session.request(
            "wait", request, WaitResponse, on_push=lambda raw: told.append(msgspec.msgpack.decode(raw, type=WaitBegan))
        )
        assert answer.found
        moves = [(step.agent, step.status) for one in told for step in one.steps]
        assert moves[-1] == ("rev", "completed")
        assert len(moves) == len(set(moves))
        assert {agent for agent, status in moves if status == "completed"} == {"dev", "rev"}
        assert {one.after for one in told} == {told[0].after}
        quiet: list[object] = []
        await supervisor.session.request(
            "wait", WaitRequest(thread_id="t1"), WaitResponse, on_push=lambda raw: quiet.append(raw)
        )
        assert len(quiet) == 1
