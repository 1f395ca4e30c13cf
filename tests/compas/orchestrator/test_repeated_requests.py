"""A request takes effect once however often it is sent, and its id belongs to it for good."""

import pytest
import trio
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.api.batches import ABANDON_BATCH
from compas.api.dispatch import DispatchResponse
from compas.api.lifecycle import ABANDON, CLOSE, REOPEN
from compas.domain import events as e
from compas.domain.requests import RequestId
from compas.store.records import Append
from tests.kit.orchestrator.actor_workshop import Supervisor, Workshop, agent, open_workshop


async def status(supervisor: Supervisor, thread: str) -> str | None:
    return (await supervisor.transcript(thread)).thread_status


async def posted(shop: Workshop, thread: str) -> list[str]:
    return [event.body for event in await shop.events(thread) if isinstance(event, e.MessagePosted)]


async def test_an_id_used_again_for_another_thread_is_refused_and_nothing_happens(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        for thread in ("a", "b"):
            await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id=thread))
        first = await supervisor.ask(ABANDON, "r1", thread_id="a")
        with pytest.raises(RequestFailed, match="'r1' was used for abandon with other arguments before") as refused:
            await supervisor.ask(ABANDON, "r1", thread_id="b")
        assert refused.value.code == "request_id_reused"
        assert await status(supervisor, "b") == "Active"
        assert await supervisor.ask(ABANDON, "r1", thread_id="a") == first


async def test_an_id_used_again_for_another_operation_is_refused_by_name(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="a", request_id="r1"))
        for operation in (ABANDON, CLOSE, REOPEN):
            with pytest.raises(RequestFailed, match="was used for dispatch before") as refused:
                await supervisor.ask(operation, "r1", thread_id="a")
            assert refused.value.code == "request_id_reused"
        assert await status(supervisor, "a") == "Active"


async def test_an_id_is_kept_for_its_request_by_the_next_supervisor_too(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop:
        async with shop.supervisor() as supervisor:
            first = await supervisor.dispatch("dev", "work", thread_id="a", request_id="r1")
            await supervisor.chain(first)
        async with shop.supervisor() as supervisor:
            assert await supervisor.dispatch("dev", "work", thread_id="a", request_id="r1") == first
            with pytest.raises(RequestFailed, match="request_id_reused"):
                await supervisor.dispatch("dev", "other work", thread_id="a", request_id="r1")
        assert (await posted(shop, "a")).count("work") == 1


async def test_a_request_that_was_refused_has_not_used_its_id(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        with pytest.raises(RequestFailed, match="unknown_agent"):
            await supervisor.dispatch("nobody", "work", request_id="r1")
        assert (await supervisor.dispatch("dev", "work", request_id="r1")).execution_id is not None


async def test_the_same_request_sent_twice_at_once_has_one_effect_and_one_answer(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        answers: list[DispatchResponse] = []

        async def dispatch() -> None:
            answers.append(await supervisor.dispatch("dev", "work", thread_id="a", request_id="r1"))

        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(dispatch)
        assert answers == answers[:1] * 5
        assert (await posted(shop, "a")).count("work") == 1


async def test_a_close_sent_twice_at_once_is_answered_twice_as_closed(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="a"))
        answers: list[str] = []

        async def close() -> None:
            answers.append((await supervisor.ask(CLOSE, "r1", thread_id="a", status="failed")).status)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(close)
            nursery.start_soon(close)
        assert answers == ["Failed", "Failed"]


async def test_two_requests_at_once_under_one_id_are_never_mixed(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        answered: list[str] = []
        refused: list[str] = []

        async def dispatch(body: str) -> None:
            try:
                await supervisor.dispatch("dev", body, thread_id="a", request_id="r1")
            except RequestFailed as failure:
                refused.append(failure.code)
            else:
                answered.append(body)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(dispatch, "one")
            nursery.start_soon(dispatch, "two")
        assert refused == ["request_id_reused"]
        assert [body for body in await posted(shop, "a") if body in ("one", "two")] == answered


async def test_the_thread_itself_tells_a_repeat_whose_first_sending_was_given_up(autojump_clock: MockClock) -> None:
    # The client goes while its close waits for the disk's answer: the thread has it, and the gate has forgotten it.
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="a"))
        async with (
            trio.open_nursery() as nursery,
            supervisor.when(e.ThreadClosed, lambda _: nursery.cancel_scope.cancel()),
        ):
            await supervisor.ask(CLOSE, "r1", thread_id="a", status="failed")
        assert nursery.cancel_scope.cancelled_caught
        assert (await supervisor.ask(CLOSE, "r1", thread_id="a", status="failed")).status == "Failed"


async def test_what_an_older_compas_recorded_without_a_digest_is_a_repeat(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        body = b'{"thread_id":"a","status":"Abandoned"}'
        await shop.store.append_all([Append(events=(), request=RequestId(name="r1"), response=body)])
        assert (await supervisor.ask(ABANDON, "r1", thread_id="a")).status == "Abandoned"
        with pytest.raises(RequestFailed, match="another operation"):
            await supervisor.dispatch("dev", "work", request_id="r1")


@pytest.mark.parametrize("name", ["hand-back:x", "a/b", "", " ", "x" * 129, "r\n", "é"])
async def test_no_client_can_use_the_names_of_requests_of_compas_itself(autojump_clock: MockClock, name: str) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        if not name:  # without a name a request is a new one each time
            answers = [await supervisor.dispatch("dev", "work", thread_id="a", request_id="") for _ in range(2)]
            assert answers[0] != answers[1]
            return
        with pytest.raises(RequestFailed, match="cannot be a request id") as refused:
            await supervisor.dispatch("dev", "work", thread_id="a", request_id=name)
        assert refused.value.code == "invalid"
        assert await shop.events("a") == ()


async def test_a_batch_abandoned_twice_under_one_id_is_counted_the_same(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev")) as shop, shop.supervisor() as supervisor:
        for thread in ("a", "b"):
            await supervisor.dispatch("dev", "100 seconds of work", thread_id=thread, batch="night")
        await supervisor.dispatch("dev", "100 seconds of work", thread_id="c", batch="day")
        first = await supervisor.ask(ABANDON_BATCH, "r1", batch_id="night")
        assert first.threads_abandoned == 2
        assert await supervisor.ask(ABANDON_BATCH, "r1", batch_id="night") == first
        with pytest.raises(RequestFailed, match="request_id_reused"):
            await supervisor.ask(ABANDON_BATCH, "r1", batch_id="day")
        assert await status(supervisor, "c") == "Active"
