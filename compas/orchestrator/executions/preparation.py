"""Getting an execution ready: is its agent there, is its backend usable, where does it work, what is started."""

import secrets
from dataclasses import dataclass
from pathlib import Path

import msgspec
import trio

from actors.ref import ActorRef
from actors.registry import Registry
from compas.api.advice import in_commands
from compas.backends.backend import Backend, Task
from compas.backends.environment import FOUND_BY, build_environment, withheld_environment
from compas.backends.generic import GenericBackend, TaskRefusedError
from compas.domain import events as e
from compas.domain.decision import Refusal
from compas.domain.execution import Outcome, could_not_start
from compas.domain.handover import LONGEST_CHANGE, compose_handover
from compas.domain.remedies import to_make_repository
from compas.domain.specs import AgentSpec
from compas.domain.thread import Run, Thread
from compas.git.errors import GitError, GitRefused, GitWorkerLost
from compas.git.protocol.reading import Diff
from compas.health.inspection import search_path_of
from compas.orchestrator.executions.subject import Subject, subject_of
from compas.orchestrator.executions.workspace import Workspace, resolve_workspace
from compas.orchestrator.messages.backend import MayStart
from compas.orchestrator.services import ASK_TIMEOUT_SECS, Services, backend_name
from compas.runner.files import ExecutionFileError
from compas.runner.messages import Spec


@dataclass(frozen=True, slots=True)
class Ready:
    """An execution whose description is on disk. `session` is the CLI's conversation that it goes on with."""

    place: Workspace
    subject: Subject
    session: str | None
    timeout_secs: float


async def make_ready(
    services: Services, registry: Registry, thread: ActorRef, state: Thread, run: Run
) -> Ready | Outcome | Refusal:
    """Make everything ready that a runner needs. An outcome says why it could not be; a refusal, that it must not.

    May be repeated after a crash: worktrees and descriptions that are there already are used.
    """
    queued = run.queued
    agent = services.config.agents.get(queued.agent)
    if agent is None:
        return could_not_start(f"the agent {queued.agent!r} is not in the config any more")
    if agent.role != "worker":
        return could_not_start(f"the agent {queued.agent!r} has the role operator now and is not started")
    backend = services.backends.get(agent.backend)
    gate = registry.find(backend_name(agent.backend))
    if backend is None or gate is None:
        return could_not_start(services.missing_backend(agent.backend))
    if agent.backend != queued.backend:
        # Its model and its arguments are for the new one now; the log says that this runs on the old one.
        found = f"{agent.alias!r} is on the backend {agent.backend!r} now, and this was queued for {queued.backend!r}"
        return could_not_start(f"{found}; dispatch it again")
    may_start = MayStart(execution=queued.execution, path=search_path_of(agent, services.environ))
    closed = await gate.ask(may_start, timeout=ASK_TIMEOUT_SECS)
    if closed is not None:
        return could_not_start(in_commands(closed.message))
    try:
        place = await resolve_workspace(services, registry, thread, state, queued.execution, agent)
        if not isinstance(place, Workspace):
            return place
        subject = await subject_of(services, state, place.worktree)
    except GitError as err:
        is_outside = isinstance(err, GitRefused) and err.code == "not_a_repository"
        remedy = f"; {to_make_repository(agent.workdir)}" if is_outside else ""
        return could_not_start(f"no worktree could be made, so nothing was started: {err}{remedy}")
    session = None
    if not queued.fresh_session:
        elsewhere = backend.resumes_elsewhere
        session = state.session_to_resume(agent.alias, backend.name, place.starts_in, elsewhere=elsewhere)
    try:
        prompt = await _prompt(agent)
        resumed = None if session is None else session.id
        instruction = await _instruction(services, state, run, place.worktree)
        task = Task(instruction=instruction, workdir=place.starts_in, files="", prompt=prompt, session=resumed)
        await services.runners.prepare(_describe(services, state, run, agent, backend, place, task))
    except (OSError, UnicodeDecodeError, ExecutionFileError, TaskRefusedError) as err:
        return could_not_start(f"the execution could not be prepared: {err}")
    return Ready(place=place, subject=subject, session=resumed, timeout_secs=float(agent.timeout_secs))


async def _prompt(agent: AgentSpec) -> str | None:
    if agent.prompt_file is None:
        return agent.prompt
    return await trio.to_thread.run_sync(Path(agent.prompt_file).read_text, "utf-8")


async def _instruction(services: Services, state: Thread, run: Run, tree: e.WorktreeReady | None) -> str:
    """Return the task; after a conversation that had become too long, with what was done in that."""
    if run.queued.reason != "handover":
        return state.messages[run.queued.message].posted.body
    return compose_handover(state, run, tree, await _change_so_far(services, state, tree))


async def _change_so_far(services: Services, state: Thread, tree: e.WorktreeReady | None) -> str:
    snapshot = None if tree is None or tree.reading else state.left.get(tree.path)
    if tree is None or snapshot is None:
        return ""
    asked = Diff(repo=tree.repository, base=tree.base_commit, tip=snapshot.commit, max_bytes=LONGEST_CHANGE)
    try:
        return (await services.git.ask(asked)).text
    except GitWorkerLost:
        raise
    except GitError:
        return ""  # it can be worked without: the new conversation can look for itself


def _describe(
    services: Services,
    state: Thread,
    run: Run,
    agent: AgentSpec,
    backend: Backend,
    place: Workspace,
    task: Task,
) -> Spec:
    files = services.runners.files_directory(run.queued.execution)
    command = backend.command_line(agent, msgspec.structs.replace(task, files=files))
    config = services.config
    found_by = {name: services.environ[name] for name in FOUND_BY if name in services.environ}
    extra = {**found_by, "COMPAS_CONFIG": config.config_path, "COMPAS_THREAD": state.thread, **place.variables}
    env = build_environment(agent, services.environ, remove=command.env_remove, extra=extra)
    secret = withheld_environment(agent, services.environ, remove=command.env_remove)
    return Spec(
        execution=run.queued.execution,
        token=secrets.token_urlsafe(24),
        epoch=services.epoch,
        argv=command.argv,
        cwd=place.starts_in,
        env={**command.env_defaults, **{name: value for name, value in env.items() if name not in secret}},
        stdin_text=command.stdin,
        stdout=command.stdout,
        files=command.files,
        timeout_secs=float(agent.timeout_secs),
        redact=config.redact_secrets,
        redaction_patterns=config.redaction_patterns,
    )


def withheld_from_file(services: Services, run: Run) -> dict[str, str]:
    """Return what an execution's agent is given beside its spec, as things are now: a key may have come meanwhile.

    Nothing for an agent that is gone from the config.
    """
    agent = services.config.agents.get(run.queued.agent)
    if agent is None:
        return {}
    backend = services.backends.get(agent.backend)
    remove = backend.env_remove if isinstance(backend, GenericBackend) else ()
    return withheld_environment(agent, services.environ, remove=remove)
