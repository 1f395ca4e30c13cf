"""What is done about the slots of a schedule whose time has come, and about a run that a person wants now."""

import msgspec

from compas.api.advice import in_commands
from compas.domain import events as e
from compas.domain.admission import queue_is_full
from compas.domain.decision import Decision, Draft, Refusal
from compas.domain.schedule import Due, Schedule, decide_due, due_slots, skip
from compas.domain.schedule_run import INTENT, decide_run, title_of
from compas.domain.specs import ScheduleSpec
from compas.orchestrator.schedules.known import times_of
from compas.orchestrator.services import Services
from compas.orchestrator.threads.dispatch_place import repository_of_run
from compas.orchestrator.threads.naming import free_names
from compas.store.projections.counters import loads
from compas.store.projections.schedules import is_run_unsettled


async def decide_slots(
    services: Services, state: Schedule, spec: ScheduleSpec
) -> e.ScheduleSkipped | tuple[Draft, ...] | None:
    """Return what is to be recorded now, or None when nothing is due."""
    times = times_of(spec)
    now = services.clock()
    due = None if times is None else due_slots(state, spec, times.next_after, now)
    if due is None or times is None:
        return None
    local = times.local(due.slot)
    decided = decide_due(state, spec, due, is_at_work=await _is_at_work(services, state), local=local, now=now)
    if isinstance(decided, e.ScheduleSkipped):
        return decided
    run = await _refuse_full(services, spec) or await _run(services, spec, decided, due)
    if isinstance(run, Refusal):
        return skip(spec, due, local, why="refused", detail=in_commands(run.message))
    return run


async def run_now(services: Services, spec: ScheduleSpec, by: str) -> Decision:
    """Dispatch what a schedule dispatches; it counts as a run, and moves no slot."""
    return await _refuse_full(services, spec) or await _run(
        services, spec, e.Occasion(schedule=spec.name, by=by), due=None
    )


async def _run(services: Services, spec: ScheduleSpec, occasion: e.Occasion, due: Due | None) -> Decision:
    if spec.repository is None:
        repository = await repository_of_run(services, services.config.agents.get(spec.agent))
        spec = msgspec.structs.replace(spec, repository=repository)
    thread = await (await free_names(services, title_of(spec, occasion), spec.repository)).next()
    return decide_run(spec, occasion, due, services.rules(), services.moment(), thread=thread)


async def _is_at_work(services: Services, state: Schedule) -> bool:
    last = state.last_run
    if last is None:
        return False
    return await services.store.query(lambda reader: is_run_unsettled(reader, last.fired))


async def _refuse_full(services: Services, spec: ScheduleSpec) -> Refusal | None:
    """Refuse work that the queue has no room for, as it does a dispatch."""
    limit = services.config.limits.queued
    if limit is None or not services.rules().triggers(recipient=spec.agent, intent=INTENT):
        return None
    found = await services.store.query(lambda reader: loads(reader, services.clock()))
    return queue_is_full(sum(load.running + load.queued + load.scheduled for load in found), limit)
