"""What agents were seen doing is kept as long as the config says."""

import trio
from msgspec import structs
from trio.testing import MockClock

from compas.api.activity import EXECUTION_EVENTS, ExecutionEventsRequest, ExecutionEventsResponse
from compas.domain.specs import RetentionSpec
from tests.kit.orchestrator.actor_workshop import Supervisor, agent, open_workshop

DAY = 86_400.0


async def seen(supervisor: Supervisor, thread: str) -> tuple[int, int]:
    """Return how many events there are of a thread's execution, and how many are said to be missing."""
    found: list[bytes] = []
    response = await supervisor.session.request(
        EXECUTION_EVENTS.name,
        ExecutionEventsRequest(execution_id=thread),
        ExecutionEventsResponse,
        on_push=found.append,
    )
    return len(found), response.missed


async def test_telemetry_goes_when_it_is_too_old_and_what_is_newer_stays(autojump_clock: MockClock) -> None:
    two_days = RetentionSpec(telemetry=2 * DAY)
    async with (
        open_workshop(agent("dev"), retention=two_days, limit_secs=9 * DAY) as shop,
        shop.supervisor() as supervisor,
    ):
        await supervisor.chain(await supervisor.dispatch("dev", "one", thread_id="t1"))
        had, _ = await seen(supervisor, "t1")
        assert had > 0
        await trio.sleep(DAY)
        await supervisor.chain(await supervisor.dispatch("dev", "two", thread_id="t2"))
        await trio.sleep(DAY - 7200)
        assert await seen(supervisor, "t1") == (had, 0)
        await trio.sleep(4 * 3600)
        assert await seen(supervisor, "t1") == (0, 0), "what was removed on purpose is not missing"
        assert await seen(supervisor, "t2") == (had, 0)


async def test_a_shorter_retention_holds_at_once(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev"), limit_secs=9 * DAY) as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "one", thread_id="t1"))
        await trio.sleep(DAY)
        assert await seen(supervisor, "t1") != (0, 0)
        supervisor.config_file.save(structs.replace(shop.config, retention=RetentionSpec(telemetry=3600.0)))
        await trio.sleep(10)
        assert await seen(supervisor, "t1") == (0, 0)
