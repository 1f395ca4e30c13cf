"""What is told of a schedule: when it comes next, why it does not, and what became of its last run."""

from compas.api import schedules as api
from compas.config.config import Config
from compas.domain import schedule as rules
from compas.domain.schedule import Schedule
from compas.domain.schedule_run import missed_in_words
from compas.domain.specs import ScheduleSpec
from compas.orchestrator.schedules.known import times_of, why_unreadable
from compas.store.connection import Reader
from compas.store.projections.schedules import all_schedules, is_run_unsettled
from compas.store.projections.threads import StatusFilter, status_page

SHOWN = 3
"""Slots that are told in advance."""


def views(reader: Reader, config: Config, now: float, name: str | None = None) -> tuple[api.ScheduleView, ...]:
    """Return the schedules of the config, or one of them, as they stand at `now`, in UTC seconds."""
    found = _states(reader, config, now)
    wanted = (spec for spec in config.schedules.values() if name in (None, spec.name))
    return tuple(_view(reader, spec, found[spec.name]) for spec in wanted)


def next_of_all(reader: Reader, config: Config, now: float) -> tuple[str, api.ScheduleSlot] | None:
    """Return the schedule that fires next, and when; None when none does."""
    if not config.schedules:
        return None
    states = _states(reader, config, now)
    found = [
        (spec.name, slots[0]) for spec in config.schedules.values() if (slots := next_slots(spec, states[spec.name], 1))
    ]
    return min(found, key=lambda one: one[1].at, default=None)


def _states(reader: Reader, config: Config, now: float) -> dict[str, Schedule]:
    known = all_schedules(reader)
    return {
        spec.name: rules.foreseen(known.get(spec.name, Schedule(name=spec.name)), spec, now)
        for spec in config.schedules.values()
    }


def next_slots(spec: ScheduleSpec, state: Schedule, count: int = SHOWN) -> tuple[api.ScheduleSlot, ...]:
    """Return when a schedule comes next."""
    times = times_of(spec)
    if times is None:
        return ()
    slots = rules.upcoming(state, spec, times.next_after, count)
    return tuple(api.ScheduleSlot(at=slot + rules.offset(spec, slot), local=times.local(slot)) for slot in slots)


def why_idle(spec: ScheduleSpec, state: Schedule) -> str:
    """Say why nothing comes next; empty where something does."""
    if not spec.enabled:
        return "it is disabled in the config (enabled: false)"
    if state.is_paused:
        return "it is paused"
    if state.runs >= spec.max_runs:
        return f"it has had {state.runs} of {spec.max_runs} runs (max_runs)"
    unreadable = why_unreadable(spec)
    return f"it never comes: {unreadable}" if unreadable else ""


def _view(reader: Reader, spec: ScheduleSpec, state: Schedule) -> api.ScheduleView:
    return api.ScheduleView(
        name=spec.name,
        agent=spec.agent,
        cron=spec.cron,
        timezone=spec.timezone,
        enabled=spec.enabled,
        runs=state.runs,
        max_runs=spec.max_runs,
        overlap=spec.overlap,
        catch_up=spec.catch_up,
        paused=state.is_paused,
        jitter_secs=spec.jitter_secs,
        batch=spec.batch,
        repository=spec.repository,
        next=next_slots(spec, state),
        why_idle=why_idle(spec, state),
        last_run=_last_run(reader, state),
        last_skip=_last_skip(state),
    )


def _last_run(reader: Reader, state: Schedule) -> api.ScheduleRun | None:
    last = state.last_run
    if last is None:
        return None
    fired = last.fired
    found = status_page(reader, StatusFilter(thread=fired.thread), 1).rows
    outcome, status = "its message was kept, and started nothing", None
    if found:
        status = found[0].status
        verdict = f", {found[0].verdict.replace('_', ' ')}" if found[0].verdict else ""
        outcome = f"{found[0].execution_status}{verdict}" if found[0].execution_status is not None else outcome
    return api.ScheduleRun(
        at=last.at,
        thread_id=fired.thread,
        outcome="at work" if is_run_unsettled(reader, fired) else outcome,
        thread_status=status,
        local=fired.local,
        late_secs=0 if fired.due is None else max(0, int(last.at - fired.due)),
        missed=fired.missed,
        by=fired.by,
    )


def _last_skip(state: Schedule) -> api.ScheduleSkip | None:
    last = state.last_skip
    if last is None:
        return None
    skipped = last.skipped
    why = {
        "overlap": f"its last run, thread {skipped.thread}, had not ended (overlap: skip)",
        "missed": "compas was not running then, or the machine slept (catch_up: none)",
        "refused": skipped.detail,
    }[skipped.why]
    if skipped.count > 1:
        why = f"{missed_in_words(skipped.count)}; {why}"
    return api.ScheduleSkip(at=last.at, local=skipped.local, why=why, count=skipped.count)
