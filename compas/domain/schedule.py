"""A schedule: which slot is due, what becomes of those that were missed, and when it does not fire."""

import hashlib
from collections.abc import Callable
from typing import Final

import msgspec

from compas.domain import events as e
from compas.domain.decision import Draft
from compas.domain.specs import ScheduleSpec

GRACE_SECS: Final = 120.0
"""A run that is later than this was missed: until then it is merely a little late."""
MANY: Final = 100
"""Missed slots are counted up to this number; how many more there were does not matter."""
LARGEST_STEP_BACK_SECS: Final = 86_400.0
"""A clock that is set back by no more repeats nothing. By more, it was wrong before, and counting begins again."""

NextSlot = Callable[[float], float | None]
"""Returns the first time of a cron expression after a moment, both in UTC seconds; None when there is none."""


class LastRun(msgspec.Struct, frozen=True, kw_only=True):
    """The newest run, recorded at `at`, in UTC seconds."""

    at: float
    fired: e.ScheduleFired


class LastSkip(msgspec.Struct, frozen=True, kw_only=True):
    """The newest slot for which nothing was dispatched, recorded at `at`, in UTC seconds."""

    at: float
    skipped: e.ScheduleSkipped


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """What its stream says. Slots after `counts_from`, in UTC seconds, are still to come; `runs` counts since the last
    reset. `noted` is the config's word as the log has it; None while the config has no such schedule."""

    name: str
    version: int = 0
    noted: e.ScheduleNoted | None = None
    counts_from: float = 0.0
    runs: int = 0
    is_paused: bool = False
    last_run: LastRun | None = None
    last_skip: LastSkip | None = None

    @property
    def is_used_up(self) -> bool:
        """Whether it has run as often as it may."""
        return self.noted is not None and self.runs >= self.noted.max_runs

    @property
    def is_firing(self) -> bool:
        """Whether it fires at its next slot."""
        return self.noted is not None and self.noted.enabled and not self.is_paused and not self.is_used_up


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """Slots whose time has come. `slot` is the newest, `at` when it was due, both in UTC seconds; `count` stops at
    MANY."""

    slot: float
    at: float
    count: int


def evolve(state: Schedule, recorded: e.Recorded) -> Schedule:
    """Fold one recorded event into the state."""
    replace = msgspec.structs.replace
    match recorded.event:
        case e.ScheduleNoted() as noted:
            changed = replace(state, noted=noted, counts_from=_counts_from(state, noted, recorded.at))
        case e.ScheduleRemoved():
            changed = replace(state, noted=None)
        case e.ScheduleFired() as fired:
            counts_from = state.counts_from if fired.slot is None else fired.slot
            last = LastRun(at=recorded.at, fired=fired)
            changed = replace(state, runs=state.runs + 1, counts_from=counts_from, last_run=last)
        case e.ScheduleSkipped() as skipped:
            last_skip = LastSkip(at=recorded.at, skipped=skipped)
            changed = replace(state, counts_from=skipped.slot, last_skip=last_skip)
        case e.SchedulePaused():
            changed = replace(state, is_paused=True)
        case e.ScheduleResumed():
            changed = replace(state, is_paused=False, counts_from=_from_now_on(state, recorded.at))
        case e.ScheduleReset():
            counts_from = _from_now_on(state, recorded.at) if state.is_used_up else state.counts_from
            changed = replace(state, runs=0, counts_from=counts_from)
        case _:
            raise ValueError(f"event {recorded.position} of {recorded.stream!r} is not a schedule's")
    return replace(changed, version=recorded.version)


def _counts_from(state: Schedule, noted: e.ScheduleNoted, at: float) -> float:
    """Go on counting where only something else has changed; what begins to fire waits for its next slot."""
    has_same_times = state.noted is not None and _times(state.noted) == _times(noted)
    goes_on = state.is_firing and has_same_times and not _is_in_the_future(state, at)
    return state.counts_from if goes_on else _from_now_on(state, at)


def _from_now_on(state: Schedule, at: float) -> float:
    """Return where to count from, so that a clock that was set back meanwhile repeats no slot."""
    return at if _is_in_the_future(state, at) else max(at, state.counts_from)


def _is_in_the_future(state: Schedule, now: float) -> bool:
    return state.counts_from - now > LARGEST_STEP_BACK_SECS


def _times(noted: e.ScheduleNoted) -> tuple[str, str]:
    return noted.cron, noted.timezone


def note(state: Schedule, spec: ScheduleSpec | None, now: float) -> e.ScheduleNoted | e.ScheduleRemoved | None:
    """Return what the log does not know yet of the config, or of a clock that was wrong for days; None if nothing.

    A schedule that is new, was changed, or is enabled again waits for its next slot (a-core 157, c-config 55, 58).
    """
    if spec is None:
        return e.ScheduleRemoved(schedule=state.name) if state.noted is not None else None
    noted = e.ScheduleNoted(
        schedule=spec.name,
        cron=spec.cron,
        timezone=spec.timezone,
        max_runs=spec.max_runs,
        enabled=spec.enabled,
    )
    is_wrong = state.is_firing and _is_in_the_future(state, now)
    return noted if noted != state.noted or is_wrong else None


