"""An execution's actor. Starting it is adopting it: it looks at what there is, and goes on from there."""

import logging
from dataclasses import dataclass
from functools import partial

import trio

from actors.actor import Actor
from actors.ask import Ask
from actors.ref import ActorRef
from compas import failpoints
from compas.backends.backend import Answer, ExitStatus, Resumed
from compas.domain import events as e
from compas.domain.decision import Refusal
from compas.domain.events import Usage
from compas.domain.execution import Outcome
from compas.domain.thread import Run, Thread
from compas.orchestrator.executions.custody import Custody, GivenUp
from compas.orchestrator.executions.follower import Follower
from compas.orchestrator.executions.missing_backend import MissingBackendReader
from compas.orchestrator.executions.outcome import conclude, process_end, with_login_remedy
from compas.orchestrator.executions.outstaying import OUTSTAYED, Outstaying
from compas.orchestrator.executions.preparation import Ready, make_ready, withheld_from_file
from compas.orchestrator.executions.work import Work, record_work
from compas.orchestrator.machine.runners import Connection
from compas.orchestrator.messages.execution import StopExecution
from compas.orchestrator.messages.thread import DescribeThread, EndExecution, ExecutionRuns, Furnish, RequestExecution
from compas.orchestrator.services import ASK_TIMEOUT_SECS, JOURNAL, Services, execution_name, thread_name
from compas.orchestrator.stream import patiently
from compas.runner.attachment import AttachmentLost, AttachmentRefused
from compas.runner.judgement import Died, Finished, NeverStarted, Rebooted, Running, SettleError, Vanished
from compas.runner.launcher import LaunchError
from compas.runner.messages import Exit

log = logging.getLogger("compas.execution")

LAUNCH_TRIES = 5


@dataclass(frozen=True, slots=True)
class Job:
    """Which execution of which thread."""

    thread: str
    execution: str


class NoRunnerError(Exception):
    """It is unclear who hosts the execution; it is judged again by the actor's next incarnation."""


