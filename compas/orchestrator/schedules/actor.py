"""The actor of all schedules: the only writer of their streams, and asleep until the next slot is due."""

import logging
import math
from functools import partial

import trio

from actors.actor import Actor
from actors.errors import ActorStopped, BusClosed
from actors.ref import ActorRef
from actors.timers import OwnedTask
from compas import failpoints
from compas.domain import events as e
from compas.domain import schedule as rules
from compas.domain.decision import Decision, Draft, Refusal
from compas.domain.schedule import Schedule
from compas.domain.specs import ScheduleSpec
from compas.orchestrator.messages.config import ConfigApplied
from compas.orchestrator.messages.journal import WaitWritable
from compas.orchestrator.messages.schedule import (
    PauseSchedule,
    RecheckSchedules,
    ResetSchedule,
    ResumeSchedule,
    RunSchedule,
    ScheduleCommand,
)
from compas.orchestrator.messages.thread import Answered, WakeThreads
from compas.orchestrator.schedules.firing import decide_slots, run_now
from compas.orchestrator.schedules.known import times_of, unknown_schedule
from compas.orchestrator.services import JOURNAL, SCHEDULES, THREADS, Services
from compas.orchestrator.stream import CommandFaultedError, commit, commit_command
from compas.orchestrator.wall_time import wait_until
from compas.store.errors import StoreUnavailable
from compas.store.projections.schedules import all_schedules, schedule_of
from compas.store.records import Appended

log = logging.getLogger("compas.schedules")

RETRY_SECS = 5.0
"""How long a log that takes writes, and could not be read, is left alone."""


