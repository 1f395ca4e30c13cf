"""Making a worktree usable before an agent is let in: files, ports, setup (design §6 rule 2)."""

import logging
import os
from dataclasses import dataclass

from actors.ref import ActorRef
from actors.registry import Registry
from compas import failpoints
from compas.api.advice import in_commands
from compas.backends.environment import environment_of_tools
from compas.domain import events as e
from compas.domain.decision import Refusal
from compas.domain.execution import Outcome, could_not_start
from compas.domain.furnishing import FurnishingStep, usable_as
from compas.domain.specs import CommandSpec, RepositorySpec
from compas.domain.thread import Thread
from compas.git.protocol.thread_worktree import ThreadWorktree
from compas.git.protocol.worktrees import FurnishWorktree
from compas.orchestrator.messages.thread import DescribeThread, Furnish
from compas.orchestrator.messages.worktree import LeasePorts
from compas.orchestrator.services import ASK_TIMEOUT_SECS, JOURNAL, PORTS, Services
from compas.orchestrator.stream import patiently
from compas.runner.command import Command, CommandEnd, CommandError, run_command

log = logging.getLogger("compas.execution")


@dataclass(frozen=True, slots=True)
class Furnished:
    """A worktree that is ready for its agent. `variables` are for the agent, too."""

    variables: dict[str, str]


def repository_spec(services: Services, repository: str) -> RepositorySpec | None:
    """Return what the config says about a repository, however its path is written there."""
    wanted = os.path.realpath(repository)
    return next((spec for spec in services.config.repositories if os.path.realpath(spec.path) == wanted), None)


def port_variables(ports: tuple[int, ...]) -> dict[str, str]:
    """Return COMPAS_PORT_1 and so on."""
    return {f"COMPAS_PORT_{number}": str(port) for number, port in enumerate(ports, 1)}


class Furnisher:
    """Brings one worktree from being there to being usable, for one execution.

    Every step is logged with the name of the directory, so that a repeat after a crash, or the next execution, goes on
    where this one stopped, and one in a directory that was made anew begins at the top.
    """

    def __init__(self, services: Services, registry: Registry, thread: ActorRef, execution: str) -> None:
        self._services = services
        self._registry = registry
        self._thread = thread
        self._execution = execution

    async def furnish(self, tree: e.WorktreeReady, remarks: tuple[str, ...] = ()) -> Furnished | Outcome | Refusal:
        """Copy, lease, set up. An outcome says in words what failed; a refusal, that the execution must not go on.

        `remarks` on how the worktree was made are told together with what was brought into it.
        Raises GitError. Cancelling ends a setup command with everything it has started.
        """
        spec = repository_spec(self._services, tree.repository) or RepositorySpec(path=tree.repository)
        state: Thread = await self._thread.ask(DescribeThread(), timeout=ASK_TIMEOUT_SECS)
        usable = usable_as(state, tree.repository, tree.instance)
        for remark in remarks:
            log.warning("worktree %s: %s", tree.path, remark, extra={"action": "worktree_remark"})
        if not usable.is_furnished:
            refused = await self._bring_files(state.thread, tree, spec, remarks)
            if refused is not None:
                return refused
        ports = await self._lease(state.thread, tree.repository, spec.ports)
        if isinstance(ports, Refusal):
            return could_not_start(f"no ports could be leased for {tree.path}: {in_commands(ports.message)}")
        variables = port_variables(ports)
        if spec.setup is not None and not usable.is_set_up:
            trouble = await self._set_up(state.thread, tree, spec.setup, variables)
            if trouble is not None:
                return trouble
        return Furnished(variables)

    async def _bring_files(
        self, thread: str, tree: e.WorktreeReady, spec: RepositorySpec, remarks: tuple[str, ...]
    ) -> Refusal | None:
        of = ThreadWorktree(repo=tree.repository, thread=thread, path=tree.path, reading=tree.reading)
        found = await self._services.git.ask(FurnishWorktree(of=of, copy=spec.copy, link=spec.link))
        failpoints.hit("worktree.files_copied")
        for note in found.notes:
            log.warning("worktree %s: %s", tree.path, note, extra={"action": "worktree_file_left_out"})
        step = e.WorktreeFurnished(
            execution=self._execution,
            repository=tree.repository,
            instance=tree.instance,
            copied=found.copied,
            linked=found.linked,
            notes=(*remarks, *found.notes),
        )
        return await self._log(step)

    async def _lease(self, thread: str, repository: str, count: int) -> tuple[int, ...] | Refusal:
        if not count:
            return ()
        lease = LeasePorts(thread=thread, repository=repository, count=count)

        async def ask() -> tuple[int, ...] | Refusal:
            ports = await self._registry.wait_registered(PORTS)
            return await ports.ask(lease, timeout=ASK_TIMEOUT_SECS)

        return await patiently(lambda: self._registry.wait_registered(JOURNAL), ask)

    async def _set_up(
        self, thread: str, tree: e.WorktreeReady, setup: CommandSpec, variables: dict[str, str]
    ) -> Outcome | Refusal | None:
        about = {"execution": self._execution, "repository": tree.repository, "instance": tree.instance}
        refused = await self._log(e.SetupStarted(**about, command=setup.run))
        if refused is not None:
            return refused
        problem = await run_in_worktree(self._services, thread, tree, "setup", setup, variables)
        failpoints.hit("worktree.set_up")
        refused = await self._log(e.SetupEnded(**about, problem=problem))
        if problem:
            return could_not_start(f"the worktree {tree.path} could not be set up, so nothing was started: {problem}")
        return refused

    async def _log(self, step: FurnishingStep) -> Refusal | None:
        return await patiently(
            lambda: self._registry.wait_registered(JOURNAL),
            lambda: self._thread.ask(Furnish(step=step), timeout=ASK_TIMEOUT_SECS),
        )


async def run_in_worktree(
    services: Services, thread: str, tree: e.WorktreeReady, name: str, command: CommandSpec, variables: dict[str, str]
) -> str:
    """Run a repository's command in a worktree; return what went wrong, in words, or nothing."""
    log_path = services.worktree_files(tree.instance or thread) / f"{name}.log"
    about = {
        "COMPAS_CONFIG": services.config.config_path,
        "COMPAS_THREAD": thread,
        "COMPAS_REPOSITORY": tree.repository,
        "COMPAS_WORKTREE": tree.path,
        **variables,
    }
    try:
        ended = await run_command(
            Command(
                run=command.run,
                cwd=tree.path,
                env=environment_of_tools(services.environ, about),
                token=f"{name}-{thread}-{tree.instance}",
                timeout_secs=float(command.timeout_secs),
                log=log_path,
                redact=services.config.redact_secrets,
                redaction_patterns=services.config.redaction_patterns,
            )
        )
    except (CommandError, OSError) as error:
        return f"`{command.run}` was not run: {error}"
    return "" if ended.succeeded else _in_words(command, ended, str(log_path))


def _in_words(command: CommandSpec, ended: CommandEnd, log_path: str) -> str:
    if ended.code is None:
        how = f"`{command.run}` did not end within {command.timeout_secs} s and was ended with all it had started"
    else:
        how = f"`{command.run}` ended with {ended.code}"
    said = f"; the end of its output:\n{ended.tail}" if ended.tail else "; it printed nothing"
    return f"{how} (log: {log_path}); correct it, then dispatch again{said}"
