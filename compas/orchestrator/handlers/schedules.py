"""Handlers of `schedules`, and of what a person wants of one."""

import msgspec

from compas.api import schedules as api
from compas.domain import events as e
from compas.domain.decision import Refusal
from compas.domain.schedule import Schedule
from compas.domain.schedule_run import dispatch_of
from compas.domain.specs import ScheduleSpec
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import HandlerContext, answered
from compas.orchestrator.handlers.dispatch import posted_response
from compas.orchestrator.messages.schedule import (
    PauseSchedule,
    ResetSchedule,
    ResumeSchedule,
    RunSchedule,
    ScheduleCommand,
)
from compas.orchestrator.messages.thread import Answered
from compas.orchestrator.refused import refused
from compas.orchestrator.schedules.known import unknown_schedule
from compas.orchestrator.schedules.outlook import next_slots, views, why_idle
from compas.orchestrator.services import ASK_TIMEOUT_SECS, SCHEDULES


async def schedules(context: HandlerContext, call: ResolvedCall) -> api.SchedulesResponse:
    """Read how the schedules of the config stand."""
    name = call.decode(api.SchedulesRequest).name
    config, now = context.services.config, context.services.clock()
    if name is not None:
        _spec(context, name)
    found = await context.services.store.query(lambda reader: views(reader, config, now, name))
    return api.SchedulesResponse(schedules=found, config_notices=context.services.configuration.notices)


async def schedule_run(context: HandlerContext, call: ResolvedCall) -> api.ScheduleRunResponse:
    """Have it dispatch what it dispatches."""
    request = call.decode(api.ScheduleRequest)
    services = context.services
    spec, rules = _spec(context, request.name), services.rules()
    command = dispatch_of(spec, e.Occasion(schedule=spec.name, by=request.sender))

    def respond(state: Schedule, recorded: tuple[e.Recorded, ...]) -> bytes:
        thread = next(one.event.thread for one in recorded if isinstance(one.event, e.ThreadOpened))
        posted = posted_response(thread, command, rules, recorded)
        response = api.ScheduleRunResponse(
            name=spec.name,
            thread_id=thread,
            message_id=posted.message_id,
            reference=posted.reference,
            next_step=posted.next_step,
            runs=state.runs,
            max_runs=spec.max_runs,
            execution_id=posted.execution_id,
            await_chain=posted.await_chain,
            warning=posted.warning,
        )
        return msgspec.json.encode(response)

    told = RunSchedule(schedule=spec.name, by=request.sender, request_id=call.request_id, respond=respond)
    return answered(await _told(context, told), api.ScheduleRunResponse)


async def schedule_pause(context: HandlerContext, call: ResolvedCall) -> api.ScheduleChanged:
    """Keep it from firing."""
    return await _change(context, call, PauseSchedule)


async def schedule_resume(context: HandlerContext, call: ResolvedCall) -> api.ScheduleChanged:
    """Let it fire again."""
    return await _change(context, call, ResumeSchedule)


async def schedule_reset(context: HandlerContext, call: ResolvedCall) -> api.ScheduleChanged:
    """Count its runs from 0 again."""
    return await _change(context, call, ResetSchedule)


async def _change(
    context: HandlerContext, call: ResolvedCall, kind: type[PauseSchedule] | type[ResumeSchedule] | type[ResetSchedule]
) -> api.ScheduleChanged:
    request = call.decode(api.ScheduleRequest)
    spec = _spec(context, request.name)

    def respond(state: Schedule, recorded: tuple[e.Recorded, ...]) -> bytes:
        response = api.ScheduleChanged(
            name=spec.name,
            changed=bool(recorded),
            paused=state.is_paused,
            runs=state.runs,
            max_runs=spec.max_runs,
            next=next_slots(spec, state),
            why_idle=why_idle(spec, state),
        )
        return msgspec.json.encode(response)

    told = kind(schedule=spec.name, by=request.sender, request_id=call.request_id, respond=respond)
    return answered(await _told(context, told), api.ScheduleChanged)


def _spec(context: HandlerContext, name: str) -> ScheduleSpec:
    known = context.services.config.schedules
    if name not in known:
        raise refused(unknown_schedule(name, known))
    return known[name]


async def _told(context: HandlerContext, told: ScheduleCommand) -> Answered | Refusal:
    return await (await context.actor(SCHEDULES)).ask(told, timeout=ASK_TIMEOUT_SECS)
