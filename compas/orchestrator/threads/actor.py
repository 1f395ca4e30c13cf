"""A thread's actor: the only writer of its stream, and the owner of what runs in it."""

import contextlib
import logging
import math
from functools import partial

from actors.actor import Actor
from actors.errors import ActorError, ActorStopped
from actors.ref import ActorRef
from actors.timers import OwnedTask
from compas.domain import events as e
from compas.domain.admission import Claim
from compas.domain.decision import Decision, Refusal
from compas.domain.execution import next_due, next_run
from compas.domain.join import decide_join
from compas.domain.lifecycle import decide_follow
from compas.domain.merge import ABANDONED
from compas.domain.thread import IN_FLIGHT, Run, Thread, evolve
from compas.orchestrator.executions.supervisor import ensure_execution
from compas.orchestrator.merges.publications import settle_publication
from compas.orchestrator.messages.admission import ClaimPlace, KeepPlaces, ReleasePlace, RequestPlace
from compas.orchestrator.messages.backend import ExecutionOver
from compas.orchestrator.messages.execution import StopExecution
from compas.orchestrator.messages.journal import WaitWritable
from compas.orchestrator.messages.merge import WithdrawMerges
from compas.orchestrator.messages.thread import (
    Answered,
    Command,
    DescribeThread,
    EndExecution,
    PlaceGranted,
    RecheckThread,
    Report,
    TimerFired,
    WakeThreads,
)
from compas.orchestrator.services import (
    ADMISSION,
    JOURNAL,
    MERGES,
    THREADS,
    Services,
    backend_name,
    execution_name,
    thread_name,
)
from compas.orchestrator.stream import CommandFaultedError, commit, commit_command
from compas.orchestrator.threads.deciding import decide_command, decide_report
from compas.orchestrator.threads.resting import RestingPlace
from compas.store.errors import StoreUnavailable
from compas.store.projections.fan_outs import answers_of
from compas.store.projections.threads import thread_by_id
from compas.store.records import Appended

log = logging.getLogger("compas.thread")

LONGEST_SLEEP_SECS = 60.0
"""Wall-clock times are looked at again this often while one is pending: timers stop in a suspended laptop."""


