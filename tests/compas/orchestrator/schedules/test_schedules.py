"""Schedules in a whole supervisor: slots, restarts, reloads, clocks that are set, and what a person wants of one."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import trio
from cronsim import CronSim
from msgspec import structs
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.api import schedules as api
from compas.api.diagnosis import WHY
from compas.api.threads import STATUS
from compas.domain import events as e
from compas.domain.specs import HandoffSpec, ScheduleSpec
from compas.orchestrator.schedules.known import times_of
from compas.orchestrator.services import SCHEDULES
from tests.kit.orchestrator.actor_workshop import BEGAN, Supervisor, Workshop, agent, open_workshop
from tests.kit.orchestrator.troupe import Turn

HOUR, DAY = 3600.0, 86_400.0
FIRST = 2800.0
"""Seconds until the first full hour: the workshop begins at 22:13:20 UTC."""
HOURLY = ScheduleSpec(name="hourly", agent="dev", cron="0 * * * *", body="tidy up")


@asynccontextmanager
async def planned(*specs: ScheduleSpec, **settings: object) -> AsyncIterator[Workshop]:
    """Open a workshop for weeks, with these schedules."""
    schedules = {spec.name: spec for spec in specs}
    async with open_workshop(
        agent("dev", timeout_secs=100_000), limit_secs=60 * DAY, schedules=schedules, **settings
    ) as shop:
        yield shop


def hourly(**changes: object) -> ScheduleSpec:
    return structs.replace(HOURLY, **changes)


async def fired(shop: Workshop) -> list[e.ScheduleFired]:
    return [event for event in await shop.events() if isinstance(event, e.ScheduleFired)]


async def skipped(shop: Workshop) -> list[e.ScheduleSkipped]:
    return [event for event in await shop.events() if isinstance(event, e.ScheduleSkipped)]


async def view(supervisor: Supervisor, name: str = "hourly") -> api.ScheduleView:
    (one,) = (await supervisor.ask(api.SCHEDULES, name=name)).schedules
    return one


def save(supervisor: Supervisor, shop: Workshop, *specs: ScheduleSpec) -> None:
    """Save the config file with other schedules."""
    shop.config = structs.replace(shop.config, schedules={spec.name: spec for spec in specs})
    supervisor.config_file.save(shop.config)


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(RequestFailed) as failure:
        yield
    assert failure.value.code == code


# --- slots ------------------------------------------------------------------------------------------------------------


# proves: a-core 157, c-config-dashboard 55
async def test_a_schedule_dispatches_at_its_slots_and_not_before(autojump_clock: MockClock) -> None:
    async with planned(hourly(batch="tidy")) as shop, shop.supervisor() as supervisor:
        await trio.sleep(FIRST - 1)
        assert shop.troupe.tasks() == []
        await trio.sleep(2 * HOUR + 2)
        assert [task for task in shop.troupe.tasks() if task[0] == "dev"] == [("dev", "tidy up")] * 3
        runs = await fired(shop)
        assert [run.slot for run in runs] == [BEGAN + FIRST + n * HOUR for n in range(3)]
        assert len({run.thread for run in runs}) == 3
        (row, *_) = (await supervisor.ask(STATUS, batch_id="tidy")).threads
        assert (row.summary, row.execution_status) == ("[sched] hourly", "completed")


async def test_why_tells_of_which_run_a_thread_is(autojump_clock: MockClock) -> None:
    spec = hourly(timezone="Europe/Berlin")
    async with planned(spec) as shop, shop.supervisor() as supervisor:
        await trio.sleep(FIRST + 1)
        (run,) = await fired(shop)
        cause, *_ = (await supervisor.ask(WHY, thread_id=run.thread)).causes
        said = f"thread {run.thread} was opened: dispatched by schedule hourly, slot 2023-11-15 00:00 Europe/Berlin"
        assert (cause.what, cause.because) == (said, "schedule hourly")


async def test_the_schedules_are_listed_with_what_comes_and_what_was(autojump_clock: MockClock) -> None:
    other = hourly(name="other", cron="0 0 30 2 *")
    async with planned(hourly(), other) as shop, shop.supervisor() as supervisor:
        await trio.sleep(1)
        one = await view(supervisor)
        assert [slot.at for slot in one.next] == [BEGAN + FIRST + n * HOUR for n in range(3)]
        assert one.next[0].local == "2023-11-14 23:00 UTC"
        assert (one.runs, one.last_run, one.why_idle) == (0, None, "")
        assert "no month has" in (await view(supervisor, "other")).why_idle
        following = (await supervisor.ask(STATUS)).next_schedule
        assert following is not None
        assert (following.name, following.at) == ("hourly", BEGAN + FIRST)
        await trio.sleep(FIRST)
        last = (await view(supervisor)).last_run
        assert last is not None
        assert (last.outcome, last.thread_status, last.local) == ("completed", "Active", "2023-11-14 23:00 UTC")
        with refused("unknown_schedule"):
            await view(supervisor, "hourlie")


async def test_runs_that_end_at_work_are_told_so(autojump_clock: MockClock) -> None:
    async with planned(hourly(body="600 seconds")) as shop, shop.supervisor() as supervisor:
        await trio.sleep(FIRST + 60)
        last = (await view(supervisor)).last_run
        assert last is not None
        assert last.outcome == "at work"


async def test_a_schedule_that_nothing_keeps_from_firing_costs_nothing_until_then(autojump_clock: MockClock) -> None:
    async with planned(hourly(cron="0 0 1 * *")) as shop, shop.supervisor():
        await trio.sleep(60)
        before = shop.store.statistics()
        await trio.sleep(10 * DAY)
        assert shop.store.statistics() == before


@pytest.mark.parametrize("workspace", ["worktree", "shared"])
async def test_a_run_is_about_the_repository_that_the_schedule_names(autojump_clock: MockClock, workspace: str) -> None:
    handoff = HandoffSpec(targets=("r1", "r2"))
    agents = (agent("dev", workspace=workspace, handoff=handoff), agent("r1"), agent("r2"))
    spec = hourly(repository="/other")
    async with open_workshop(*agents, schedules={"hourly": spec}) as shop, shop.supervisor() as supervisor:
        shop.git.repo("/other")
        await trio.sleep(FIRST + 60)
        first, *others = [turn.spec.cwd for turn in shop.troupe.turns]
        assert first.startswith("/other/") if workspace == "worktree" else first == "/other"
        assert others == ["/other"] * 2, "and so do those who get its reply"
        assert (await view(supervisor)).repository == "/other"


# --- restarts ---------------------------------------------------------------------------------------------------------


# proves: a-core 160, c-config-dashboard 57
async def test_a_restart_right_after_a_run_does_not_repeat_it(autojump_clock: MockClock) -> None:
    async with planned(hourly()) as shop:
        async with shop.supervisor():
            await trio.sleep(FIRST + 1)
        for _ in range(3):
            async with shop.supervisor():
                await trio.sleep(5)
        assert len(await fired(shop)) == len(shop.troupe.turns) == 1


# proves: a-core 158, c-config-dashboard 56
async def test_five_slots_missed_while_nothing_ran_are_one_late_run(autojump_clock: MockClock) -> None:
    async with planned(hourly()) as shop:
        async with shop.supervisor():
            await trio.sleep(60)
        await trio.sleep(FIRST + 4 * HOUR + 600)
        async with shop.supervisor() as supervisor:
            await trio.sleep(60)
            (run,) = await fired(shop)
            assert (run.slot, run.missed) == (BEGAN + FIRST + 4 * HOUR, 4)
            last = (await view(supervisor)).last_run
            assert last is not None
            assert (last.late_secs, last.missed) == (660, 4)
            cause, *_ = (await supervisor.ask(WHY, thread_id=run.thread)).causes
            assert "11 min 0 s late, for 4 missed slots before it as well" in cause.what
        assert len(shop.troupe.turns) == 1


# proves: c-config-dashboard 56
async def test_missed_slots_are_only_told_of_where_the_config_wants_none_back(autojump_clock: MockClock) -> None:
    async with planned(hourly(catch_up="none")) as shop:
        async with shop.supervisor():
            await trio.sleep(60)
        await trio.sleep(FIRST + 2 * HOUR + 600)
        async with shop.supervisor() as supervisor:
            await trio.sleep(60)
            assert (await fired(shop), [one.count for one in await skipped(shop)]) == ([], [3])
            last = (await view(supervisor)).last_skip
            assert last is not None
            assert last.why == "3 missed slots; compas was not running then, or the machine slept (catch_up: none)"
            await trio.sleep(HOUR)
            assert len(await fired(shop)) == 1


@pytest.mark.parametrize("kind", [e.ScheduleNoted, e.ScheduleFired, e.ThreadOpened, e.ExecutionQueued])
async def test_a_crash_of_everything_at_any_event_loses_no_run_and_repeats_none(
    autojump_clock: MockClock, kind: type[e.Event]
) -> None:
    async with planned(hourly()) as shop:
        crashed = trio.Event()
        async with shop.supervisor() as supervisor, supervisor.when(kind, lambda recorded: crashed.set()):
            with trio.move_on_after(FIRST + 60):
                await crashed.wait()
            await supervisor.crash()
        async with shop.supervisor():
            await trio.sleep(FIRST + 60)
        assert len(await fired(shop)) == 1
        assert shop.troupe.tasks() == [("dev", "tidy up")]


async def test_the_actor_goes_on_after_a_crash_of_its_own(autojump_clock: MockClock) -> None:
    async with planned(hourly()) as shop, shop.supervisor() as supervisor:
        for _ in range(3):
            await trio.sleep(HOUR)
            await supervisor.actor(SCHEDULES).tell("nonsense")
        assert len(await fired(shop)) == 3


async def test_a_full_disk_puts_a_run_off_and_does_not_lose_or_double_it(autojump_clock: MockClock) -> None:
    async with planned(hourly()) as shop, shop.supervisor():
        await trio.sleep(FIRST - 1)
        shop.disk.is_full = True
        await trio.sleep(300)
        assert shop.troupe.turns == []
        shop.disk.is_full = False
        await trio.sleep(60)
        assert [run.slot for run in await fired(shop)] == [BEGAN + FIRST]
        assert len(shop.troupe.turns) == 1


async def test_a_log_that_cannot_be_read_is_tried_again_now_and_then(autojump_clock: MockClock) -> None:
    async with planned(hourly()) as shop, shop.supervisor():
        await trio.sleep(FIRST - 1)
        shop.disk.is_unreadable = True
        await trio.sleep(300)
        shop.disk.is_unreadable = False
        await trio.sleep(60)
        assert [run.slot for run in await fired(shop)] == [BEGAN + FIRST]


async def test_a_supervisor_that_is_ending_leaves_its_slots_to_the_next(autojump_clock: MockClock) -> None:
    async with planned(hourly()) as shop:
        async with shop.supervisor() as supervisor:
            await supervisor.dispatch("dev", "7200 seconds", thread_id="t1")
            await trio.sleep(1)
            await supervisor.stop("drain")
            await supervisor.end()
        assert await fired(shop) == []
        async with shop.supervisor():
            await trio.sleep(5)
        assert [run.missed for run in await fired(shop)] == [1]


# --- overlap and limits -----------------------------------------------------------------------------------------------


# proves: a-core 161, c-config-dashboard 59
@pytest.mark.parametrize(("overlap", "runs", "skips"), [("skip", 2, 2), ("queue", 4, 0)])
async def test_while_the_last_run_is_at_work_the_policy_decides(
    autojump_clock: MockClock, overlap: str, runs: int, skips: int
) -> None:
    async with planned(hourly(overlap=overlap, body="9000 seconds")) as shop, shop.supervisor() as supervisor:
        await trio.sleep(FIRST + 3 * HOUR + 60)
        assert (len(await fired(shop)), len(await skipped(shop))) == (runs, skips)
        if skips:
            first = (await fired(shop))[0]
            assert {one.thread for one in await skipped(shop)} == {first.thread}
            last = (await view(supervisor)).last_skip
            assert last is not None
            assert "had not ended" in last.why


async def test_a_run_is_at_work_until_its_handoffs_are(autojump_clock: MockClock) -> None:
    agents = (agent("dev", to="rev"), agent("rev", timeout_secs=100_000))
    async with open_workshop(*agents, limit_secs=DAY, schedules={"hourly": hourly()}) as shop, shop.supervisor():

        async def review(turn: Turn) -> None:
            await trio.sleep(1.5 * HOUR)
            await turn.reply("good")

        shop.plays("rev", review)
        await trio.sleep(FIRST + HOUR + 60)
        assert (len(await fired(shop)), len(await skipped(shop))) == (1, 1)


# proves: a-core 159
async def test_one_that_is_disabled_used_up_or_unreadable_keeps_no_other_from_firing(autojump_clock: MockClock) -> None:
    specs = (
        hourly(name="disabled", enabled=False),
        hourly(name="once", max_runs=1),
        hourly(name="elsewhere", timezone="Mars/Olympus"),
        hourly(name="never", cron="0 0 30 2 *"),
        hourly(),
    )
    async with planned(*specs) as shop, shop.supervisor() as supervisor:
        await trio.sleep(FIRST + 2 * HOUR + 60)
        names = [run.schedule for run in await fired(shop)]
        assert sorted(names) == ["hourly"] * 3 + ["once"]
        whys = {one.name: one.why_idle for one in (await supervisor.ask(api.SCHEDULES)).schedules}
        assert whys["disabled"] == "it is disabled in the config (enabled: false)"
        assert whys["once"] == "it has had 1 of 1 runs (max_runs)"
        assert "no time zone" in whys["elsewhere"]
        assert whys["hourly"] == ""


async def test_a_full_queue_refuses_a_run_as_it_does_a_dispatch(autojump_clock: MockClock) -> None:
    limits = {"max_queued_executions": 1}
    async with planned(hourly(), **limits) as shop, shop.supervisor() as supervisor:
        await supervisor.dispatch("dev", "5000 seconds")
        await trio.sleep(FIRST + 1)
        (one,) = await skipped(shop)
        assert (one.why, await fired(shop)) == ("refused", [])
        assert "the queue is full" in one.detail
        with refused("queue_full"):
            await supervisor.ask(api.SCHEDULE_RUN, name="hourly")
        await trio.sleep(HOUR)
        assert len(await fired(shop)) == 1


# --- a person's word --------------------------------------------------------------------------------------------------


# proves: c-config-dashboard 60
async def test_one_that_is_used_up_shows_it_and_goes_on_after_a_reset(autojump_clock: MockClock) -> None:
    async with planned(hourly(max_runs=1)) as shop, shop.supervisor() as supervisor:
        await trio.sleep(FIRST + 3 * HOUR)
        one = await view(supervisor)
        assert (one.runs, one.max_runs, one.next) == (1, 1, ())
        changed = await supervisor.ask(api.SCHEDULE_RESET, name="hourly")
        assert (changed.changed, changed.runs) == (True, 0)
        assert [slot.at for slot in changed.next] == [BEGAN + FIRST + 4 * HOUR]
        await trio.sleep(HOUR + 60)
        assert len(await fired(shop)) == 2


async def test_a_pause_holds_until_it_is_resumed_also_over_a_restart(autojump_clock: MockClock) -> None:
    async with planned(hourly()) as shop:
        async with shop.supervisor() as supervisor:
            paused = await supervisor.ask(api.SCHEDULE_PAUSE, name="hourly")
            assert (paused.changed, paused.paused, paused.why_idle) == (True, True, "it is paused")
            assert not (await supervisor.ask(api.SCHEDULE_PAUSE, name="hourly")).changed
        async with shop.supervisor() as supervisor:
            await trio.sleep(FIRST + HOUR + 60)
            assert await fired(shop) == []
            resumed = await supervisor.ask(api.SCHEDULE_RESUME, name="hourly")
            assert [slot.at for slot in resumed.next][:1] == [BEGAN + FIRST + 2 * HOUR]
            await trio.sleep(HOUR)
            assert [(run.slot, run.missed) for run in await fired(shop)] == [(BEGAN + FIRST + 2 * HOUR, 0)]


async def test_a_run_by_hand_is_a_dispatch_that_moves_no_slot(autojump_clock: MockClock) -> None:
    async with planned(hourly()) as shop, shop.supervisor() as supervisor:
        ran = await supervisor.ask(api.SCHEDULE_RUN, "r1", name="hourly", sender="ann")
        assert (await supervisor.wait(ran.thread_id, since_reference=ran.reference)).found
        assert (ran.runs, ran.max_runs) == (1, 100)
        assert await supervisor.ask(api.SCHEDULE_RUN, "r1", name="hourly", sender="ann") == ran, "a repeat is no run"
        one = await view(supervisor)
        assert (one.runs, one.next[0].at) == (1, BEGAN + FIRST)
        assert one.last_run is not None
        assert (one.last_run.by, one.last_run.thread_id) == ("ann", ran.thread_id)
        cause, *_ = (await supervisor.ask(WHY, thread_id=ran.thread_id)).causes
        assert "dispatched by schedule hourly, run at once by ann" in cause.what
        assert shop.troupe.tasks() == [("dev", "tidy up")]


@pytest.mark.parametrize(
    "operation", [api.SCHEDULE_RUN, api.SCHEDULE_PAUSE, api.SCHEDULE_RESUME, api.SCHEDULE_RESET], ids=lambda op: op.name
)
async def test_an_agent_may_look_at_schedules_and_no_more(autojump_clock: MockClock, operation: object) -> None:
    codes: list[str] = []
    async with planned(hourly()) as shop, shop.supervisor() as supervisor:

        async def meddle(turn: Turn) -> None:
            async with supervisor.called_by(turn.spec) as me:
                assert (await me.ask(api.SCHEDULES)).schedules
                with pytest.raises(RequestFailed) as failure:
                    await me.ask(operation, name="hourly")  # type: ignore[arg-type]
                codes.append(failure.value.code)
            await turn.reply("tried")

        shop.plays("dev", meddle)
        await supervisor.chain(await supervisor.dispatch("dev", "work"))
        with refused("unknown_schedule"):
            await supervisor.ask(operation, name="nobody")  # type: ignore[arg-type]
    assert codes == ["not_for_agents"]


async def test_a_reader_finds_the_tables_as_a_rebuild_makes_them(autojump_clock: MockClock) -> None:
    async with planned(hourly(max_runs=2), hourly(name="b", overlap="skip", body="9000 x")) as shop:
        async with shop.supervisor() as supervisor:
            await trio.sleep(FIRST + 2 * HOUR)
            await supervisor.ask(api.SCHEDULE_PAUSE, name="b")
            await supervisor.ask(api.SCHEDULE_RESET, name="hourly")
        before, after = await shop.tables_and_rebuilt_tables()
        assert before == after
        assert len(before["schedules"]) == 2


# --- another config ---------------------------------------------------------------------------------------------------


async def test_a_schedule_that_is_added_while_compas_runs_waits_for_its_slot(autojump_clock: MockClock) -> None:
    async with planned() as shop, shop.supervisor() as supervisor:
        await trio.sleep(100)
        save(supervisor, shop, hourly(timezone="Europe/Berlin"))
        await trio.sleep(FIRST - 110)
        assert await fired(shop) == []
        await trio.sleep(60)
        assert len(await fired(shop)) == 1


async def test_other_times_hold_from_the_change_on_and_a_removed_one_is_silent(autojump_clock: MockClock) -> None:
    async with planned(hourly()) as shop, shop.supervisor() as supervisor:
        await trio.sleep(100)
        save(supervisor, shop, hourly(cron="30 * * * *"))
        await trio.sleep(HOUR)
        assert [run.slot for run in await fired(shop)] == [BEGAN + FIRST - HOUR / 2]
        save(supervisor, shop)
        await trio.sleep(5 * HOUR)
        assert len(await fired(shop)) == 1
        assert (await supervisor.ask(api.SCHEDULES)).schedules == ()
        save(supervisor, shop, hourly())
        await trio.sleep(60)
        one = await view(supervisor)
        assert (one.runs, len(await fired(shop))) == (1, 1)


# proves: c-config-dashboard 58
async def test_one_that_is_enabled_again_after_a_week_waits_for_its_slot(autojump_clock: MockClock) -> None:
    async with planned(hourly()) as shop, shop.supervisor() as supervisor:
        save(supervisor, shop, hourly(enabled=False))
        await trio.sleep(7 * DAY)
        save(supervisor, shop, hourly())
        await trio.sleep(60)
        assert await fired(shop) == []
        await trio.sleep(HOUR)
        assert [run.missed for run in await fired(shop)] == [0]


async def test_a_schedule_changed_while_nothing_ran_counts_from_the_start(autojump_clock: MockClock) -> None:
    async with planned(hourly()) as shop:
        async with shop.supervisor():
            await trio.sleep(10)
        await trio.sleep(10 * HOUR)
        shop.config = structs.replace(shop.config, schedules={"hourly": hourly(cron="5 * * * *")})
        async with shop.supervisor():
            await trio.sleep(60)
            assert await fired(shop) == []


# --- clocks -----------------------------------------------------------------------------------------------------------


# proves: c-config-dashboard 62
async def test_a_clock_that_is_set_back_by_an_hour_repeats_nothing(autojump_clock: MockClock) -> None:
    async with planned(hourly()) as shop, shop.supervisor():
        await trio.sleep(FIRST + 60)
        shop.watch.ahead -= HOUR
        await trio.sleep(HOUR + 120)
        assert len(await fired(shop)) == 1
        await trio.sleep(HOUR)
        assert [run.slot for run in await fired(shop)] == [BEGAN + FIRST, BEGAN + FIRST + HOUR]


async def test_a_clock_that_is_set_on_skips_what_it_passes_by_one_run(autojump_clock: MockClock) -> None:
    async with planned(hourly()) as shop, shop.supervisor():
        await trio.sleep(60)
        shop.watch.ahead += 5 * HOUR
        await trio.sleep(120)
        assert [run.missed for run in await fired(shop)] == [4]


async def test_after_a_suspension_one_run_stands_for_all_that_were_slept_through(autojump_clock: MockClock) -> None:
    async with planned(hourly(cron="0 2 * * *")) as shop, shop.supervisor():
        await trio.sleep(60)
        shop.watch.ahead += 3 * DAY
        await trio.sleep(180)
        (run,) = await fired(shop)
        assert run.missed == 2


async def test_a_machine_that_wakes_before_a_slot_does_not_miss_it(autojump_clock: MockClock) -> None:
    spec = hourly(cron="0 2 1 * *", catch_up="none")
    async with planned(spec) as shop, shop.supervisor():
        await trio.sleep(60)
        slot = times_of(spec).next_after(shop.watch())  # type: ignore[union-attr]
        assert slot is not None
        shop.watch.ahead += slot - 5.0 - shop.watch()
        await trio.sleep(300)
        assert [run.slot for run in await fired(shop)] == [slot]


async def test_a_clock_that_was_wrong_by_years_silences_nothing(autojump_clock: MockClock) -> None:
    async with planned(hourly()) as shop, shop.supervisor():
        await trio.sleep(60)
        shop.watch.ahead += 3650 * DAY
        await trio.sleep(120)
        assert len(await fired(shop)) == 1
        shop.watch.ahead = 0.0
        await trio.sleep(FIRST + HOUR)
        assert [run.slot for run in await fired(shop)][1:] == [BEGAN + FIRST, BEGAN + FIRST + HOUR]


# proves: c-config-dashboard 62
@pytest.mark.parametrize("cron", ["30 2 * * *", "0 */6 * * *"])
async def test_over_both_changes_of_the_clocks_every_day_has_its_runs(autojump_clock: MockClock, cron: str) -> None:
    spec = hourly(cron=cron, timezone="Europe/Berlin", max_runs=1000)
    times = times_of(spec)
    assert times is not None
    for begin in (1_711_699_200.0, 1_729_843_200.0):  # two days before, in March and in October 2024
        async with planned(spec) as shop, shop.supervisor():
            shop.watch.ahead += begin - shop.watch()
            await trio.sleep(400)  # what was passed on the way there is one run
            passed = len(await fired(shop))
            await trio.sleep(4 * DAY)
            slots = [run.slot for run in (await fired(shop))[passed:]]
            now = shop.watch()
            wanted = [slot for slot in _until(times.after(begin), now) if slot > begin]
            assert slots == wanted


ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Auckland")


# proves: c-config-dashboard 62
@pytest.mark.parametrize("days", [20, pytest.param(370, marks=pytest.mark.long)])
async def test_through_a_year_of_five_zones_every_slot_of_the_library_has_its_run_and_no_other(
    autojump_clock: MockClock, days: int
) -> None:
    """The messages go to a person, so that nothing has to be played at them."""
    specs = {zone: hourly(name=zone, agent="me", timezone=zone, cron="30 0,2 * * *", max_runs=10**6) for zone in ZONES}
    async with open_workshop(agent("me", role="operator"), schedules=specs, limit_secs=(days + 9) * DAY) as shop:
        async with shop.supervisor():
            await trio.sleep(days * DAY)
        for zone in ZONES:
            recorded = [one.event for one in await shop.store.read_stream(e.schedule_stream(zone))]
            runs = [event for event in recorded if isinstance(event, e.ScheduleFired)]
            wanted = list(_until(_of_the_library(specs[zone].cron, zone), shop.watch()))
            assert [run.slot for run in runs] == wanted
            assert {run.missed for run in runs} == {0}
            assert len(recorded) == len(runs) + 1, "nothing was skipped"


def _of_the_library(cron: str, zone: str) -> Iterator[float]:
    for found in CronSim(cron, datetime.fromtimestamp(BEGAN, ZoneInfo(zone))):
        yield found.timestamp()


def _until(slots: Iterator[float], end: float) -> Iterator[float]:
    for slot in slots:
        if slot > end:
            return
        yield slot