def foreseen(state: Schedule, spec: ScheduleSpec, now: float) -> Schedule:
    """Return how it stands once the log knows what the config says: what is told of it does not wait for that."""
    news = note(state, spec, now)
    if not isinstance(news, e.ScheduleNoted):
        return state
    return msgspec.structs.replace(state, noted=news, counts_from=_counts_from(state, news, now))


def offset(spec: ScheduleSpec, slot: float) -> float:
    """Return by how many seconds the run of a slot is put off: the same number whenever it is asked (design §2)."""
    if not spec.jitter_secs:
        return 0.0
    digest = hashlib.sha256(f"{spec.name}\0{slot:.0f}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 * spec.jitter_secs


def next_due(state: Schedule, spec: ScheduleSpec, next_slot: NextSlot) -> float:
    """Return when it is due next, in UTC seconds; infinity when it never is."""
    slot = next_slot(state.counts_from) if state.is_firing else None
    return float("inf") if slot is None else slot + offset(spec, slot)


def upcoming(state: Schedule, spec: ScheduleSpec, next_slot: NextSlot, count: int) -> tuple[float, ...]:
    """Return the next slots, jitter left out, in UTC seconds."""
    found: list[float] = []
    slot = next_slot(state.counts_from) if state.is_firing else None
    while slot is not None and len(found) < min(count, spec.max_runs - state.runs):
        found.append(slot)
        slot = next_slot(slot)
    return tuple(found)


def due_slots(state: Schedule, spec: ScheduleSpec, next_slot: NextSlot, now: float) -> Due | None:
    """Return the slots whose time has come by `now`, or None. Many cost no more than a few."""
    if not state.is_firing:
        return None
    slot, found, count = next_slot(state.counts_from), None, 0
    while slot is not None and slot + offset(spec, slot) <= now:
        found, count = slot, count + 1
        if count == MANY:
            found = max(found, _newest(found, now - spec.jitter_secs, next_slot))
            break
        slot = next_slot(slot)
    return None if found is None else Due(slot=found, at=found + offset(spec, found), count=count)


def _newest(known: float, now: float, next_slot: NextSlot) -> float:
    """Return the last slot by `now`, knowing one of them: that before which halving finds no later one."""
    low, high = known, max(known, now)
    while high - low > 1.0:
        middle = (low + high) / 2
        following = next_slot(middle)
        if following is not None and following <= now:
            low = following
        else:
            high = middle
    following = next_slot(low)
    return following if following is not None and following <= now else low


def decide_due(
    state: Schedule, spec: ScheduleSpec, due: Due, *, is_at_work: bool, local: str, now: float
) -> e.ScheduleSkipped | e.Occasion:
    """Say that the slots are skipped, and why, or what the run is that is made of them.

    One run stands for all that were missed (a-core 158, c-config 56), or none, as `catch_up` says. `is_at_work` says
    that the last run has not ended (a-core 161, c-config 59).
    """
    late = max(0.0, now - due.at)
    if late > GRACE_SECS and spec.catch_up == "none":
        return skip(spec, due, local, why="missed")
    if is_at_work and spec.overlap == "skip":
        thread = state.last_run.fired.thread if state.last_run is not None else ""
        return skip(spec, due, local, why="overlap", thread=thread)
    return e.Occasion(schedule=spec.name, slot=local, late_secs=int(late), missed=due.count - 1)


def skip(
    spec: ScheduleSpec, due: Due, local: str, *, why: e.SkipReason, thread: str = "", detail: str = ""
) -> e.ScheduleSkipped:
    """Return that nothing is dispatched for these slots."""
    return e.ScheduleSkipped(
        schedule=spec.name, slot=due.slot, local=local, count=due.count, why=why, thread=thread, detail=detail
    )


def decide_pause(state: Schedule, by: str) -> tuple[Draft, ...]:
    """Let it not fire until it is resumed; one that is paused stays so."""
    return () if state.is_paused else (_draft(state, e.SchedulePaused(schedule=state.name, by=by)),)


def decide_resume(state: Schedule, by: str) -> tuple[Draft, ...]:
    """Let it fire from its next slot on; what passed meanwhile was not to run."""
    return (_draft(state, e.ScheduleResumed(schedule=state.name, by=by)),) if state.is_paused else ()


def decide_reset(state: Schedule, by: str) -> tuple[Draft, ...]:
    """Count runs from 0 again; one that was used up goes on with its next slot (c-config 60)."""
    return (_draft(state, e.ScheduleReset(schedule=state.name, by=by)),) if state.runs else ()


def _draft(state: Schedule, event: e.Event) -> Draft:
    return Draft(stream=e.schedule_stream(state.name), event=event)