class ThreadActor(Actor):
    """Decides by the rules of the domain, commits, then acts on what is true now.

    Acting is level-triggered: after every commit, and after every restart, it looks at the state and makes the world
    agree: executions that should run have an actor, those that should not are told to stop, the next in line asks for
    a place. So there is no difference between going on and recovering.
    """

    def __init__(self, thread: str, services: Services, resting: RestingPlace) -> None:
        self._services = services
        self._resting = resting
        self._stream = e.thread_stream(thread)
        self._state = Thread(thread=thread)
        self._claimed: str | None = None
        self._granted: str | None = None
        self._timer: OwnedTask | None = None
        self._told_source = 0
        """The version of this thread at which its source was told that it rests."""

    async def on_start(self) -> None:
        """Read the stream, and take up what is in it."""
        self.context.registry.register(thread_name(self._state.thread), self.context.ref)
        for recorded in await self._services.store.read_stream(self._stream):
            self._state = evolve(self._state, recorded)
        wanted = frozenset(name for name, run in self._state.runs.items() if run.status in IN_FLIGHT or run.stopping)
        await self._admission().tell(KeepPlaces(thread=self._state.thread, executions=wanted))
        if self._state.fanned_out_to:
            # In the background: the directory that takes this may be waiting for this very start.
            self.context.start_soon(self._directory().tell, WakeThreads(threads=self._state.fanned_out_to))
        if self._state.publishing is not None:
            self.context.start_soon(self._settle, self._state.publishing)
        await self._act()

    async def on_stop(self) -> None:
        """Give up a place in line that nobody will use; executions go on by themselves."""
        if self._claimed is not None and self._granted is None:
            await self._leave(self._claimed)

    async def receive(self, message: object) -> object:
        """Take a command, or word from an execution, from admission or from the timer."""
        try:
            return await self._take(message)
        except StoreUnavailable as err:
            # Nothing was recorded and nothing has changed here: whoever asked decides whether to try again.
            self.context.defer().fail(err)
            return None
        except CommandFaultedError as err:
            log.exception("thread %s: %s", self._state.thread, err, extra={"action": "command_faulted"})
            self.context.defer().fail(err)
            return None

    async def _take(self, message: object) -> object:
        if isinstance(message, Command):
            return await self._take_command(message)
        if isinstance(message, Report):
            return await self._take_report(message)
        match message:
            case DescribeThread():
                return self._state
            case PlaceGranted(execution=execution) if execution == self._claimed:
                self._granted = execution
            case PlaceGranted(execution=execution):
                # Given up in the very moment in which it was granted.
                await self._admission().tell(ReleasePlace(execution=execution))
            case TimerFired():
                self._timer = None
        await self._act()
        return None

    # --- deciding and recording ----------------------------------------------------------------------------------

    async def _take_command(self, message: Command) -> Answered | Refusal:
        try:
            decision = decide_command(self._state, message, self._services)
        except Exception as err:
            raise CommandFaultedError(err) from err
        outcome = await commit_command(
            self._journal(),
            self._services.store,
            decision,
            stream=self._stream,
            version=self._state.version,
            request_id=message.request_id,
            respond=message.respond,
        )
        if not isinstance(outcome, Appended):
            return outcome
        await self._fold(outcome.recorded)
        await self._act()
        return Answered(body=outcome.response)

    async def _take_report(self, message: Report) -> Refusal | None:
        decision, causation = decide_report(self._state, message, self._services)
        refusal = await self._record(decision, causation)
        if isinstance(message, EndExecution):
            await self._tell_backend(message.execution)
        await self._act()
        return refusal

    async def _settle(self, begun: e.PublicationBegun) -> None:
        """Ask what became of a publication that was under way when this began; else who needs the thread asks."""
        with contextlib.suppress(ActorError, StoreUnavailable):
            await settle_publication(self.context.registry, self._state.thread, begun)

    async def _record(self, decision: Decision, causation: str) -> Refusal | None:
        """Commit what an execution or a removal brought; its refusal is returned, since nobody else wants to know."""
        if isinstance(decision, Refusal):
            return decision
        if decision:
            outcome = await commit(
                self._journal(),
                decision,
                stream=self._stream,
                version=self._state.version,
                causation=causation,
            )
            await self._fold(outcome.recorded)
        return None

    async def _fold(self, recorded: tuple[e.Recorded, ...]) -> None:
        """Take in what was recorded; threads that it opened are brought to life."""
        for one in recorded:
            if one.stream == self._stream:
                self._state = evolve(self._state, one)
        opened = tuple(one.event.thread for one in recorded if isinstance(one.event, e.ThreadOpened))
        others = tuple(thread for thread in opened if thread != self._state.thread)
        if others:
            await self._directory().tell(WakeThreads(threads=others))
        if any(isinstance(one.event, e.ThreadAbandoned) for one in recorded):
            self.context.start_soon(self._withdraw_merges)
        has_ended = any(isinstance(one.event, e.ThreadClosed | e.ThreadAbandoned) for one in recorded)
        if has_ended and self._state.fanned_out_to:
            await self._directory().tell(WakeThreads(ended=self._state.thread))

    async def _withdraw_merges(self) -> None:
        """End what is being merged of a thread that was given up, also where whoever gave it up has gone."""
        merges = self.context.registry.find(MERGES)
        if merges is not None:  # else they begin only now, and find it given up
            await _tell_if_alive(merges, WithdrawMerges(thread=self._state.thread, reason=ABANDONED))

    # --- acting --------------------------------------------------------------------------------------------------

    async def _act(self) -> None:
        """Make the world agree with the state. Repeating it changes nothing."""
        now = self._services.clock()
        await self._join_answers()
        occupied = self._state.occupied_by()
        if occupied is not None:
            await self._host(occupied)
        following = self._preparing() or next_run(self._state, now)
        wanted = occupied or following
        if self._claimed is not None and (wanted is None or wanted.queued.execution != self._claimed):
            await self._leave(self._claimed)
        if following is not None:
            await self._advance(following)
        await self._cancel_started_too_late()
        await self._tell_source()
        await self._follow_source()
        self._set_timer(now)

    async def _join_answers(self) -> None:
        """Hand on the answers to a fan-out of which nothing is to come any more."""
        try:
            for execution, fan_out in self._state.fan_outs.items():
                threads, lineage = fan_out.fanned_out.threads, fan_out.lineage
                found = await self._services.store.query(partial(answers_of, threads=threads, lineage=lineage))
                if found.at_rest:
                    rules, moment = self._services.rules(), self._services.moment()
                    decision = decide_join(self._state, execution, found.answers, rules, moment)
                    await self._record(decision, f"execution:{execution}")
        except StoreUnavailable:
            self.context.start_soon(self._look_again)

    async def _look_again(self) -> None:
        await self._journal().ask(WaitWritable(), timeout=math.inf)
        await self.context.ref.tell(RecheckThread())

    async def _tell_backend(self, execution: str) -> None:
        """Tell the backend that one of its executions has ended; its circuit breaker learns from that."""
        run = self._state.runs.get(execution)
        backend = self.context.registry.find(backend_name(run.queued.backend)) if run is not None else None
        if backend is not None:
            await _tell_if_alive(backend, ExecutionOver())

    async def _tell_source(self) -> None:
        """Tell the thread whose fan-out made this one that nothing is under way here, once for each time it is so."""
        state = self._state
        is_at_rest = not state.in_flight() and not state.fan_outs
        if state.source_thread is not None and is_at_rest and self._told_source != state.version:
            self._told_source = state.version
            await self._directory().tell(WakeThreads(source=state.source_thread))

    async def _follow_source(self) -> None:
        """End with the thread whose work was read here."""
        source = self._state.source_thread
        if source is None or self._state.status != "Active" or self._state.in_flight():
            return
        try:
            row = await self._services.store.query(partial(thread_by_id, thread=source))
            if row is not None:
                decision = decide_follow(self._state, row.status, self._services.moment())
                await self._record(decision, f"thread:{source}")
        except StoreUnavailable:
            self.context.start_soon(self._look_again)

    def _preparing(self) -> Run | None:
        """Return the execution that has a place and is getting ready; nobody overtakes it then."""
        run = self._state.runs.get(self._granted or "")
        is_waiting = run is not None and run.status == "queued" and self._state.status == "Active"
        return run if is_waiting and self._state.occupied_by() is None else None

    async def _host(self, run: Run) -> None:
        """See to it that a running execution has its actor, and that a cancelled one is being ended."""
        execution = run.queued.execution
        if self._claimed != execution:
            if self._claimed is not None:
                await self._leave(self._claimed)
            self._claimed = self._granted = execution
            await self._admission().tell(ClaimPlace(claim=_claim(run), thread=self._state.thread))
        actor = await ensure_execution(self.context, self._services, self._state.thread, run)
        if run.stopping and actor is not None:
            await _tell_if_alive(actor, StopExecution(reason="the execution was cancelled"))

    async def _advance(self, run: Run) -> None:
        """Bring the next execution one step further: into the line, or out of it and to work."""
        execution = run.queued.execution
        if self._claimed is None:
            self._claimed, self._granted = execution, None
            await self._admission().tell(RequestPlace(claim=_claim(run), thread=self._state.thread))
        elif self._granted == execution and self._services.new_work.is_welcome:
            await ensure_execution(self.context, self._services, self._state.thread, run)

    async def _cancel_started_too_late(self) -> None:
        """An execution cancelled while it was being prepared has an actor, and no process: its next step is refused,
        which ends it. Telling it spares the work in between."""
        for run in self._state.runs.values():
            if run.status == "cancelled" and run.requested is None:
                actor = self.context.registry.find(execution_name(run.queued.execution))
                if actor is not None:
                    await _tell_if_alive(actor, StopExecution(reason="the execution was cancelled"))

    async def _leave(self, execution: str) -> None:
        self._claimed = self._granted = None
        await self._admission().tell(ReleasePlace(execution=execution))

    def _set_timer(self, now: float) -> None:
        """Wake for the next delayed execution, or to be put away when there is nothing to do."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = next_due(self._state, now)
        if due is not None:
            delay = min(max(due - now, 0.0), LONGEST_SLEEP_SECS)
            self._timer = self.context.send_after(delay, TimerFired())
        elif self._state.occupied_by() is None and not self._state.in_flight() and not self._state.fan_outs:
            self._timer = self.context.start_soon(self._stop_when_idle)

    async def _stop_when_idle(self) -> None:
        await self._resting.rest(self._state.thread)
        self.context.stop_self()

    def _journal(self) -> ActorRef:
        return _registered(self.context.registry.find(JOURNAL), JOURNAL)

    def _directory(self) -> ActorRef:
        return _registered(self.context.registry.find(THREADS), THREADS)

    def _admission(self) -> ActorRef:
        return _registered(self.context.registry.find(ADMISSION), ADMISSION)


def _claim(run: Run) -> Claim:
    queued = run.queued
    return Claim(execution=queued.execution, agent=queued.agent, position=run.position, backend=queued.backend)


def _registered(ref: ActorRef | None, name: str) -> ActorRef:
    if ref is None:
        raise LookupError(f"there is no {name}: the tree is built in the wrong order")
    return ref


async def _tell_if_alive(ref: ActorRef, message: object) -> None:
    try:
        await ref.tell(message)
    except ActorStopped:
        return
