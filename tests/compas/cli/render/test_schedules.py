"""What the commands about schedules write."""

from compas.api.schedules import (
    ScheduleChanged,
    ScheduleRun,
    ScheduleRunResponse,
    ScheduleSkip,
    ScheduleSlot,
    SchedulesResponse,
    ScheduleView,
)
from compas.api.threads import NextSchedule, StatusResponse
from compas.cli.render.schedules import (
    schedule_pause_text,
    schedule_reset_text,
    schedule_resume_text,
    schedule_run_text,
    schedule_text,
    schedules_text,
)
from compas.cli.render.text import Style
from compas.cli.render.threads import status_text
from tests.kit.api.filled import filled
from tests.kit.cli.answered import as_answered

PIPE = Style(now=0.0)
SLOT = ScheduleSlot(at=7200.0, local="1970-01-01 03:00 Europe/Berlin")
NIGHTLY = ScheduleView(
    name="nightly",
    agent="dev",
    cron="0 2 * * *",
    timezone="Europe/Berlin",
    enabled=True,
    runs=3,
    max_runs=100,
    overlap="skip",
    catch_up="one",
    jitter_secs=60,
    next=(SLOT, ScheduleSlot(at=93_600.0, local="1970-01-02 03:00 Europe/Berlin")),
    last_run=ScheduleRun(at=60.0, thread_id="t1", outcome="completed, approve", local="slot", late_secs=90, missed=2),
    last_skip=ScheduleSkip(at=60.0, local="an earlier slot", why="its last run, thread t0, had not ended"),
)
SILENT = ScheduleView(
    name="silent\x1b[2J",
    agent="dev",
    cron="@daily",
    timezone="UTC",
    enabled=False,
    runs=0,
    max_runs=1,
    overlap="skip",
    catch_up="one",
    why_idle="it is disabled in the config (enabled: false)",
)


def test_the_list_has_a_row_for_each_and_says_what_does_not_fire_and_what_was_skipped() -> None:
    text = schedules_text(as_answered(SchedulesResponse(schedules=(NIGHTLY, SILENT))), PIPE)
    row = next(line for line in text.splitlines() if line.startswith("nightly"))
    assert all(word in row for word in ("dev", "0 2 * * *", "Europe/Berlin", "3/100", "completed, approve, thread t1"))
    assert "does not fire: it is disabled in the config (enabled: false)" in text
    assert "nightly skipped an earlier slot: its last run, thread t0, had not ended" in text
    assert "\x1b" not in text


def test_a_config_without_schedules_is_said_to_have_none() -> None:
    response = SchedulesResponse(schedules=(), config_notices=("the config is broken",))
    text = schedules_text(as_answered(response), PIPE)
    assert "the config has no schedules" in text
    assert "the config is broken" in text


def test_one_schedule_is_written_with_all_that_is_known_of_it() -> None:
    text = schedule_text(as_answered(SchedulesResponse(schedules=(NIGHTLY,))).schedules[0], PIPE)
    for said in (
        "0 2 * * * (Europe/Berlin), up to 60 s later",
        "3 of at most 100",
        "(1970-01-01 03:00 Europe/Berlin)",
        "(1970-01-02 03:00 Europe/Berlin)",
        "thread t1: completed, approve; slot slot; 1 m 30 s late; for 2 missed slots as well",
        "an earlier slot: its last run",
    ):
        assert said in text
    by_hand = ScheduleRun(at=60.0, thread_id="t1", outcome="at work", by="ann")
    view = ScheduleView(**{name: getattr(SILENT, name) for name in SILENT.__struct_fields__} | {"last_run": by_hand})
    text = schedule_text(as_answered(SchedulesResponse(schedules=(view,))).schedules[0], PIPE)
    assert "thread t1: at work; ann had it run" in text
    assert "it is disabled" in text


def test_a_run_by_hand_says_what_to_do_next() -> None:
    response = filled(ScheduleRunResponse, thread_id="t1", next_step="compas wait --thread-id t1", runs=4, max_runs=5)
    text = schedule_run_text(as_answered(response), PIPE)
    assert "compas wait --thread-id t1" in text
    assert "4 of at most 5" in text


def test_what_was_changed_is_said_and_what_comes_next() -> None:
    changed = ScheduleChanged(name="n", changed=True, paused=False, runs=0, max_runs=5, next=(SLOT,))
    same = ScheduleChanged(name="n", changed=False, paused=False, runs=0, max_runs=5, why_idle="it is paused")
    assert schedule_pause_text(as_answered(changed), PIPE) == "n is paused"
    assert schedule_pause_text(as_answered(same), PIPE) == "n was paused before"
    assert "n goes on; next" in schedule_resume_text(as_answered(changed), PIPE)
    assert schedule_resume_text(as_answered(same), PIPE) == "n was not paused; it does not fire: it is paused"
    assert "n has run 0 of at most 5 times; next" in schedule_reset_text(as_answered(changed), PIPE)


def test_status_tells_which_schedule_comes_next() -> None:
    following = NextSchedule(name="nightly", at=7200.0, local="1970-01-01 03:00 Europe/Berlin")
    text = status_text(as_answered(StatusResponse(threads=(), total=0, next_schedule=following)), PIPE)
    assert "schedule nightly fires next" in text
    assert "(1970-01-01 03:00 Europe/Berlin)" in text
