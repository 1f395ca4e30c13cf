"""A schedule's rules: when it fires, what becomes of missed slots, and what a person and a config change about that."""

import math
from collections.abc import Iterator
from itertools import count

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compas.domain import events as e
from compas.domain import schedule as rules
from compas.domain.decision import Draft, Moment, Refusal
from compas.domain.dispatch import Rules
from compas.domain.schedule import MANY, Schedule, decide_due, due_slots, evolve, next_due, note, offset, upcoming
from compas.domain.schedule_run import decide_run, in_words
from compas.domain.specs import ScheduleSpec
from tests.kit.domain.thread_dialogue import agent
from tests.kit.domain.thread_dialogue import rules as config_rules

HOUR, DAY = 3600.0, 86_400.0
NOON = 1_700_049_600.0
NIGHTLY = ScheduleSpec(name="nightly", agent="dev", cron="hourly", body="tidy up", max_runs=5)


def hourly(moment: float) -> float | None:
    """Return the next full hour."""
    return (moment // HOUR + 1) * HOUR


class Plan:
    """One schedule, its config and a clock; plays what the actor does, and keeps what was recorded."""

    def __init__(self, spec: ScheduleSpec = NIGHTLY, **changes: object) -> None:
        self.spec: ScheduleSpec | None = msgspec.structs.replace(spec, **changes)
        self.state = Schedule(name=spec.name)
        self.now = NOON + 60
        self.log: list[e.Event] = []
        self.is_at_work = False
        self.rules: Rules = config_rules(agent("dev"))
        self._names: Iterator[int] = count(1)

    def record(self, *events: e.Event) -> None:
        for event in events:
            version = self.state.version + 1
            stream = e.schedule_stream(self.state.name)
            recorded = e.Recorded(position=version, stream=stream, version=version, event=event, at=self.now)
            self.state = evolve(self.state, recorded)
            self.log.append(event)

    def tell(self, drafts: tuple[Draft, ...]) -> bool:
        self.record(*(draft.event for draft in drafts))
        return bool(drafts)

    def moment(self) -> Moment:
        return Moment(now=self.now, new_id=lambda: f"id{next(self._names)}")

    def look(self) -> list[e.Event]:
        """Do what is due now; return what was recorded."""
        before = len(self.log)
        news = note(self.state, self.spec, self.now)
        if news is not None:
            self.record(news)
        if self.spec is not None:
            due = due_slots(self.state, self.spec, hourly, self.now)
            if due is not None:
                local = f"slot {due.slot:.0f}"
                decided = decide_due(self.state, self.spec, due, is_at_work=self.is_at_work, local=local, now=self.now)
                if isinstance(decided, e.ScheduleSkipped):
                    self.record(decided)
                else:
                    run = decide_run(self.spec, decided, due, self.rules, self.moment(), thread="t1")
                    assert not isinstance(run, Refusal)
                    self.record(*(draft.event for draft in run if isinstance(draft.event, e.ScheduleEvent)))
        return self.log[before:]

    def run_now(self) -> None:
        assert self.spec is not None
        run = decide_run(
            self.spec, e.Occasion(schedule="nightly", by="ann"), None, self.rules, self.moment(), thread="t1"
        )
        assert not isinstance(run, Refusal)
        self.record(*(draft.event for draft in run if isinstance(draft.event, e.ScheduleEvent)))

    def change(self, **changes: object) -> None:
        assert self.spec is not None
        self.spec = msgspec.structs.replace(self.spec, **changes)

    def due(self) -> float:
        assert self.spec is not None
        return next_due(self.state, self.spec, hourly)

    def runs(self) -> list[e.ScheduleFired]:
        return [event for event in self.log if isinstance(event, e.ScheduleFired)]

    def skips(self) -> list[e.ScheduleSkipped]:
        return [event for event in self.log if isinstance(event, e.ScheduleSkipped)]


def begun(**changes: object) -> Plan:
    """Return a plan that was seen for the first time a minute past noon."""
    plan = Plan(**changes)
    plan.look()
    return plan


# --- slots ------------------------------------------------------------------------------------------------------------


# proves: a-core 157, c-config-dashboard 55
def test_a_new_schedule_waits_for_its_first_slot() -> None:
    plan = begun()
    assert [type(event) for event in plan.log] == [e.ScheduleNoted]
    assert plan.due() == NOON + HOUR
    plan.now = NOON + HOUR - 1
    assert plan.look() == []
    plan.now = NOON + HOUR
    (fired,) = plan.look()
    assert isinstance(fired, e.ScheduleFired)
    assert (fired.slot, fired.due, fired.missed) == (NOON + HOUR, NOON + HOUR, 0)
    assert plan.due() == NOON + 2 * HOUR


# proves: a-core 160, c-config-dashboard 57
def test_what_has_fired_does_not_fire_again_however_often_it_is_looked_at() -> None:
    plan = begun()
    plan.now = NOON + HOUR + 5
    plan.look()
    for later in (0, 1, 54, 3000):
        plan.now = NOON + HOUR + 5 + later
        assert plan.look() == []
    assert len(plan.runs()) == 1


# proves: a-core 158, c-config-dashboard 56
def test_missed_slots_are_caught_up_by_one_run_that_says_how_late_it_is() -> None:
    plan = begun()
    plan.now = NOON + 5 * HOUR + 600
    (fired,) = plan.look()
    assert isinstance(fired, e.ScheduleFired)
    assert (fired.slot, fired.missed) == (NOON + 5 * HOUR, 4)
    assert plan.look() == []
    assert plan.due() == NOON + 6 * HOUR


# proves: c-config-dashboard 56
def test_without_catching_up_missed_slots_are_recorded_once_and_nothing_runs() -> None:
    plan = begun(catch_up="none")
    plan.now = NOON + 3 * HOUR + 600
    (skipped,) = plan.look()
    assert skipped == e.ScheduleSkipped(
        schedule="nightly", slot=NOON + 3 * HOUR, local=f"slot {NOON + 3 * HOUR:.0f}", count=3, why="missed"
    )
    assert plan.look() == []
    plan.now = NOON + 4 * HOUR + 1
    assert [type(event) for event in plan.look()] == [e.ScheduleFired]


@pytest.mark.parametrize(("late", "fires"), [(0.0, True), (119.0, True), (121.0, False)])
def test_without_catching_up_a_run_may_be_two_minutes_late(late: float, fires: bool) -> None:
    plan = begun(catch_up="none")
    plan.now = NOON + HOUR + late
    plan.look()
    assert (len(plan.runs()), len(plan.skips())) == ((1, 0) if fires else (0, 1))


def test_a_year_of_missed_slots_is_one_run_for_many() -> None:
    plan = begun()
    plan.now = NOON + 365 * DAY + 10
    (fired,) = plan.look()
    assert isinstance(fired, e.ScheduleFired)
    assert (fired.slot, fired.missed) == (NOON + 365 * DAY, MANY - 1)
    assert plan.look() == []


def test_what_never_comes_never_fires() -> None:
    plan = begun()
    plan.now = NOON + 10 * DAY
    assert due_slots(plan.state, NIGHTLY, lambda moment: None, plan.now) is None
    assert next_due(plan.state, NIGHTLY, lambda moment: None) == math.inf
    assert upcoming(plan.state, NIGHTLY, lambda moment: None, 3) == ()


# --- overlap ----------------------------------------------------------------------------------------------------------


# proves: a-core 161, c-config-dashboard 59
def test_a_run_that_is_at_work_makes_the_next_slot_skipped_or_run_beside_it() -> None:
    skipping, queueing = begun(), begun(overlap="queue")
    for plan in (skipping, queueing):
        plan.now = NOON + HOUR
        plan.look()
        plan.is_at_work, plan.now = True, NOON + 2 * HOUR
        plan.look()
    (skipped,) = skipping.skips()
    assert (skipped.why, skipped.slot, skipped.thread) == ("overlap", NOON + 2 * HOUR, skipping.runs()[0].thread)
    assert (len(skipping.runs()), len(queueing.runs()), queueing.skips()) == (1, 2, [])
    assert skipping.look() == [], "a slot is skipped once"
    skipping.is_at_work, skipping.now = False, NOON + 3 * HOUR
    assert [type(event) for event in skipping.look()] == [e.ScheduleFired]


# --- the number of runs -----------------------------------------------------------------------------------------------


# proves: a-core 159, c-config-dashboard 60
def test_it_stops_at_its_highest_number_of_runs_and_goes_on_after_a_reset() -> None:
    plan = begun(max_runs=2)
    for hour in range(1, 5):
        plan.now = NOON + hour * HOUR
        plan.look()
    assert len(plan.runs()) == 2
    assert plan.state.is_used_up
    assert plan.due() == math.inf
    assert upcoming(plan.state, plan.spec or NIGHTLY, hourly, 3) == ()
    plan.now = NOON + 4.5 * HOUR
    assert plan.tell(rules.decide_reset(plan.state, "ann"))
    assert plan.look() == [], "what passed meanwhile is not made up for"
    assert plan.due() == NOON + 5 * HOUR
    assert not rules.decide_reset(plan.state, "ann"), "it stands at 0"


def test_a_higher_number_of_runs_lets_it_go_on_with_its_next_slot_and_a_lower_one_stops_it() -> None:
    plan = begun(max_runs=1)
    plan.now = NOON + HOUR
    plan.look()
    plan.now = NOON + 10.5 * HOUR
    plan.change(max_runs=3)
    assert [type(event) for event in plan.look()] == [e.ScheduleNoted]
    assert plan.due() == NOON + 11 * HOUR
    plan.change(max_runs=1)
    plan.look()
    assert plan.due() == math.inf


def test_a_reset_in_the_middle_moves_no_slot() -> None:
    plan = begun()
    plan.now = NOON + HOUR
    plan.look()
    plan.now = NOON + 3 * HOUR
    plan.tell(rules.decide_reset(plan.state, "ann"))
    assert plan.state.runs == 0
    (fired,) = plan.look()
    assert isinstance(fired, e.ScheduleFired)
    assert fired.missed == 1


def test_a_run_by_hand_counts_and_moves_no_slot() -> None:
    plan = begun(max_runs=2)
    plan.run_now()
    assert (plan.state.runs, plan.due()) == (1, NOON + HOUR)
    plan.now = NOON + HOUR
    plan.look()
    assert plan.state.is_used_up
    plan.run_now()
    assert plan.state.runs == 3
    assert plan.runs()[-1].by == "ann"


def test_only_so_many_slots_are_told_as_may_still_run() -> None:
    plan = begun(max_runs=2)
    assert upcoming(plan.state, plan.spec or NIGHTLY, hourly, 3) == (NOON + HOUR, NOON + 2 * HOUR)


# --- what changes -----------------------------------------------------------------------------------------------------


# proves: c-config-dashboard 58
def test_one_that_is_enabled_again_after_a_week_waits_for_its_next_slot() -> None:
    plan = begun()
    plan.change(enabled=False)
    plan.look()
    assert plan.due() == math.inf
    plan.now = NOON + 7 * DAY + 60
    plan.change(enabled=True)
    assert [type(event) for event in plan.look()] == [e.ScheduleNoted]
    assert plan.due() == NOON + 7 * DAY + HOUR


def test_a_pause_makes_up_for_nothing() -> None:
    plan = begun()
    assert plan.tell(rules.decide_pause(plan.state, "ann"))
    assert not rules.decide_pause(plan.state, "ann")
    plan.now = NOON + 5.5 * HOUR
    assert plan.look() == []
    assert plan.tell(rules.decide_resume(plan.state, "ann"))
    assert not rules.decide_resume(plan.state, "ann")
    assert plan.look() == []
    assert plan.due() == NOON + 6 * HOUR


@pytest.mark.parametrize("change", [{"cron": "daily"}, {"timezone": "Europe/Berlin"}])
def test_other_times_count_from_the_change(change: dict[str, str]) -> None:
    plan = begun()
    plan.now = NOON + 3 * HOUR + 600
    plan.change(**change)
    assert [type(event) for event in plan.look()] == [e.ScheduleNoted]
    assert plan.due() == NOON + 4 * HOUR


def test_another_text_or_number_of_runs_loses_no_slot() -> None:
    plan = begun()
    plan.now = NOON + 3 * HOUR + 600
    plan.change(body="tidy up well", batch="b", max_runs=7)
    assert [type(event) for event in plan.look()] == [e.ScheduleNoted, e.ScheduleFired]


def test_one_that_was_removed_and_comes_back_keeps_its_count_and_waits_for_its_next_slot() -> None:
    plan = begun()
    plan.now = NOON + HOUR
    plan.look()
    spec, plan.spec = plan.spec, None
    assert plan.look() == [e.ScheduleRemoved(schedule="nightly")]
    assert plan.look() == []
    plan.now, plan.spec = NOON + DAY + 60, spec
    assert [type(event) for event in plan.look()] == [e.ScheduleNoted]
    assert (plan.state.runs, plan.due()) == (1, NOON + DAY + HOUR)


def test_what_is_told_of_a_schedule_foresees_what_the_log_will_know() -> None:
    plan = Plan()
    assert plan.spec is not None
    soon = rules.foreseen(plan.state, plan.spec, plan.now)
    plan.look()
    assert upcoming(soon, plan.spec, hourly, 2) == upcoming(plan.state, plan.spec, hourly, 2)
    assert rules.foreseen(plan.state, plan.spec, plan.now) == plan.state


# --- the clock --------------------------------------------------------------------------------------------------------


# proves: c-config-dashboard 62
@pytest.mark.parametrize("back", [1.0, HOUR, 3 * HOUR, DAY])
def test_a_clock_that_is_set_back_by_up_to_a_day_repeats_no_run(back: float) -> None:
    plan = begun()
    plan.now = NOON + HOUR + 5
    plan.look()
    plan.now -= back
    assert plan.look() == []
    assert plan.due() == NOON + 2 * HOUR


def test_a_clock_that_was_wrong_by_years_silences_nothing_once_it_is_right() -> None:
    plan = begun()
    plan.now = NOON + 3650 * DAY
    assert [type(event) for event in plan.look()] == [e.ScheduleFired]
    plan.now = NOON + HOUR + 60
    assert [type(event) for event in plan.look()] == [e.ScheduleNoted]
    assert plan.due() == NOON + 2 * HOUR


def test_a_pause_after_the_clock_was_set_back_repeats_no_run() -> None:
    plan = begun()
    plan.now = NOON + HOUR + 5
    plan.look()
    plan.now -= 2 * HOUR
    plan.tell(rules.decide_pause(plan.state, "ann"))
    plan.tell(rules.decide_resume(plan.state, "ann"))
    assert plan.due() == NOON + 2 * HOUR


# --- jitter -----------------------------------------------------------------------------------------------------------


@given(st.integers(1, 3000), st.text(max_size=8), st.integers(0, 10**6))
def test_a_jitter_is_within_its_bound_and_the_same_whenever_it_is_asked(secs: int, name: str, hour: int) -> None:
    spec = msgspec.structs.replace(NIGHTLY, name=name, jitter_secs=secs)
    found = offset(spec, hour * HOUR)
    assert 0 <= found < secs
    assert found == offset(spec, hour * HOUR)


def test_jitters_of_names_and_slots_differ() -> None:
    specs = [msgspec.structs.replace(NIGHTLY, name=f"s{n}", jitter_secs=600) for n in range(20)]
    assert len({round(offset(spec, NOON)) for spec in specs}) > 10
    assert len({round(offset(specs[0], NOON + n * HOUR)) for n in range(20)}) > 10


def test_a_run_is_due_when_its_jitter_is_over() -> None:
    plan = begun(jitter_secs=600)
    due = plan.due()
    assert NOON + HOUR < due < NOON + HOUR + 600
    plan.now = due - 1
    assert plan.look() == []
    plan.now = due
    (fired,) = plan.look()
    assert isinstance(fired, e.ScheduleFired)
    assert (fired.slot, fired.due) == (NOON + HOUR, due)


# --- any life ---------------------------------------------------------------------------------------------------------

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.floats(1, 9 * HOUR)),
        st.tuples(st.just("back"), st.floats(1, 0.6 * HOUR)),
        st.tuples(st.sampled_from(["pause", "resume", "reset", "run", "work", "rest", "remove", "return"]), st.just(0)),
        st.tuples(st.just("enabled"), st.booleans()),
        st.tuples(st.just("max_runs"), st.integers(1, 6)),
    ),
    max_size=40,
)


