"""An execution's actor. Starting it is adopting it: it looks at what there is, and goes on from there."""

import logging
from dataclasses import dataclass

import trio

from actors.actor import Actor
from actors.message import Ask
from actors.ref import ActorRef
from compas import failpoints
from compas.backends.backend import Answer, ExitStatus, Resumed
from compas.domain import events as e
from compas.domain.decision import Refusal
from compas.domain.events import Usage
from compas.domain.execution import Outcome
from compas.domain.thread import Run, Thread
from compas.orchestrator import messages as m
from compas.orchestrator.aftermath import record_work
from compas.orchestrator.outcome import conclude, process_end
from compas.orchestrator.output import Follower
from compas.orchestrator.preparation import Ready, make_ready
from compas.orchestrator.runners import Connection
from compas.orchestrator.services import ASK_TIMEOUT_SECS, JOURNAL, Services, execution_name, thread_name
from compas.orchestrator.stream import patiently
from compas.orchestrator.unreadable import Unreadable
from compas.runner.attachment import AttachmentLost
from compas.runner.judgement import Died, Finished, NeverStarted, Rebooted, Running
from compas.runner.launcher import LaunchError

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
        self._told_to_stop = trio.Event()
        self._stop_reason = ""

    async def on_start(self) -> None:
        """Begin in the background, so that whoever starts it can go on."""
        self.context.registry.register(execution_name(self._job.execution), self.context.ref)
        self.context.start_soon(self._carry_out)

    async def receive(self, message: object) -> object:
        """Take the word to stop."""
        if isinstance(message, m.StopExecution):
            self._stop_reason = message.reason
            self._told_to_stop.set()
        return None

    async def _carry_out(self) -> None:
        thread = await self.context.registry.wait_registered(thread_name(self._job.thread))
        outcome = await self._host(thread)
        if outcome is not None:
            await self._ask_patiently(thread, m.EndExecution(execution=self._job.execution, outcome=outcome))
            failpoints.hit("execution.recorded")
        self.context.stop_self()

    async def _host(self, thread: ActorRef) -> Outcome | None:
        """Bring the execution to its end and say what it came to; None when it must not start any more."""
        trouble = ""
        for _ in range(LAUNCH_TRIES):
            state = await thread.ask(m.DescribeThread(), timeout=ASK_TIMEOUT_SECS)
            run = state.runs[self._job.execution]
            try:
                match self._runners.judge(self._job.execution):
                    case NeverStarted() if run.status == "cancelled":
                        return await self._cancel()
                    case NeverStarted():
                        stands_in_the_way = await self._start(thread, state, run)
                        if stands_in_the_way is not None:
                            return stands_in_the_way if isinstance(stands_in_the_way, Outcome) else None
                    case Died() | Rebooted():
                        await self._runners.settle(self._job.execution, self._services.clock())
                    case Running() | Finished():
                        pass
                return await self._follow(thread, run)
            except (AttachmentLost, LaunchError) as err:
                # What has become of the runner is for its record to say: judge again.
                trouble = str(err)
                log.warning("execution %s: %s", self._job.execution, err, extra={"action": "runner_lost"})
        return await self._give_up(trouble)

    async def _give_up(self, trouble: str) -> Outcome:
        """End an execution that nobody could be brought to host. A runner that turns up late finds that, and leaves."""
        reason = f"no runner could be started in {LAUNCH_TRIES} tries: {trouble}"
        ended = await self._runners.cancel(self._job.execution, reason, self._services.clock())
        if ended.kind != "cancelled":
            raise NoRunnerError(f"execution {self._job.execution} had one after all: judge it again")
        return Outcome(status="failed", category="transient", error=reason, process=process_end(ended))

    # --- before --------------------------------------------------------------------------------------------------

    async def _cancel(self) -> Outcome:
        reason = self._stop_reason or "cancelled before it started"
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
            )
            refusal = await self._ask_patiently(thread, m.RequestExecution(requested=requested))
            failpoints.hit("execution.requested")
            if refusal is not None:
                return refusal
        await self._runners.launch(self._job.execution)
        failpoints.hit("execution.launched")
        return None

    async def _make_ready(self, thread: ActorRef, state: Thread, run: Run) -> Ready | Outcome | Refusal:
        """Make it ready, unless it is told to stop meanwhile: a setup command may take minutes."""
        ready: Ready | Outcome | Refusal = Refusal(code="stopped", message="it was told to stop before it started")

        async def cancel_when_told(scope: trio.CancelScope) -> None:
            await self._told_to_stop.wait()
            scope.cancel()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(cancel_when_told, nursery.cancel_scope)
            ready = await make_ready(self._services, self.context.registry, thread, state, run)
            nursery.cancel_scope.cancel()
        return ready

    # --- during --------------------------------------------------------------------------------------------------

    async def _follow(self, thread: ActorRef, run: Run) -> Outcome:
        """Read the output from its beginning to the recorded exit, then judge it."""
        # Asked for again: which conversation goes on is known only since the execution was requested.
        state = await thread.ask(m.DescribeThread(), timeout=ASK_TIMEOUT_SECS)
        backend = self._services.backends.get(run.queued.backend)
        resumed = _resumed(state, self._job.execution)
        reader = Unreadable(run.queued.backend) if backend is None else backend.open_reader(resumed)
        follower = Follower(self.context, self._services, self._job.thread, run, reader)
        async with self._runners.attach(self._job.execution, self._services.epoch) as connection:
            stopper = self.context.start_soon(self._stop_when_told, connection)
            try:
                await self._report_started(thread)
                async for chunk in connection:
                    follower.feed(chunk.text)
                    if follower.has_given_up and not self._told_to_stop.is_set():
                        self._stop_reason = "nothing could come of it any more"
                        self._told_to_stop.set()
                    await trio.lowlevel.checkpoint()
            finally:
                stopper.cancel()
        ended = connection.exit
        if ended is None:
            raise AttachmentLost(f"the output of {self._job.execution} ended without an exit")
        failpoints.hit("execution.exit_read")
        answer = follower.finish(ExitStatus(code=ended.exit_code, signal=ended.signal))
        outcome = conclude(ended, answer, has_given_up=follower.has_given_up)
        return await self._with_work(thread, run, outcome)

    async def _stop_when_told(self, connection: Connection) -> None:
        await self._told_to_stop.wait()
        await connection.stop(self._stop_reason)

    async def _report_started(self, thread: ActorRef) -> None:
        started = self._runners.started(self._job.execution)
        if started is not None:
            event = e.ExecutionStarted(
                execution=self._job.execution, pid=started.agent_pid, started_at=started.started_at
            )
            await self._ask_patiently(thread, m.ExecutionRuns(started=event))

    # --- after ---------------------------------------------------------------------------------------------------

    async def _with_work(self, thread: ActorRef, run: Run, outcome: Outcome) -> Outcome:
        """Return the outcome together with what is in the worktree now."""
        state = await thread.ask(m.DescribeThread(), timeout=ASK_TIMEOUT_SECS)
        requested = state.runs[self._job.execution].requested
        if requested is None or not requested.worktree:
            return outcome
        tree = next((tree for tree in state.worktrees.values() if tree.path == requested.workdir), None)
        if tree is None:
            return outcome
        agent = self._services.config.agents.get(run.queued.agent)
        subject = state.title_of(run.lineage)
        outcome = await record_work(self._services, tree, self._job.execution, agent, outcome, subject)
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
