"""An execution's actor. Starting it is adopting it: it looks at what there is, and goes on from there."""

import logging
import secrets
from dataclasses import dataclass
from pathlib import Path

import trio

from actors.actor import Actor
from actors.message import Ask
from actors.ref import ActorRef
from compas import failpoints
from compas.backends.backend import Answer, Backend, ExitStatus, Task
from compas.backends.environment import build_environment
from compas.domain import events as e
from compas.domain.decision import Refusal
from compas.domain.execution import Outcome
from compas.domain.specs import AgentSpec
from compas.domain.thread import Run, Thread
from compas.git.errors import GitError
from compas.orchestrator import messages as m
from compas.orchestrator.aftermath import record_work
from compas.orchestrator.outcome import conclude, could_not_start
from compas.orchestrator.output import Follower
from compas.orchestrator.services import (
    ASK_TIMEOUT_SECS,
    JOURNAL,
    Services,
    backend_name,
    execution_name,
    thread_name,
)
from compas.orchestrator.stream import patiently
from compas.orchestrator.workspace import Workspace, resolve_workspace
from compas.runner import files
from compas.runner.attachment import Attachment, AttachmentLost, open_attachment
from compas.runner.judgement import (
    Died,
    Finished,
    NeverStarted,
    Rebooted,
    cancel_never_started,
    judge,
    prepare,
    settle_dead,
)
from compas.runner.launcher import LaunchError
from compas.runner.messages import Exit, Spec, Started

log = logging.getLogger("compas.execution")

LAUNCH_TRIES = 5


@dataclass(frozen=True, slots=True)
class Job:
    """Which execution of which thread."""

    thread: str
    execution: str


class NoRunnerError(Exception):
    """No runner could be brought to host the execution; it is judged again by the actor's next incarnation."""