@given(STEPS, st.sampled_from(["skip", "queue"]), st.sampled_from(["one", "none"]), st.sampled_from([0, 300, 9000]))
def test_in_any_life_no_slot_is_answered_for_twice_and_none_runs_that_should_not(
    steps: list[tuple[str, float]], overlap: str, catch_up: str, jitter: int
) -> None:
    plan = begun(overlap=overlap, catch_up=catch_up, jitter_secs=jitter)
    spec = plan.spec
    for what, value in steps:
        match what:
            case "pass":
                plan.now += value
            case "back":
                plan.now -= value
            case "pause":
                plan.tell(rules.decide_pause(plan.state, "ann"))
            case "resume":
                plan.tell(rules.decide_resume(plan.state, "ann"))
            case "reset":
                plan.tell(rules.decide_reset(plan.state, "ann"))
            case "run" if plan.spec is not None:
                plan.run_now()
            case "work" | "rest":
                plan.is_at_work = what == "work"
            case "remove":
                plan.spec = None
            case "return":
                plan.spec = plan.spec or spec
            case "enabled" | "max_runs" if plan.spec is not None:
                plan.change(**{what: value})
        was_firing, runs = plan.state.is_firing, len(plan.runs())
        for event in plan.look():
            if isinstance(event, e.ScheduleFired):
                assert was_firing
                assert event.slot is not None
                assert event.due is not None
                assert event.slot <= event.due <= plan.now
        assert len(plan.runs()) <= runs + 1
        assert plan.spec is None or plan.due() > plan.now or jitter, "nothing that is due is left"
    answered = [event.slot for event in plan.log if isinstance(event, e.ScheduleFired | e.ScheduleSkipped)]
    slots = [slot for slot in answered if slot is not None]
    assert len(slots) == len(set(slots)), "a slot is answered for once"


