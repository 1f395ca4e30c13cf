"""Where an execution works: a worktree of its thread, one it inherits, or the agent's own directory."""

import os
from dataclasses import dataclass

from actors.ref import ActorRef
from compas.domain import events as e
from compas.domain.decision import Refusal
from compas.domain.specs import AgentSpec
from compas.domain.thread import Thread
from compas.git import messages as g
from compas.git.errors import GitRefused
from compas.orchestrator.messages import PlanWorktree, WorktreeMade
from compas.orchestrator.services import ASK_TIMEOUT_SECS, Services


@dataclass(frozen=True, slots=True)
class Workspace:
    """A directory to work in; `worktree` says that it belongs to the thread."""

    workdir: str
    worktree: e.WorktreeReady | None = None


def branch_of(thread: str) -> str:
    """Return the branch that a thread works on."""
    return f"compas/{thread}"


def repository_of(found: g.Repository) -> str:
    """Return the path that names a repository: its main checkout, or the bare repository itself."""
    return found.main or found.top_level or found.common_dir


def base_branch(services: Services, repository: str) -> str:
    """Return where worktrees of a repository start (design §6 rule 2)."""
    for spec in services.config.repositories:
        if os.path.realpath(spec.path) == os.path.realpath(repository):
            return spec.base
    return services.config.default_merge_target


async def resolve_workspace(
    services: Services, thread: ActorRef, state: Thread, execution: str, agent: AgentSpec
) -> Workspace | Refusal:
    """Find or make the place for an execution (a-core 58-66, b-mcp-cli-merge 117-119, 126).

    An agent with `workspace: worktree` gets its worktree, or a refusal; it never runs in the operator's checkout
    (design §6 rule 1). Without a word on workspaces it inherits the thread's worktree of the same repository. In a
    thread that a fan-out opened, it stands before the work that was handed to it (design §6 rule 3).
    """
    if agent.workspace != "shared":
        review = await _review(services, thread, state, execution, agent)
        if review is not None:
            return review
    if agent.workspace == "worktree":
        return await _own_worktree(services, thread, state, execution, agent)
    if agent.workspace is None:
        inherited = await _inherited(services, state, agent)
        if inherited is not None:
            return inherited
    return Workspace(workdir=agent.workdir)


async def _own_worktree(
    services: Services, thread: ActorRef, state: Thread, execution: str, agent: AgentSpec
) -> Workspace | Refusal:
    found = await services.git.retry(lambda git: git.describe(agent.workdir))
    repository = repository_of(found)
    base = base_branch(services, repository)
    branch = branch_of(state.thread)
    planned = PlanWorktree(execution=execution, repository=repository, branch=branch, base=base)
    refusal = await thread.ask(planned, timeout=ASK_TIMEOUT_SECS)
    if refusal is not None:
        return refusal
    location = services.config.worktree_dir
    made = await services.git.retry(
        lambda git: git.ensure_worktree(repository, state.thread, base=base, location=location)
    )
    ready = e.WorktreeReady(repository=repository, path=made.path, branch=made.branch, base=base, base_commit=made.base)
    refusal = await thread.ask(WorktreeMade(execution=execution, ready=ready), timeout=ASK_TIMEOUT_SECS)
    return Workspace(workdir=made.path, worktree=ready) if refusal is None else refusal


async def _review(
    services: Services, thread: ActorRef, state: Thread, execution: str, agent: AgentSpec
) -> Workspace | Refusal | None:
    """Return a worktree without a branch at the work that this thread is to look at; None when it has a branch of its
    own, or nothing to look at, or the agent works in another repository (a-core 136, b-mcp-cli-merge 120)."""
    work = state.messages[state.runs[execution].queued.message].posted.work
    known = next((tree for tree in state.worktrees.values() if not tree.branch), None)
    if known is None and (work is None or work.repository in state.worktrees or state.source_thread is None):
        return None
    repository, commit, base = _what_to_look_at(known, work)
    if repository_of(await services.git.retry(lambda git: git.describe(agent.workdir))) != repository:
        return None
    planned = PlanWorktree(execution=execution, repository=repository, branch="", base=base)
    refusal = await thread.ask(planned, timeout=ASK_TIMEOUT_SECS)
    if refusal is not None:
        return refusal
    location = services.config.worktree_dir
    made = await services.git.retry(lambda git: git.ensure_review_tree(repository, state.thread, commit, location))
    ready = e.WorktreeReady(repository=repository, path=made.path, branch="", base=base, base_commit=made.base)
    refusal = await thread.ask(WorktreeMade(execution=execution, ready=ready), timeout=ASK_TIMEOUT_SECS)
    return Workspace(workdir=made.path, worktree=ready) if refusal is None else refusal


def _what_to_look_at(known: e.WorktreeReady | None, work: e.WorkUnderReview | None) -> tuple[str, str, str]:
    """Return repository, commit, and the branch that the work was begun from."""
    if known is not None:
        return known.repository, known.base_commit, known.base
    assert work is not None
    return work.repository, work.snapshot, work.base


async def _inherited(services: Services, state: Thread, agent: AgentSpec) -> Workspace | None:
    if not state.worktrees:
        return None
    try:
        found = await services.git.retry(lambda git: git.describe(agent.workdir))
        tree = state.worktrees.get(repository_of(found))
        if tree is None:
            return None
        there = await services.git.retry(lambda git: git.describe(tree.path))
    except GitRefused:
        return None
    # Gone, or a mere directory of the checkout around it: then it is no place to work in.
    return Workspace(workdir=tree.path, worktree=tree) if there.top_level == tree.path else None