class ExecutionActor(Actor):
    """Takes one execution from a granted place to its recorded end.

    Every step is either idempotent or guarded by the files of the execution (design §5), so the actor may crash
    anywhere, alone or with the whole supervisor: its next incarnation begins at the top and finds the place.
    """

    def __init__(self, job: Job, services: Services) -> None:
        self._job = job
        self._services = services
        self._directory: Path = services.executions_directory / job.execution
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
        state = await thread.ask(m.DescribeThread(), timeout=ASK_TIMEOUT_SECS)
        run = state.runs[self._job.execution]
        outcome = await self._host(thread, state, run)
        if outcome is not None:
            await self._tell_end(thread, outcome)
        self.context.stop_self()

    async def _host(self, thread: ActorRef, state: Thread, run: Run) -> Outcome | None:
        """Bring the execution to its end and say what it came to; None when it must not start any more."""
        for _ in range(LAUNCH_TRIES):
            match judge(self._directory):
                case NeverStarted():
                    if run.status == "cancelled":
                        reason = self._stop_reason or "cancelled before it started"
                        ended = await cancel_never_started(self._directory, reason=reason, now=self._services.clock())
                        return conclude(ended, Answer(success=False))
                    prepared = await self._prepare(thread, state, run)
                    if isinstance(prepared, Refusal):
                        return None
                    if isinstance(prepared, Outcome):
                        return prepared
                    await self._launch()
                case Died() | Rebooted():
                    await settle_dead(self._directory, now=self._services.clock())
                case Finished():
                    pass
            try:
                return await self._follow(thread, run)
            except AttachmentLost as err:
                log.warning("execution %s: %s", self._job.execution, err, extra={"action": "attachment_lost"})
        raise NoRunnerError(f"execution {self._job.execution} has no runner after {LAUNCH_TRIES} tries")

    # --- before --------------------------------------------------------------------------------------------------

    async def _prepare(self, thread: ActorRef, state: Thread, run: Run) -> Outcome | Refusal | None:
        """Make everything ready for a runner and log the intent; None means ready."""
        agent = self._services.config.agents.get(run.queued.agent)
        if agent is None:
            return could_not_start(f"the agent {run.queued.agent!r} is not in the config any more")
        backend = self._services.backends.get(run.queued.backend)
        gate = self.context.registry.find(backend_name(run.queued.backend))
        if backend is None or gate is None:
            return could_not_start(_no_backend(run.queued.backend, self._services))
        closed = await gate.ask(m.MayStart(execution=self._job.execution), timeout=ASK_TIMEOUT_SECS)
        if closed is not None:
            return could_not_start(closed.message)
        try:
            place = await resolve_workspace(self._services, thread, state, self._job.execution, agent)
        except GitError as err:
            return could_not_start(f"no worktree could be made, so nothing was started: {err}")
        if isinstance(place, Refusal):
            return place
        try:
            session = None if run.queued.fresh_session else state.sessions.get((agent.alias, backend.name))
            spec = self._spec(state, run, agent, backend, place, session)
            await trio.to_thread.run_sync(prepare, self._directory, spec)
        except (OSError, files.ExecutionFileError) as err:
            return could_not_start(f"the execution could not be prepared: {err}")
        failpoints.hit("execution.spec_written")
        requested = e.ExecutionRequested(
            execution=self._job.execution,
            workdir=place.workdir,
            worktree=place.worktree is not None,
            resume_session=session,
            timeout_secs=float(agent.timeout_secs),
        )
        refusal = await self._ask_patiently(thread, m.RequestExecution(requested=requested))
        failpoints.hit("execution.requested")
        return refusal

    def _spec(
        self, state: Thread, run: Run, agent: AgentSpec, backend: Backend, place: Workspace, session: str | None
    ) -> Spec:
        """Describe the execution to its runner; one that was described before a crash stays as it was."""
        if self._directory.exists():
            with files.open_directory(self._directory) as descriptor:
                earlier = files.read(descriptor, files.SPEC, Spec)
            if earlier is not None:
                return earlier
        prompt = agent.prompt
        if agent.prompt_file is not None:
            prompt = Path(agent.prompt_file).read_text(encoding="utf-8")
        instruction = state.messages[run.queued.message].posted.body
        task = Task(instruction=instruction, workdir=place.workdir, prompt=prompt, session=session)
        command = backend.command_line(agent, task)
        config = self._services.config
        extra = {"COMPAS_CONFIG": config.config_path, "COMPAS_THREAD": self._job.thread}
        return Spec(
            execution=self._job.execution,
            token=secrets.token_urlsafe(24),
            epoch=self._services.epoch,
            argv=command.argv,
            cwd=place.workdir,
            env=build_environment(agent, self._services.environ, remove=command.env_remove, extra=extra),
            stdin_text=command.stdin,
            stdout=command.stdout,
            timeout_secs=float(agent.timeout_secs),
            redact=config.redact_secrets,
            redaction_patterns=config.redaction_patterns,
        )

    async def _launch(self) -> None:
        try:
            await self._services.launcher.retry(lambda launcher: launcher.launch(self._directory))
        except LaunchError as err:
            # Whether a runner came up is for the files to say.
            log.warning("execution %s: %s", self._job.execution, err, extra={"action": "launch_unsure"})
        failpoints.hit("execution.launched")

    # --- during --------------------------------------------------------------------------------------------------

    async def _follow(self, thread: ActorRef, run: Run) -> Outcome:
        """Read the output from its beginning to the recorded exit, then judge it."""
        reader = self._services.backends[run.queued.backend].open_reader()
        follower = Follower(self.context, self._services, self._job.thread, run, reader)
        async with (
            open_attachment(self._directory, epoch=self._services.epoch) as attachment,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(self._stop_when_told, attachment)
            await self._report_started(thread)
            async for chunk in attachment:
                follower.feed(chunk.text)
                await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
        ended = attachment.exit
        if ended is None:
            raise AttachmentLost(f"the output of {self._job.execution} ended without an exit")
        failpoints.hit("execution.exit_read")
        answer = follower.finish(ExitStatus(code=ended.exit_code, signal=ended.signal))
        return await self._work_recorded(thread, run, ended, answer)

    async def _stop_when_told(self, attachment: Attachment) -> None:
        await self._told_to_stop.wait()
        await attachment.stop(self._stop_reason)

    async def _report_started(self, thread: ActorRef) -> None:
        with files.open_directory(self._directory) as descriptor:
            started = files.read(descriptor, files.STARTED, Started)
        if started is not None:
            event = e.ExecutionStarted(
                execution=self._job.execution, pid=started.agent_pid, started_at=started.started_at
            )
            await self._ask_patiently(thread, m.ExecutionRuns(started=event))

    # --- after ---------------------------------------------------------------------------------------------------

    async def _work_recorded(self, thread: ActorRef, run: Run, ended: Exit, answer: Answer) -> Outcome:
        outcome = conclude(ended, answer)
        state = await thread.ask(m.DescribeThread(), timeout=ASK_TIMEOUT_SECS)
        requested = state.runs[self._job.execution].requested
        if requested is None or not requested.worktree:
            return outcome
        tree = next((tree for tree in state.worktrees.values() if tree.path == requested.workdir), None)
        if tree is None:
            return outcome
        agent = self._services.config.agents.get(run.queued.agent)
        # For the task that began it all: the body of a handoff begins with its own headings.
        opening = state.opening_of(run.lineage) or state.messages[run.queued.message]
        subject = state.summary or opening.posted.body.strip().partition("\n")[0][:72]
        outcome = await record_work(self._services, tree, self._job.execution, agent, outcome, subject)
        failpoints.hit("execution.snapshot_taken")
        return outcome

    async def _tell_end(self, thread: ActorRef, outcome: Outcome) -> None:
        await self._ask_patiently(thread, m.EndExecution(execution=self._job.execution, outcome=outcome))
        failpoints.hit("execution.recorded")

    async def _ask_patiently(self, thread: ActorRef, message: Ask[Refusal | None]) -> Refusal | None:
        return await patiently(
            lambda: self.context.registry.wait_registered(JOURNAL),
            lambda: thread.ask(message, timeout=ASK_TIMEOUT_SECS),
        )


def _no_backend(name: str, services: Services) -> str:
    known = ", ".join(sorted(services.backends))
    return f"there is no backend {name!r} in this version of compas; it has: {known}"