class ExecutionActor(Actor):
    """Takes one execution from a granted place to its recorded end.

    Every step is either idempotent or guarded by the runner's own record (design §5), so the actor may crash
    anywhere, alone or with the whole supervisor: its next incarnation begins at the top and finds the place.
    """

    def __init__(self, job: Job, services: Services) -> None:
        self._job = job
        self._services = services
        self._runners = services.runners
        self._custody = Custody(job.execution, services)
        self._outstaying = Outstaying()
        self._told_by_others = trio.Event()
        self._has_launched = False

    async def on_start(self) -> None:
        """Begin in the background, so that whoever starts it can go on."""
        self.context.registry.register(execution_name(self._job.execution), self.context.ref)
        self.context.start_soon(self._carry_out)

    async def receive(self, message: object) -> object:
        """Take the word to stop."""
        if isinstance(message, StopExecution):
            self._custody.stop(message.reason)
            self._told_by_others.set()
        return None

    async def _carry_out(self) -> None:
        thread = await self.context.registry.wait_registered(thread_name(self._job.thread))
        outcome = await self._host(thread)
        if outcome is not None:
            await self._ask_patiently(thread, EndExecution(execution=self._job.execution, outcome=outcome))
            failpoints.hit("execution.recorded")
        self.context.stop_self()

    async def _host(self, thread: ActorRef) -> Outcome | None:
        """Bring the execution to its end and say what it came to; None when it must not start any more."""
        trouble = ""
        for _ in range(LAUNCH_TRIES):
            state, run = await self._look(thread)
            try:
                match self._custody.judge():
                    case NeverStarted() if self._has_launched:
                        return await self._end(thread, run, GivenUp("lost", "the record of its start is gone"))
                    case NeverStarted() if run.status == "cancelled":
                        return await self._cancel()
                    case NeverStarted():
                        stands_in_the_way = await self._start(thread, state, run)
                        if stands_in_the_way is not None:
                            return stands_in_the_way if isinstance(stands_in_the_way, Outcome) else None
                    case Died() | Rebooted():
                        await self._custody.settle()
                    case Vanished(found=found):
                        return await self._end(thread, run, GivenUp("lost", found))
                    case Running() | Finished():
                        pass
                return await self._follow(thread, run)
            except (AttachmentLost, LaunchError, SettleError) as err:
                # What has become of the runner is for its record to say: judge again.
                trouble = str(err)
                log.warning("execution %s: %s", self._job.execution, err, extra={"action": "runner_lost"})
            except AttachmentRefused as err:
                return await self._end(thread, run, GivenUp("lost", f"its runner does not serve us: {err}"))
        return await self._give_up(thread, trouble)

    async def _look(self, thread: ActorRef) -> tuple[Thread, Run]:
        """Return the thread and the execution as the log has them by now, and let custody learn from it."""
        state = await thread.ask(DescribeThread(), timeout=ASK_TIMEOUT_SECS)
        run = state.runs[self._job.execution]
        self._custody.learn(run)
        return state, run

    async def _give_up(self, thread: ActorRef, trouble: str) -> Outcome:
        """End an execution that nobody could be brought to host. A runner that turns up late finds that, and leaves."""
        _, run = await self._look(thread)
        if not isinstance(self._custody.judge(), NeverStarted):
            return await self._end(thread, run, GivenUp("lost", f"its runner is out of reach: {trouble}"))
        reason = f"no runner could be started in {LAUNCH_TRIES} tries: {trouble}"
        ended = await self._runners.cancel(self._job.execution, reason, self._services.clock())
        if ended.kind != "cancelled":
            raise NoRunnerError(f"execution {self._job.execution} had one after all: judge it again")
        return Outcome(status="failed", category="transient", error=reason, process=process_end(ended))

    # --- before --------------------------------------------------------------------------------------------------

    async def _cancel(self) -> Outcome:
        reason = self._custody.stop_reason or "cancelled before it started"
        ended = await self._runners.cancel(self._job.execution, reason, self._services.clock())
        return conclude(ended, Answer(success=False))

    async def _start(self, thread: ActorRef, state: Thread, run: Run) -> Outcome | Refusal | None:
        """Make it ready, log the intent, and have it launched; None when it is. The intent is logged only once.

        Raises LaunchError when no runner is known to have come up.
        """
        if run.requested is None:
            ready = await self._make_ready(thread, state, run)
            if not isinstance(ready, Ready):
                return ready
            failpoints.hit("execution.spec_written")
            requested = e.ExecutionRequested(
                execution=self._job.execution,
                workdir=ready.place.workdir,
                worktree=ready.place.worktree is not None,
                resume_session=ready.session,
                timeout_secs=ready.timeout_secs,
                repository=ready.subject.repository,
                branch=ready.subject.branch,
                tip=ready.subject.tip,
                below=ready.place.below,
            )
            refusal = await self._ask_patiently(thread, RequestExecution(requested=requested))
            failpoints.hit("execution.requested")
            if refusal is not None:
                return refusal
        await self._custody.launch(withheld_from_file(self._services, run))
        self._has_launched = True
        failpoints.hit("execution.launched")
        return None

    async def _make_ready(self, thread: ActorRef, state: Thread, run: Run) -> Ready | Outcome | Refusal:
        """Make it ready, unless it is told to stop meanwhile: a setup command may take minutes."""
        ready: Ready | Outcome | Refusal = Refusal(code="stopped", message="it was told to stop before it started")

        async def cancel_when_told(scope: trio.CancelScope) -> None:
            await self._custody.told_to_stop.wait()
            scope.cancel()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(cancel_when_told, nursery.cancel_scope)
            ready = await make_ready(self._services, self.context.registry, thread, state, run)
            nursery.cancel_scope.cancel()
        return ready

    # --- during --------------------------------------------------------------------------------------------------

    async def _follow(self, thread: ActorRef, run: Run) -> Outcome:
        """Read the output from its beginning to the recorded exit, then judge it.

        A runner that does not end what it was told to, or does not say how its agent has ended, is not waited for.
        """
        follower = await self._open_follower(thread, run)
        ended, given_up = await self._read(thread, run, follower)
        failpoints.hit("execution.exit_read")
        if given_up is not None:
            return await self._end(thread, run, given_up)
        if ended is None:
            raise AttachmentLost(f"the output of {self._job.execution} ended without an exit")
        return await self._conclude(thread, run, follower, await self._custody.verify(ended))

    async def _open_follower(self, thread: ActorRef, run: Run) -> Follower:
        # Asked for again: which conversation goes on is known only since the execution was requested.
        state, _ = await self._look(thread)
        backend = self._services.backends.get(run.queued.backend)
        resumed = _resumed(state, self._job.execution)
        reader = MissingBackendReader(run.queued.backend) if backend is None else backend.open_reader(resumed)
        return Follower(self.context, self._services, self._job.thread, run, reader)

    async def _read(self, thread: ActorRef, run: Run, follower: Follower) -> tuple[Exit | None, GivenUp | None]:
        """Return the exit that the runner tells, or why it is not waited for."""
        given_up: GivenUp | None = None
        async with self._runners.attach(self._job.execution, self._services.epoch) as connection:

            async def lose_patience() -> None:
                nonlocal given_up
                given_up = await self._custody.wait_out()
                waiting.cancel()

            self._outstaying = Outstaying()
            stopper = self.context.start_soon(partial(self._stop_when_told, connection))
            watcher = self.context.start_soon(self._stop_when_outstayed)
            try:
                await self._report_started(thread)
                waiting = trio.CancelScope()
                impatience = self.context.start_soon(lose_patience)
                try:
                    with waiting:
                        await self._read_all(connection, follower)
                finally:
                    impatience.cancel()
            finally:
                watcher.cancel()
                stopper.cancel()
        return connection.exit, given_up

    async def _read_all(self, connection: Connection, follower: Follower) -> None:
        async for chunk in connection:
            self._custody.hear()
            follower.feed(chunk)
            self._outstaying.see(is_done=follower.is_done, left=self._custody.time_left())
            if follower.has_given_up:
                self._custody.stop("nothing could come of it any more")
            await trio.lowlevel.checkpoint()

    async def _stop_when_outstayed(self) -> None:
        await self._outstaying.wait()
        log.warning("execution %s: %s", self._job.execution, OUTSTAYED, extra={"action": "outstayed"})
        self._custody.stop(OUTSTAYED)

    async def _stop_when_told(self, connection: Connection) -> None:
        await self._custody.told_to_stop.wait()
        await connection.stop(self._custody.stop_reason)

    async def _report_started(self, thread: ActorRef) -> None:
        event = self._custody.started()
        if event is not None:
            await self._ask_patiently(thread, ExecutionRuns(started=event))

    # --- without its runner --------------------------------------------------------------------------------------

    async def _end(self, thread: ActorRef, run: Run, cause: GivenUp) -> Outcome:
        """End it without asking its runner, and judge it by what is left: its output, as far as that can be read."""
        verdict = self._custody.judge()
        if isinstance(verdict, Finished):
            ended = await self._custody.verify(verdict.exit)
        else:
            ended = await self._custody.end(cause)
        follower = await self._open_follower(thread, run)
        if isinstance(self._custody.judge(), Finished):
            try:
                async with self._runners.attach(self._job.execution, self._services.epoch) as files:
                    await self._read_all(files, follower)
            except (AttachmentLost, AttachmentRefused) as err:
                log.warning("execution %s: %s", self._job.execution, err, extra={"action": "output_lost"})
        return await self._conclude(thread, run, follower, ended)

    # --- after ---------------------------------------------------------------------------------------------------

    async def _conclude(self, thread: ActorRef, run: Run, follower: Follower, ended: Exit) -> Outcome:
        answer = follower.finish(ExitStatus(code=ended.exit_code, signal=ended.signal))
        missing = follower.why_incomplete(ended)
        outcome = conclude(ended, answer, has_given_up=follower.has_given_up, missing=missing)
        outcome = with_login_remedy(outcome, self._services.how_to_log_in(run.queued.backend, run.queued.agent))
        return await self._with_work(thread, outcome)

    async def _with_work(self, thread: ActorRef, outcome: Outcome) -> Outcome:
        """Return the outcome together with what is in the worktree now."""
        state, run = await self._look(thread)
        requested = run.requested
        if requested is None or not requested.worktree:
            return outcome
        tree = next((tree for tree in state.worktrees.values() if tree.path == requested.workdir), None)
        if tree is None:
            return outcome
        started = run.started
        work = Work(
            thread=self._job.thread,
            execution=self._job.execution,
            tree=tree,
            subject=state.title_of(run.lineage),
            began_at=None if started is None else started.started_at,
        )
        agent = self._services.config.agents.get(run.queued.agent)

        async def begin(step: e.CommitBegun) -> object:
            return await self._ask_patiently(thread, Furnish(step=step))

        outcome = await record_work(self._services, work, agent, outcome, begin=begin, stop=self._told_by_others)
        failpoints.hit("execution.snapshot_taken")
        return outcome

    async def _ask_patiently(self, thread: ActorRef, message: Ask[Refusal | None]) -> Refusal | None:
        return await patiently(
            lambda: self.context.registry.wait_registered(JOURNAL),
            lambda: thread.ask(message, timeout=ASK_TIMEOUT_SECS),
        )


def _resumed(state: Thread, execution: str) -> Resumed | None:
    """Return the conversation that an execution was told to go on with; the same again after an adoption."""
    run = state.runs[execution]
    if run.requested is None or run.requested.resume_session is None:
        return None
    known = state.sessions.get((run.queued.agent, run.queued.backend))
    session = run.requested.resume_session
    return Resumed(session=session, counted=known.counted if known is not None and known.id == session else Usage())
