"""How a supervisor ends: what becomes of agents, what is still begun, what clients are told, when it goes by itself."""

import pytest
import trio
from msgspec import structs
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.remote.errors import RequestFailed
from compas.api.schedules import SCHEDULE_PAUSE
from compas.domain import events as e
from compas.domain.specs import ScheduleSpec
from compas.errors import CompasError
from compas.orchestrator.process.shutdown import watch_idleness
from compas.orchestrator.services import ADMISSION
from tests.kit.orchestrator.actor_workshop import Supervisor, Workshop, agent, open_workshop
from tests.kit.orchestrator.troupe import Turn


async def stopped_modes(shop: Workshop) -> list[str]:
    return [one.mode for one in await shop.events() if isinstance(one, e.SupervisorStopped)]


async def statuses(shop: Workshop) -> list[str]:
    return [one.status for one in await shop.events() if isinstance(one, e.ExecutionEnded)]


# --- stopping --------------------------------------------------------------------------------------------------------


async def test_drain_lets_agents_finish_and_starts_nothing_more(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev", to="rev"), agent("rev"), effective_concurrency=1) as shop:
        async with shop.supervisor() as supervisor:
            posted = await supervisor.dispatch("dev", "60 seconds", thread_id="t1")
            await supervisor.dispatch("dev", "waits in line", thread_id="t2")
            await trio.sleep(1)
            assert (await supervisor.stop("drain")).running == 1
            await supervisor.end()
            assert trio.current_time() == 60
            assert (await statuses(shop), await stopped_modes(shop)) == (["completed"], ["drained"])
            await trio.sleep(10)
            assert len(shop.troupe.turns) == 1
        async with shop.supervisor() as supervisor:
            assert (await supervisor.chain(posted)).sender == "rev"
            assert (await supervisor.wait("t2", await_chain=True)).found


async def test_now_ends_agents_at_once(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.dispatch("dev", "60 seconds", thread_id="t1")
        await trio.sleep(1)
        await supervisor.stop("now")
        await supervisor.end()
        assert trio.current_time() == 1
        assert shop.runners.running() == {}
        assert (await statuses(shop), await stopped_modes(shop)) == (["failed"], ["now"])


@pytest.mark.parametrize("mode", ["detach", "restart"])
async def test_detach_leaves_agents_to_the_next_supervisor(autojump_clock: MockClock, mode: str) -> None:
    async with open_workshop() as shop:
        async with shop.supervisor() as supervisor:
            posted = await supervisor.dispatch("dev", "60 seconds", thread_id="t1")
            await trio.sleep(1)
            await supervisor.stop(mode)
            await supervisor.end()
            assert trio.current_time() == 1
        assert len(shop.runners.running()) == 1
        assert await stopped_modes(shop) == ["detached"]
        async with shop.supervisor() as supervisor:
            assert (await supervisor.chain(posted)).found
        assert len(shop.troupe.turns) == 1


async def test_a_more_urgent_wish_is_followed_while_winding_down(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor, trio.open_nursery() as nursery:
        await supervisor.dispatch("dev", "600 seconds", thread_id="t1")
        await trio.sleep(1)
        await supervisor.stop("drain")
        nursery.start_soon(supervisor.end)
        await trio.sleep(1)
        assert len(shop.runners.running()) == 1
        await supervisor.stop("now")
        await wait_all_tasks_blocked()
        assert shop.runners.running() == {}
        assert trio.current_time() == 2
        assert await stopped_modes(shop) == ["now"]


async def test_a_less_urgent_wish_changes_nothing(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.dispatch("dev", "600 seconds", thread_id="t1")
        await trio.sleep(1)
        await supervisor.stop("now")
        await supervisor.stop("drain")
        await supervisor.end()
        assert await stopped_modes(shop) == ["now"]


async def test_a_wish_to_detach_ends_the_waiting_of_a_drain(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor, trio.open_nursery() as nursery:
        await supervisor.dispatch("dev", "600 seconds", thread_id="t1")
        await trio.sleep(1)
        await supervisor.stop("drain")
        nursery.start_soon(supervisor.end)
        await trio.sleep(1)
        await supervisor.stop("detach")
        await wait_all_tasks_blocked()
        assert len(shop.runners.running()) == 1
        assert await stopped_modes(shop) == ["detached"]


@pytest.mark.parametrize("mode", ["drain", "now"])
async def test_what_was_only_being_prepared_is_not_started_any_more(autojump_clock: MockClock, mode: str) -> None:
    async with open_workshop(agent("dev", workspace="worktree")) as shop:
        async with shop.supervisor() as supervisor:
            slow = trio.Event()
            shop.git.held["EnsureWorktree"] = [slow]
            posted = await supervisor.dispatch("dev", "work", thread_id="t1")
            await wait_all_tasks_blocked()
            await supervisor.stop(mode)
            await supervisor.end()
            slow.set()
            await wait_all_tasks_blocked()
            assert shop.troupe.turns == []
        async with shop.supervisor() as supervisor:
            assert (await supervisor.chain(posted)).body == "dev did: work"


async def test_a_crash_of_admission_during_a_drain_lets_nobody_in(autojump_clock: MockClock) -> None:
    async with (
        open_workshop(effective_concurrency=1) as shop,
        shop.supervisor() as supervisor,
        trio.open_nursery() as nursery,
    ):
        for thread in ("t1", "t2"):
            await supervisor.dispatch("dev", "60 seconds", thread_id=thread)
        await trio.sleep(1)
        await supervisor.stop("drain")
        nursery.start_soon(supervisor.end)
        await trio.sleep(1)
        supervisor.actor(ADMISSION).kill()
        await trio.sleep(200)
        assert len(shop.troupe.turns) == 1
        assert await stopped_modes(shop) == ["drained"]


async def test_a_client_that_waits_is_told_that_the_supervisor_was_stopped(autojump_clock: MockClock) -> None:
    told: list[str] = []

    async def wait(supervisor: Supervisor, thread: str) -> None:
        with pytest.raises(RequestFailed) as failed:
            await supervisor.wait(thread)
        told.append(failed.value.code)

    async with open_workshop() as shop:
        async with trio.open_nursery() as nursery, shop.supervisor() as supervisor:
            await supervisor.dispatch("dev", "600 seconds", thread_id="t1")
            nursery.start_soon(wait, supervisor, "t1")
            await wait_all_tasks_blocked()
            await supervisor.stop("detach")
            await supervisor.end()
            await supervisor.system.root.stop()
            supervisor.system.bus.close()
            await wait_all_tasks_blocked()
        assert told == ["stopped"]


# --- going by itself -------------------------------------------------------------------------------------------------


async def idle_after(shop: Workshop, supervisor: Supervisor, secs: float) -> float:
    """Return when the supervisor wants to end because nobody needs it."""
    await watch_idleness(supervisor.context, supervisor.activity, supervisor.ending, secs)
    assert supervisor.ending.mode == "idle"
    return trio.current_time()


async def test_a_supervisor_that_nobody_needs_ends_after_a_while(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        assert await idle_after(shop, supervisor, 300) == 300


async def test_a_supervisor_with_work_does_not_end(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev", timeout_secs=3600)) as shop, shop.supervisor() as supervisor:
        await supervisor.dispatch("dev", "1000 seconds", thread_id="t1")
        assert await idle_after(shop, supervisor, 300) == 1300


async def test_a_supervisor_with_a_retry_ahead_does_not_end(autojump_clock: MockClock) -> None:
    async def overloaded(turn: Turn) -> None:
        await turn.fail("overloaded", "transient")

    async with (
        open_workshop(agent("dev", max_retries=1, retry_backoff_secs=1000)) as shop,
        shop.supervisor() as supervisor,
    ):
        shop.plays("dev", overloaded)
        await supervisor.dispatch("dev", "work", thread_id="t1")
        assert await idle_after(shop, supervisor, 300) == 1300


NIGHTLY = ScheduleSpec(name="nightly", agent="dev", cron="0 2 * * *", body="tidy up", max_runs=2)


async def test_a_supervisor_does_not_end_while_a_schedule_has_runs_left(autojump_clock: MockClock) -> None:
    async with (
        open_workshop(schedules={"nightly": NIGHTLY}, limit_secs=3 * 86_400) as shop,
        shop.supervisor() as supervisor,
    ):
        second_night = 86_400 + 13_600  # it begins at 22:13:20
        assert await idle_after(shop, supervisor, 300) == pytest.approx(second_night + 300)


@pytest.mark.parametrize("change", [{"enabled": False}, {"cron": "0 0 30 2 *"}, {"timezone": "Mars/Olympus"}])
async def test_a_schedule_that_does_not_fire_keeps_no_supervisor(
    autojump_clock: MockClock, change: dict[str, object]
) -> None:
    silent = structs.replace(NIGHTLY, **change)
    async with open_workshop(schedules={"nightly": silent}) as shop, shop.supervisor() as supervisor:
        assert await idle_after(shop, supervisor, 300) == 300


async def test_a_supervisor_whose_schedule_is_paused_or_taken_away_ends(autojump_clock: MockClock) -> None:
    for change in ("pause", "config"):
        async with open_workshop(schedules={"nightly": NIGHTLY}) as shop, shop.supervisor() as supervisor:
            began = trio.current_time()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(idle_after, shop, supervisor, 300)
                await trio.sleep(1000)
                assert supervisor.ending.mode is None
                if change == "pause":
                    await supervisor.ask(SCHEDULE_PAUSE, name="nightly")
                else:
                    supervisor.config_file.save(structs.replace(shop.config, schedules={}))
            assert 1300 <= trio.current_time() - began < 1310


async def test_a_supervisor_with_a_client_that_waits_does_not_end(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor, trio.open_nursery() as nursery:
        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t1"))

        async def wait() -> None:
            assert not (await supervisor.wait("t1", strict_new=True, timeout=1000)).found

        nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        assert await idle_after(shop, supervisor, 300) == 1300


# --- the gate --------------------------------------------------------------------------------------------------------


async def test_requests_are_held_until_the_supervisor_is_ready(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor(is_open=False) as supervisor, trio.open_nursery() as nursery:
        assert supervisor.gate.state == "recovering"
        answered: list[str] = []

        async def dispatch() -> None:
            answered.append((await supervisor.dispatch("dev", "work", thread_id="t1")).thread_id)

        nursery.start_soon(dispatch)
        await trio.sleep(100)
        assert answered == []
        supervisor.gate.open(supervisor.context)
        await wait_all_tasks_blocked()
        assert answered == ["t1"]
        assert supervisor.gate.state == "ready"


async def test_a_start_that_failed_is_explained_to_whoever_asked(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor(is_open=False) as supervisor:
        supervisor.gate.fail(CompasError("the config has no agents; add one"))
        with pytest.raises(RequestFailed, match="the config has no agents; add one") as failed:
            await supervisor.dispatch("dev", "work")
        assert failed.value.code == "start_failed"


async def test_an_unknown_operation_is_refused_with_those_there_are(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        with pytest.raises(RequestFailed, match="dispatch") as failed:
            await supervisor.session.request("fly", {}, object)
        assert failed.value.code == "unknown_operation"