# --- words ------------------------------------------------------------------------------------------------------------


def test_a_thread_says_of_which_run_it_is() -> None:
    slot = "2026-12-01 02:00 Europe/Berlin"
    plain = e.Occasion(schedule="nightly", slot=slot)
    replace = msgspec.structs.replace
    assert in_words(plain) == f"dispatched by schedule nightly, slot {slot}"
    assert in_words(replace(plain, late_secs=3)) == f"dispatched by schedule nightly, slot {slot}, 3 s late"
    assert in_words(replace(plain, late_secs=300)).endswith("5 min 0 s late")
    late = in_words(replace(plain, late_secs=7500, missed=1))
    assert late.endswith("2 h 5 min late, for 1 missed slot before it as well")
    assert in_words(replace(plain, missed=MANY - 1)).endswith("for 99 or more missed slots before it as well")
    assert in_words(e.Occasion(schedule="n", by="ann")) == "dispatched by schedule n, run at once by ann"


def test_a_run_is_one_decision_with_the_thread_it_makes() -> None:
    spec = msgspec.structs.replace(NIGHTLY, batch="b", repository="/src/other")
    occasion = e.Occasion(schedule="nightly", slot="02:00")
    decision = decide_run(spec, occasion, None, config_rules(agent("dev")), Plan().moment(), thread="t1")
    assert not isinstance(decision, Refusal)
    kinds = [type(draft.event) for draft in decision]
    assert kinds == [e.ScheduleFired, e.ThreadOpened, e.MessagePosted, e.ExecutionQueued]
    fired, opened, posted, _ = (draft.event for draft in decision)
    assert isinstance(fired, e.ScheduleFired)
    assert isinstance(opened, e.ThreadOpened)
    assert isinstance(posted, e.MessagePosted)
    assert (opened.batch, opened.summary, opened.repository) == ("b", "[sched] nightly", "/src/other")
    assert (opened.thread, opened.occasion) == (fired.thread, occasion)
    assert (posted.sender, posted.intent, posted.body) == ("scheduler", "dispatch", "tidy up")
    assert {draft.lineage for draft in decision} == {fired.message}


def test_a_run_for_an_agent_that_is_gone_is_refused_and_records_nothing() -> None:
    refusal = decide_run(NIGHTLY, e.Occasion(schedule="nightly"), None, config_rules(), Plan().moment(), thread="t1")
    assert isinstance(refusal, Refusal)
    assert refusal.code == "unknown_agent"
