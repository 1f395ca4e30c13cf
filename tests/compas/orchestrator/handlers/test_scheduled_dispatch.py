"""A dispatch for a later time: what it is answered with, and that it never starts before."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
import trio
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.domain import events as e
from tests.kit.orchestrator.actor_workshop import BEGAN, open_workshop, wall_clock
from tests.kit.orchestrator.troupe import Turn


def at(seconds: float, hours: int = 0) -> str:
    """Write a moment so many seconds after the test began, with an offset of so many hours."""
    return datetime.fromtimestamp(BEGAN + seconds, timezone(timedelta(hours=hours))).isoformat()


# proves: a-core 28, b-mcp-cli-merge 10
@pytest.mark.parametrize("given", ["2026-03-21", "tomorrow", "2033-01-31T09:00:00", "2033-02-30T09:00:00Z", ""])
async def test_a_time_that_cannot_be_read_is_refused_with_an_example_and_nothing_is_recorded(
    autojump_clock: MockClock, given: str
) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        with pytest.raises(RequestFailed, match=r"as in 2030-01-31T09:00:00\+01:00") as caught:
            await supervisor.dispatch("dev", "x", thread_id="t1", scheduled_for=given)
        assert caught.value.code == "bad_start_time"
        assert await shop.events("t1") == ()


# proves: a-core 28
@pytest.mark.parametrize("seconds", [0, -1, -86400])
async def test_a_time_that_has_passed_is_refused_and_nothing_is_recorded(
    autojump_clock: MockClock, seconds: float
) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        with pytest.raises(RequestFailed, match="is not in the future") as caught:
            await supervisor.dispatch("dev", "x", thread_id="t1", scheduled_for=at(seconds))
        assert caught.value.code == "not_in_the_future"
        assert await shop.events("t1") == ()


# proves: b-mcp-cli-merge 11, b-mcp-cli-merge 12
async def test_a_scheduled_dispatch_starts_at_its_time_whatever_happens_before_and_says_which_execution_will(
    autojump_clock: MockClock,
) -> None:
    started: list[float] = []

    async def role(turn: Turn) -> None:
        started.append(wall_clock())
        await turn.reply("now")

    async with open_workshop() as shop:
        shop.plays("dev", role)
        written = at(300, hours=2)
        async with shop.supervisor() as supervisor:
            posted = await supervisor.dispatch("dev", "x", thread_id="t1", scheduled_for=written)
            assert posted.scheduled_for == written
            assert posted.eligible_at == BEGAN + 300
            assert datetime.fromtimestamp(BEGAN + 300, UTC).strftime("%H:%M:%SZ") in posted.next_step
            (queued,) = [event for event in await shop.events("t1") if isinstance(event, e.ExecutionQueued)]
            assert (queued.execution, queued.not_before) == (posted.execution_id, BEGAN + 300)
            await trio.sleep(100)
            await supervisor.crash()
        async with shop.supervisor() as supervisor:
            await trio.sleep(199)
            assert started == []
            answer = await supervisor.chain(posted)
            assert answer.body == "now"
            assert answer.chain[0].execution_id == posted.execution_id
        assert len(started) == 1
        assert started[0] >= BEGAN + 300


async def test_other_work_of_the_thread_goes_on_before_the_time_has_come(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        later = await supervisor.dispatch("dev", "later", thread_id="t1", scheduled_for=at(1000))
        await supervisor.dispatch("dev", "first", thread_id="t1")
        await supervisor.chain(later)
        assert [task for _, task in shop.troupe.tasks()] == ["first", "later"]


async def test_a_repeated_request_is_scheduled_once(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        fields = {"thread_id": "t1", "scheduled_for": at(60), "request_id": "r1"}
        first = await supervisor.dispatch("dev", "x", **fields)
        await supervisor.chain(first)
        assert await supervisor.dispatch("dev", "x", **fields) == first, "though its time has passed by now"
        assert len(shop.troupe.turns) == 1


async def test_a_time_for_a_message_that_starts_nothing_is_answered_with_a_warning(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        posted = await supervisor.dispatch("dev", "x", thread_id="t1", intent="note", scheduled_for=at(60))
        assert (posted.execution_id, posted.eligible_at, posted.scheduled_for) == (None, None, at(60))
        assert "nothing will run" in (posted.warning or "")
        assert "scheduled_for" not in msgspec.to_builtins(await supervisor.dispatch("dev", "y"))