class ScheduleKeeper(Actor):
    """Reads where each schedule stands from the log's own tables whenever it looks, and keeps nothing in memory.

    So it begins after a crash where it was. What it decides is one append for each schedule: that it fired, and what
    it dispatched.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._timer: OwnedTask | None = None
        self._waits_for_log = False

    async def on_start(self) -> None:
        """Listen for another config, then look for the first time."""
        self.context.registry.register(SCHEDULES, self.context.ref)
        self.context.start_soon(self._listen)

    async def receive(self, message: object) -> object:
        """Look what is due, or carry out what a person wants."""
        match message:
            case RecheckSchedules():
                await self._look()
            case RunSchedule() | PauseSchedule() | ResumeSchedule() | ResetSchedule():
                try:
                    return await self._carry_out(message)
                except (StoreUnavailable, CommandFaultedError) as err:
                    self.context.defer().fail(err)
            case _:
                raise self.unexpected(message)
        return None

    # --- when to look ------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        async with self.context.bus.subscribe(lambda item: isinstance(item, ConfigApplied)) as subscription:
            try:
                while True:
                    await self.context.ref.tell(RecheckSchedules())
                    await subscription.receive()
            except BusClosed:
                return

    async def _look(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._services.new_work.is_welcome:
            return  # the next supervisor goes on
        try:
            due = await self._do_what_is_due()
        except StoreUnavailable as err:
            log.error("the schedules wait for the log: %s", err, extra={"action": "schedules_waiting_for_log"})
            if not self._waits_for_log:
                self._waits_for_log = True
                self.context.start_soon(self._look_when_writable)
            return
        if due < math.inf:
            self._timer = self.context.start_soon(partial(self._look_at, due))

    async def _look_at(self, due: float) -> None:
        await wait_until(due, self._services.clock, trio.Event(), latest=rules.GRACE_SECS)
        await self.context.ref.tell(RecheckSchedules())

    async def _look_when_writable(self) -> None:
        await (await self._journal()).ask(WaitWritable(), timeout=math.inf)
        self._waits_for_log = False
        self._timer = self.context.send_after(RETRY_SECS, RecheckSchedules())

    # --- by itself ---------------------------------------------------------------------------------------------------

    async def _do_what_is_due(self) -> float:
        """Record what is new in the config, and fire what is due; return when the next slot is, in UTC seconds."""
        specs = self._services.config.schedules
        states = await self._services.store.query(all_schedules)
        following = math.inf
        for name in {**specs, **states}:
            spec = specs.get(name)
            state = await self._note(states.get(name, Schedule(name=name)), spec)
            times = times_of(spec)
            if spec is not None and times is not None:
                state = await self._fire(state, spec)
                following = min(following, rules.next_due(state, spec, times.next_after))
        return following

    async def _note(self, state: Schedule, spec: ScheduleSpec | None) -> Schedule:
        news = rules.note(state, spec, self._services.clock())
        if news is None:
            return state
        state = await self._record(state, news)
        failpoints.hit("schedule.noted")
        return state

    async def _fire(self, state: Schedule, spec: ScheduleSpec) -> Schedule:
        async with self._services.dispatching:
            decided = await decide_slots(self._services, state, spec)
            if decided is None:
                return state
            failpoints.hit("schedule.due")
            if isinstance(decided, e.ScheduleSkipped):
                state = await self._record(state, decided)
                log.info("%s was skipped: %s", state.name, decided.why, extra={"action": "schedule_skipped"})
                failpoints.hit("schedule.skipped")
                return state
            outcome = await self._commit(state, decided)
        failpoints.hit("schedule.fired")
        await self._wake(outcome)
        return _folded(state, outcome.recorded)

    async def _wake(self, outcome: Appended) -> None:
        """Bring the thread of a run to life; a directory that is only starting brings it back by itself."""
        threads = tuple(one.event.thread for one in outcome.recorded if isinstance(one.event, e.ThreadOpened))
        directory = self.context.registry.find(THREADS)
        try:
            if directory is not None:
                await directory.tell(WakeThreads(threads=threads))
        except ActorStopped:
            return

    # --- by word of a person -----------------------------------------------------------------------------------------

    async def _carry_out(self, command: ScheduleCommand) -> Answered | Refusal:
        specs = self._services.config.schedules
        spec = specs.get(command.schedule)
        if spec is None:
            return unknown_schedule(command.schedule, specs)
        known = await self._services.store.query(lambda reader: schedule_of(reader, command.schedule))
        state = await self._note(known, spec)
        async with self._services.dispatching:
            decision = await self._decide(state, spec, command)
            outcome = await commit_command(
                await self._journal(),
                self._services.store,
                decision,
                stream=e.schedule_stream(state.name),
                version=state.version,
                request_id=command.request_id,
                respond=lambda recorded: command.respond(_folded(state, recorded), recorded),
            )
        if not isinstance(outcome, Appended):
            return outcome
        failpoints.hit("schedule.told")
        await self._wake(outcome)
        await self._look()
        return Answered(body=outcome.response)

    async def _decide(self, state: Schedule, spec: ScheduleSpec, command: ScheduleCommand) -> Decision:
        match command:
            case RunSchedule(by=by):
                return await run_now(self._services, spec, by)
            case PauseSchedule(by=by):
                return rules.decide_pause(state, by)
            case ResumeSchedule(by=by):
                return rules.decide_resume(state, by)
            case ResetSchedule(by=by):
                return rules.decide_reset(state, by)

    # --- recording ---------------------------------------------------------------------------------------------------

    async def _record(self, state: Schedule, event: e.ScheduleEvent) -> Schedule:
        draft = Draft(stream=e.schedule_stream(state.name), event=event)
        return _folded(state, (await self._commit(state, (draft,))).recorded)

    async def _commit(self, state: Schedule, drafts: tuple[Draft, ...]) -> Appended:
        return await commit(
            await self._journal(),
            drafts,
            stream=e.schedule_stream(state.name),
            version=state.version,
            causation=f"schedule:{state.name}",
        )

    async def _journal(self) -> ActorRef:
        return await self.context.registry.wait_registered(JOURNAL)


def _folded(state: Schedule, recorded: tuple[e.Recorded, ...]) -> Schedule:
    stream = e.schedule_stream(state.name)
    for one in recorded:
        if one.stream == stream:
            state = rules.evolve(state, one)
    return state
