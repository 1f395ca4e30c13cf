"""Batches are given up thread by thread, all of them, and counted."""

import pytest
import trio
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.api.batches import ABANDON_BATCH, BATCH_STATUS
from compas.domain import events as e
from tests.kit.orchestrator.actor_workshop import Supervisor, agent, open_workshop


async def statuses(supervisor: Supervisor, batch: str = "b") -> dict[str, str]:
    """Return the status of every thread of a batch."""
    found = await supervisor.ask(BATCH_STATUS, batch_id=batch, limit=1000)
    return {row.thread_id: row.status for row in found.threads}


# proves: b-mcp-cli-merge 69, a-core 148
async def test_of_a_batch_only_what_has_not_ended_is_abandoned(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev", max_concurrent=3)) as shop, shop.supervisor() as supervisor:
        for thread in ("done", "failed"):
            await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id=thread, batch="b"))
        await supervisor.close("done")
        await supervisor.close("failed", "failed")
        before = {thread: len(await shop.events(thread)) for thread in ("done", "failed")}
        await supervisor.dispatch("dev", "900 seconds of work", thread_id="busy", batch="b")
        await supervisor.dispatch("dev", "900 seconds of work", thread_id="other", batch="another")
        await supervisor.wait("busy", timeout=1)
        found = await supervisor.ask(ABANDON_BATCH, batch_id="b")
        assert (found.threads_abandoned, found.threads_already_terminal) == (1, 2)
        assert (found.total_executions_cancelled, found.total_processes_killed) == (1, 1)
        assert (found.threads_left, found.errors) == (0, ())
        assert await statuses(supervisor) == {"done": "Completed", "failed": "Failed", "busy": "Abandoned"}
        assert await statuses(supervisor, "another") == {"other": "Active"}
        assert {thread: len(await shop.events(thread)) for thread in before} == before
        await supervisor.abandon("other")
        await shop.wait_settled(supervisor)


# proves: a-core 148
async def test_a_batch_nobody_knows_cannot_be_abandoned(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        with pytest.raises(RequestFailed, match="no thread has the batch 'nobody'") as caught:
            await supervisor.ask(ABANDON_BATCH, batch_id="nobody")
        assert caught.value.code == "unknown_batch"
        assert await shop.events() == ()


# proves: b-mcp-cli-merge 71
async def test_a_batch_of_600_threads_is_abandoned_to_the_last_one(autojump_clock: MockClock) -> None:
    count = 600
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        for number in range(count):
            await supervisor.dispatch("dev", "x", thread_id=f"t{number}", batch="b", intent="note")
        found = await supervisor.ask(ABANDON_BATCH, batch_id="b")
        assert (found.threads_abandoned, found.threads_already_terminal, found.threads_left) == (count, 0, 0)
        status = await supervisor.ask(BATCH_STATUS, batch_id="b")
        assert (status.thread_count, status.counts, status.more) == (count, {"Abandoned": count}, True)
        assert len(await statuses(supervisor)) == count
        assert len(await shop.events("t599")) == len(await shop.events("t0"))


async def test_a_repeated_request_counts_what_it_abandoned_the_first_time(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev", max_concurrent=1)) as shop:
        async with shop.supervisor() as supervisor:
            for thread in ("t1", "t2"):
                await supervisor.dispatch("dev", "900 seconds of work", thread_id=thread, batch="b")
            await supervisor.wait("t1", timeout=1)
            first = await supervisor.ask(ABANDON_BATCH, "r1", batch_id="b")
            await supervisor.crash()
        async with shop.supervisor() as supervisor:
            assert await supervisor.ask(ABANDON_BATCH, "r1", batch_id="b") == first
            again = await supervisor.ask(ABANDON_BATCH, "r2", batch_id="b")
            assert (again.threads_abandoned, again.threads_already_terminal) == (0, 2)
            await shop.wait_settled(supervisor)
        abandoned = [event for event in await shop.events() if isinstance(event, e.ThreadAbandoned)]
        assert len(abandoned) == 2


async def test_a_failing_disk_is_told_and_the_same_request_goes_on_from_there(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        for number in range(40):
            await supervisor.dispatch("dev", "x", thread_id=f"t{number}", batch="b", intent="note")
        shop.disk.is_full = True
        with pytest.raises(RequestFailed) as caught:
            await supervisor.ask(ABANDON_BATCH, "r1", batch_id="b")
        assert caught.value.code == "store_unavailable"
        shop.disk.is_full = False
        await trio.sleep(10)
        assert (await supervisor.ask(ABANDON_BATCH, "r1", batch_id="b")).threads_abandoned == 40


async def test_a_batch_shows_how_many_threads_stand_where_and_lists_them_page_by_page(
    autojump_clock: MockClock,
) -> None:
    async with open_workshop(agent("dev", max_concurrent=1)) as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id="t1", batch="b", summary="one"))
        await supervisor.close("t1")
        for thread in ("t2", "t3", "t4"):
            await supervisor.dispatch("dev", "900 seconds of work", thread_id=thread, batch="b")
        await supervisor.wait("t2", timeout=1)
        first = await supervisor.ask(BATCH_STATUS, batch_id="b", limit=3)
        assert (first.thread_count, first.counts) == (4, {"Active": 3, "Completed": 1})
        assert first.work == {"completed": 1, "executing": 1, "queued": 2}
        assert [row.thread_id for row in first.threads] == ["t1", "t2", "t3"]
        assert (first.threads[0].status, first.threads[0].summary, first.threads[0].agent) == (
            *("Completed", "one", "dev"),
        )
        assert first.more
        rest = await supervisor.ask(BATCH_STATUS, batch_id="b", limit=3, offset=3)
        assert ([row.thread_id for row in rest.threads], rest.more) == (["t4"], False)
        await supervisor.ask(ABANDON_BATCH, batch_id="b")
        await shop.wait_settled(supervisor)


async def test_what_starts_later_is_scheduled_and_not_queued_in_counts_and_rows(autojump_clock: MockClock) -> None:
    later = "2033-01-31T09:00:00Z"
    async with open_workshop(agent("dev", max_concurrent=1)) as shop, shop.supervisor() as supervisor:
        await supervisor.dispatch("dev", "900 seconds of work", thread_id="t1", batch="b")
        await supervisor.wait("t1", timeout=1)
        await supervisor.dispatch("dev", "x", thread_id="t2", batch="b")
        await supervisor.dispatch("dev", "x", thread_id="t3", batch="b", scheduled_for=later)
        found = await supervisor.ask(BATCH_STATUS, batch_id="b")
        assert found.work == {"executing": 1, "queued": 1, "scheduled": 1}
        assert [row.execution_status for row in found.threads] == ["executing", "queued", "scheduled"]
