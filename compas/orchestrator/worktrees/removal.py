"""Removing one worktree: look, log the intent, tear down, let git remove it, log the outcome (design §6 rule 4)."""

import logging
import os
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from actors.ask import Ask
from actors.registry import Registry
from compas import failpoints
from compas.domain import events as e
from compas.domain.advice import advise, say
from compas.domain.cleanup import CLEANUP
from compas.domain.decision import Refusal
from compas.git.errors import GitError
from compas.git.protocol.reading import Contains
from compas.git.protocol.worktrees import Removed, RemoveWorktree
from compas.orchestrator.asking import ask_thread
from compas.orchestrator.merges.publications import once_published
from compas.orchestrator.merges.targets import held_among, holders, refuse_pending
from compas.orchestrator.messages.thread import DescribeThread, EndRemoval, PlanRemoval
from compas.orchestrator.messages.worktree import LeasePorts, ReleasePorts
from compas.orchestrator.services import ASK_TIMEOUT_SECS, JOURNAL, PORTS, Services
from compas.orchestrator.stream import patiently
from compas.orchestrator.worktrees.setup import port_variables, repository_spec, run_in_worktree
from compas.store.connection import Reader
from compas.store.projections.execution_queries import executions_of_thread
from compas.store.projections.merges import merges_of_thread

log = logging.getLogger("compas.janitor")

R = TypeVar("R")

Outcome = e.WorktreeRemoved | e.WorktreeKept


