"""A schedule of the real program: it fires, survives a death at any step, and does what a person says."""

import os
import signal
from collections import Counter
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from compas.clock import wall_clock
from compas.domain import events as e
from compas.domain.decision import Moment, Refusal
from compas.domain.schedule_run import decide_run
from compas.domain.specs import ScheduleSpec
from compas.store.codec import domain_codec
from compas.store.errors import EpochLost
from compas.store.event_log import open_store
from compas.store.projections.catalogue import PROJECTIONS
from compas.store.records import Append, Appended, Conflict, NewEvent
from tests.kit.ceiling import CEILING
from tests.kit.domain.thread_dialogue import agent
from tests.kit.domain.thread_dialogue import rules as config_rules
from tests.kit.system import schedule_crashes
from tests.kit.system.read_models import before_and_after_a_rebuild
from tests.kit.system.workshop import Workshop, finish

pytestmark = pytest.mark.system

RUNS = 2
WRITES = range(1, 12)
"""How often a run and its schedule write to the log: each of them is a place to die at, three times over."""
EVERY_WRITE = tuple(
    f"store.{moment}:{n}" for moment in ("before_append", "in_transaction", "committed") for n in WRITES
)


def schedule(**changes: object) -> dict[str, object]:
    """Return a schedule that comes every second."""
    return {"name": "tick", "agent": "dev", "cron": "* * * * * *", "body": "Tidy up", "max_runs": RUNS, **changes}


# proves: a-core 160, c-config-dashboard 57, c-config-dashboard 63
@pytest.mark.parametrize("point", schedule_crashes.POINTS)
async def test_a_crash_loses_no_run_and_repeats_none(workshop: Workshop, point: str) -> None:
    await live_through(workshop, point)


@pytest.mark.long
@pytest.mark.parametrize("point", EVERY_WRITE)
async def test_a_crash_around_any_write_loses_no_run_and_repeats_none(workshop: Workshop, point: str) -> None:
    await live_through(workshop, point)


async def live_through(workshop: Workshop, point: str) -> None:
    """Have two runs, of which the first is at work over some slots, with a crash somewhere in it."""
    gate, ran = workshop.fifo("gate"), workshop.root / "ran"
    work = [{"append": str(ran), "text": "ran\n"}, {"block": str(gate)}, {"reply": "Done."}]
    workshop.configure([workshop.agent("dev", work)], schedules=[schedule()])
    fuse = workshop.root / "fuse"
    fuse.touch()
    supervisor = workshop.supervise(COMPAS_FAILPOINT=f"{point}@{fuse}")

    workshop.until_logged("schedule.fired", 0)
    skipped = workshop.until_logged("schedule.skipped", 0)
    assert skipped["data"]["why"] == "overlap"
    blocked = os.open(gate, os.O_WRONLY)
    (workshop.root / "open").touch()
    os.replace(workshop.root / "open", gate)  # from now on no run is held up
    os.close(blocked)
    first = workshop.until_logged("execution.ended", 0)
    workshop.until_logged("execution.ended", first["position"])
    changed = workshop.ask("schedules", "pause", "tick")
    assert (changed["changed"], changed["runs"]) == (True, RUNS)

    assert not fuse.exists(), f"{point} was never reached"
    assert supervisor.wait(CEILING) == -signal.SIGKILL
    check_log(workshop.events())
    assert ran.read_text() == "ran\n" * RUNS
    assert finish(workshop.begin("stop")).code == 0
    before, after = await before_and_after_a_rebuild(workshop.state / "compas.sqlite")
    assert after == before


def check_log(log: list[dict[str, Any]]) -> None:
    kinds = Counter(event["type"] for event in log)
    runs = ("schedule.fired", "thread.opened", "execution.queued", "execution.ended")
    assert {kind: kinds[kind] for kind in runs} == dict.fromkeys(runs, RUNS)
    assert (kinds["schedule.noted"], kinds["schedule.paused"]) == (1, 1)
    fired = [event["data"]["thread"] for event in log if event["type"] == "schedule.fired"]
    assert fired == [event["data"]["thread"] for event in log if event["type"] == "thread.opened"]
    slots = [event["data"]["slot"] for event in log if event["type"] in ("schedule.fired", "schedule.skipped")]
    assert slots == sorted(set(slots)), "a slot is answered for once"


def test_a_person_sees_and_rules_schedules_from_the_command_line(workshop: Workshop) -> None:
    workshop.configure(
        [workshop.agent("dev", [{"reply": "Done."}])],
        schedules=[schedule(name="nightly", cron="0 2 * * *", timezone="Europe/Berlin")],
    )
    workshop.supervise()
    (listed,) = workshop.ask("schedules")["schedules"]
    assert (listed["name"], len(listed["next"])) == ("nightly", RUNS)
    assert "schedule nightly fires next" in workshop("status").out
    ran = workshop.ask("schedules", "run", "nightly")
    answer = workshop.ask("wait", "--thread-id", ran["thread_id"], "--await-chain", "--timeout", str(CEILING))
    assert answer["body"] == "Done."
    why = workshop("why", ran["thread_id"])
    assert "dispatched by schedule nightly, run at once by operator" in why.out
    assert "nightly is paused" in workshop("schedules", "pause", "nightly").out
    shown = workshop("schedules", "nightly").out
    assert "it is paused" in shown
    assert f"thread {ran['thread_id']}: completed" in shown
    assert "nightly goes on; next" in workshop("schedules", "resume", "nightly").out
    assert workshop.ask("schedules", "reset", "nightly")["runs"] == 0
    unknown = workshop("schedules", "run", "nihgtly")
    assert unknown.code == 2
    assert "no schedule is called 'nihgtly'; did you mean 'nightly'?" in unknown.err


def test_the_doctor_names_a_schedule_that_never_fires(workshop: Workshop) -> None:
    never = schedule(name="never", cron="0 0 30 2 *")
    workshop.configure([workshop.agent("dev", [{"reply": "Done."}])], schedules=[never])
    said = workshop("doctor").out
    assert "schedules[0].cron" in said
    assert "it never fires" in said


async def test_a_supervisor_that_was_followed_by_another_can_fire_nothing(tmp_path: Path) -> None:
    spec = ScheduleSpec(name="nightly", agent="dev", cron="0 2 * * *", body="tidy up")
    names = count(1)
    moment = Moment(now=wall_clock(), new_id=lambda: f"id{next(names)}")
    rules = config_rules(agent("dev"))
    stream = e.schedule_stream("nightly")

    def run() -> Append:
        decision = decide_run(spec, e.Occasion(schedule="nightly", by="ann"), None, rules, moment, thread="t1")
        assert not isinstance(decision, Refusal)
        events = tuple(NewEvent(stream=draft.stream, event=draft.event) for draft in decision)
        return Append(events=events, expected={stream: 0})

    path = tmp_path / "compas.sqlite"
    opened = partial(open_store, path, events=domain_codec(), projections=PROJECTIONS)
    async with opened() as first, opened() as second:
        await first.begin_epoch(1, "boot", "test")
        await second.begin_epoch(2, "boot", "test")
        with pytest.raises(EpochLost):
            await first.append_all([run()])
        (outcome,) = await second.append_all([run()])
        assert isinstance(outcome, Appended)
        (again,) = await second.append_all([run()])
        assert isinstance(again, Conflict), "and where both saw the same, only one of them fires"
        assert len(await second.read_stream(stream)) == 1