class Removal:
    """Removes the worktree of one thread in one repository, for cleanup or by word of the operator.

    May be repeated after a crash anywhere: what is logged as planned is finished as it was planned.
    """

    def __init__(self, services: Services, registry: Registry, thread: str, repository: str) -> None:
        self._services = services
        self._registry = registry
        self._thread = thread
        self._repository = repository

    async def carry_out(self, *, by: str, force: bool, causation: str) -> Outcome | Refusal:
        """Return what came of it. What is known beforehand to stay is not logged at all: nothing has happened.

        Cancelling ends a teardown with all it has started; the removal is gone on with by whoever comes next.
        """
        state = await self._ask(DescribeThread())
        tree = state.worktrees.get(self._repository)
        if tree is None:
            gone = state.retired.get(self._repository)
            sentence = f"thread {self._thread} has no worktree of {self._repository}; `"
            missing = say(sentence, advise("worktrees"), "` lists them")
            return gone if gone is not None else Refusal(code="no_worktree", message=missing)
        planned = state.removing.get(self._repository)
        if planned is not None:
            by, force = planned.by, planned.force
        target = await self._target(tree)
        if planned is None:
            found = await self._git(tree, target, by=by, force=force, dry_run=True)
            if isinstance(found, e.WorktreeKept):
                return found
            refused = await self._plan(by=by, force=force, causation=causation)
            if refused is not None:
                return refused
        failpoints.hit("worktree.removal_planned")
        outcome = await self._remove(tree, target, by=by, force=force)
        await self._ask(EndRemoval(outcome, causation=causation))
        _tell(self._thread, outcome)
        return outcome

    async def _plan(self, *, by: str, force: bool, causation: str) -> Refusal | None:
        """Log the intent, once no merge of the thread needs the worktree; a refusal says what keeps it."""
        pending = await self._services.store.query(partial(refuse_pending, thread=self._thread))
        if pending is not None:
            return pending
        message = PlanRemoval(self._repository, by=by, force=force, causation=causation)
        return await once_published(self._registry, self._thread, lambda: self._ask(message))

    async def _remove(self, tree: e.WorktreeReady, target: str | None, *, by: str, force: bool) -> Outcome:
        problem = await self._tear_down(tree)
        failpoints.hit("worktree.torn_down")
        if problem and not force:
            return self._kept(tree, f"its teardown failed: {problem}")
        found = await self._git(tree, target, by=by, force=force, dry_run=False)
        if isinstance(found, e.WorktreeKept):
            return found
        await self._ask_ports(ReleasePorts(thread=self._thread, repository=self._repository))
        failpoints.hit("worktree.removed")
        return e.WorktreeRemoved(
            repository=self._repository,
            path=tree.path,
            branch=tree.branch,
            fate=found.branch,
            tip=found.tip,
            archive=found.archive,
            snapshot=found.snapshot,
            ignored=found.ignored,
            notes=tuple(note for note in (problem and f"the teardown failed: {problem}", found.reason) if note),
        )

    async def _git(
        self, tree: e.WorktreeReady, target: str | None, *, by: str, force: bool, dry_run: bool
    ) -> Removed | e.WorktreeKept:
        clean_only = by == CLEANUP and self._services.config.retention.worktrees is None
        location = self._services.config.worktree_dir
        snapshots = await self._snapshots()
        try:
            found = await self._services.git.ask(
                RemoveWorktree(
                    repo=self._repository,
                    thread=self._thread,
                    target=target,
                    force=force,
                    clean_only=clean_only,
                    dry_run=dry_run,
                    location=location,
                    snapshots=snapshots,
                )
            )
        except GitError as err:
            return self._kept(tree, f"git could not remove it: {err}")
        return self._kept(tree, found.reason or "git gave no reason") if found.worktree == "kept" else found

    async def _snapshots(self) -> dict[str, str]:
        """Return what the log knows to be recorded of the thread's work: only that may stand in for a worktree."""
        rows = await self._services.store.query(lambda reader: executions_of_thread(reader, self._thread))
        return {row.execution: row.snapshot_commit for row in rows if row.snapshot_commit is not None}

    def _kept(self, tree: e.WorktreeReady, reason: str) -> e.WorktreeKept:
        return e.WorktreeKept(repository=self._repository, path=tree.path, reason=reason)

    async def _tear_down(self, tree: e.WorktreeReady) -> str:
        """Run the teardown command where there is one, and a directory to run it in; return what went wrong."""
        spec = repository_spec(self._services, self._repository)
        if spec is None or spec.teardown is None or not _is_there(tree.path):
            return ""
        leased = LeasePorts(thread=self._thread, repository=self._repository, count=spec.ports)
        ports = await self._ask_ports(leased)
        variables = {} if isinstance(ports, Refusal) else port_variables(ports)
        return await run_in_worktree(self._services, self._thread, tree, "teardown", spec.teardown, variables)

    async def _target(self, tree: e.WorktreeReady) -> str | None:
        """Return the target that contains the work; None where none does, so that the work is archived."""
        configured = self._services.config.default_merge_target

        def read(reader: Reader) -> tuple[str, ...]:
            named = holders(reader, self._repository, merges_of_thread(reader, self._thread), configured)
            # What is in a target because somebody put it there is archived: the target may be put back.
            held = held_among(reader, self._repository, named)
            return tuple(target for target in named if target not in held)

        for target in await self._services.store.query(read):
            if await self._is_in(target, tree):
                return target
        return None

    async def _is_in(self, target: str, tree: e.WorktreeReady) -> bool:
        ref = f"refs/heads/{tree.branch}"
        try:
            found = await self._services.git.ask(Contains(repo=self._repository, commit=ref, branch=target))
        except GitError:
            return False  # gone, or unreadable: then it is archived rather than deleted
        return found.contained

    async def _ask(self, message: Ask[R]) -> R:
        return await self._patiently(lambda: ask_thread(self._registry, self._thread, message))

    async def _ask_ports(self, message: Ask[R]) -> R:
        async def ask() -> R:
            ports = await self._registry.wait_registered(PORTS)
            return await ports.ask(message, timeout=ASK_TIMEOUT_SECS)

        return await self._patiently(ask)

    async def _patiently(self, ask: Callable[[], Awaitable[R]]) -> R:
        return await patiently(lambda: self._registry.wait_registered(JOURNAL), ask)


def _is_there(path: str) -> bool:
    return os.path.isdir(path)


def _tell(thread: str, outcome: Outcome) -> None:
    match outcome:
        case e.WorktreeRemoved(path=path):
            ignored = f"; ignored files went with it: {', '.join(outcome.ignored)}" if outcome.ignored else ""
            found = f"{path} of thread {thread} was removed, its branch {outcome.fate}{ignored}"
            log.info("%s", found, extra={"action": "worktree_removed"})
        case e.WorktreeKept(path=path, reason=reason):
            log.warning("%s of thread %s was kept: %s", path, thread, reason, extra={"action": "worktree_kept"})
