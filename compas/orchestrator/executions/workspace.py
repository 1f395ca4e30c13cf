"""Where an execution works: a worktree of its thread, one it inherits, or the agent's own directory."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec

from actors.ref import ActorRef
from actors.registry import Registry
from compas import failpoints
from compas.api.advice import in_commands
from compas.domain import events as e
from compas.domain.decision import Refusal
from compas.domain.execution import Outcome, could_not_start
from compas.domain.specs import AgentSpec
from compas.domain.thread import Thread
from compas.domain.which_repository import refuse_unlisted
from compas.git.errors import GitRefused
from compas.git.protocol.reading import Describe, Locate, Repository
from compas.git.protocol.thread_worktree import ThreadWorktree
from compas.git.protocol.worktrees import EnsureReadingTree, EnsureWorktree
from compas.orchestrator.asking_git import ask_within_limit
from compas.orchestrator.messages.thread import PlanWorktree, WorktreeMade
from compas.orchestrator.services import ASK_TIMEOUT_SECS, Services
from compas.orchestrator.worktrees.setup import Furnished, Furnisher, repository_spec
from compas.orchestrator.worktrees.survey import is_in_config
from compas.store.projections.worktrees import WorktreeRow


@dataclass(frozen=True, slots=True)
class Workspace:
    """A directory to work in, with variables for whoever works there; `worktree` says that it belongs to the thread.

    The agent starts `below` it. `notes` are sentences on what was odd when it was made.
    """

    workdir: str
    below: str = ""
    worktree: e.WorktreeReady | None = None
    notes: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def starts_in(self) -> str:
        """The directory that the agent starts in."""
        return f"{self.workdir}/{self.below}" if self.below else self.workdir


def tree_of(thread: str, tree: e.WorktreeReady | WorktreeRow) -> ThreadWorktree:
    """Name a worktree to git: whose it is, of which repository, and where the log says that it is."""
    return ThreadWorktree(repo=tree.repository, thread=thread, path=tree.path or "", reading=tree.reading)


def branch_of(thread: str) -> str:
    """Return the branch that a thread works on."""
    return f"compas/{thread}"


def repository_of(found: Repository) -> str:
    """Return the path that names a repository: its main checkout, or the bare repository itself."""
    return found.main or found.top_level or found.common_dir


def base_branch(services: Services, repository: str) -> str:
    """Return where worktrees of a repository start (design §6 rule 2)."""
    spec = repository_spec(services, repository)
    return services.config.default_merge_target if spec is None else spec.base


async def resolve_workspace(
    services: Services, registry: Registry, thread: ActorRef, state: Thread, execution: str, agent: AgentSpec
) -> Workspace | Outcome | Refusal:
    """Find or make the place for an execution (a-core 58-66, b-mcp-cli-merge 117-119, 126).

    An agent with `workspace: worktree` gets its worktree, usable, or an outcome that says what failed; it never runs
    in the operator's checkout (design §6 rule 1). Without a word on workspaces it inherits the thread's worktree of
    the same repository, which is made again if it was deleted. In a thread that was opened to read another's work, both
    get a detached worktree at the snapshot of that work, and never its branch (a-core 136). In a
    thread that was opened for a repository agents work there instead of in their own directories. In a worktree they
    start as far below its root as their directory is below that of its repository.
    """
    if state.repository is not None and not await is_in_config(services, state.repository):
        return could_not_start(in_commands(refuse_unlisted(state.thread, state.repository).message))
    agent, below = await _at_home(services, state, agent)
    read = await _reads(services, state, agent)
    inherits = agent.workspace is None and await _inherits(services, state, agent)
    if read is not None or agent.workspace == "worktree" or inherits:
        if read is not None:
            place = await _reading_tree(services, thread, state, execution, read)
        else:
            place = await _own_worktree(services, thread, state, execution, agent)
        if not isinstance(place, Workspace) or place.worktree is None:
            return place
        furnished = await Furnisher(services, registry, thread, execution).furnish(place.worktree, place.notes)
        if not isinstance(furnished, Furnished):
            return furnished
        place = replace(place, below=below, variables=furnished.variables)
        return await _is_there(services, place) or place
    return Workspace(workdir=agent.workdir)


async def _at_home(services: Services, state: Thread, agent: AgentSpec) -> tuple[AgentSpec, str]:
    """Return the agent with its directory in the thread's repository, and how far below the root that is."""
    if state.repository is None and agent.workspace == "shared":
        return agent, ""
    thread_at = state.repository or agent.workdir
    own, thread = (await services.git.ask(Locate(paths=(agent.workdir, thread_at)))).places
    if own is None or thread is None or own.repository != thread.repository:
        agent, own = msgspec.structs.replace(agent, workdir=thread_at), thread
    return agent, "" if own is None else own.below


async def _is_there(services: Services, place: Workspace) -> Outcome | None:
    """Say why the agent cannot start where it should: what it was given may lack that directory, or lead elsewhere."""
    if not place.below:
        return None
    root, found = (await services.git.ask(Locate(paths=(place.workdir, place.starts_in)))).places
    if found is not None and found == (None if root is None else msgspec.structs.replace(root, below=place.below)):
        return None
    return could_not_start(
        f"the agent starts at {place.below} below the root of its repository, and {place.workdir} has no such "
        "directory of its own; commit that directory to the branch that work starts from, or correct the agent's "
        "workdir, then dispatch again"
    )


async def _own_worktree(
    services: Services, thread: ActorRef, state: Thread, execution: str, agent: AgentSpec
) -> Workspace | Refusal:
    found = await services.git.ask(Describe(path=agent.workdir))
    repository = repository_of(found)
    base = base_branch(services, repository)
    branch = branch_of(state.thread)
    planned = PlanWorktree(execution=execution, repository=repository, branch=branch, base=base)
    refusal = await thread.ask(planned, timeout=ASK_TIMEOUT_SECS)
    if refusal is not None:
        return refusal
    location = services.config.worktree_dir
    spec = repository_spec(services, repository)
    uses_pool = spec is not None and spec.pool > 0
    retired = state.retired.get(repository)
    restore = retired.tip if retired is not None and retired.fate == "archived" else None
    known = state.worktrees.get(repository)
    begun_at = known.base_commit if known is not None and not known.reading else None
    asked = EnsureWorktree(
        repo=repository,
        thread=state.thread,
        base=base,
        location=location,
        restore=restore,
        pool=uses_pool,
        begun_at=begun_at,
    )
    made = await ask_within_limit(services, asked, f"making the worktree of {branch}")
    failpoints.hit("worktree.made")
    ready = e.WorktreeReady(
        repository=repository,
        path=made.path,
        branch=made.branch,
        base=base,
        base_commit=made.base,
        instance=made.instance,
    )
    refusal = await thread.ask(WorktreeMade(execution=execution, ready=ready), timeout=ASK_TIMEOUT_SECS)
    return Workspace(workdir=made.path, worktree=ready, notes=made.healed) if refusal is None else refusal


async def _reads(services: Services, state: Thread, agent: AgentSpec) -> e.WorkUnderReview | None:
    """Return the work an agent is to look at, if its directory is in the repository of that work."""
    if state.reading is None or agent.workspace == "shared":
        return None
    try:
        found = await services.git.ask(Describe(path=agent.workdir))
    except GitRefused:
        return None
    return state.reading if repository_of(found) == state.reading.repository else None


async def _reading_tree(
    services: Services, thread: ActorRef, state: Thread, execution: str, read: e.WorkUnderReview
) -> Workspace | Refusal:
    planned = PlanWorktree(execution=execution, repository=read.repository, branch="", base=read.snapshot)
    refusal = await thread.ask(planned, timeout=ASK_TIMEOUT_SECS)
    if refusal is not None:
        return refusal
    location = services.config.worktree_dir
    asked = EnsureReadingTree(repo=read.repository, thread=state.thread, commit=read.snapshot, location=location)
    made = await ask_within_limit(services, asked, f"making a worktree to read {read.branch} in")
    ready = e.WorktreeReady(
        repository=read.repository,
        path=made.path,
        branch=branch_of(state.thread),
        base=read.branch,
        base_commit=read.snapshot,
        instance=made.instance,
        reading=True,
    )
    refusal = await thread.ask(WorktreeMade(execution=execution, ready=ready), timeout=ASK_TIMEOUT_SECS)
    return Workspace(workdir=made.path, worktree=ready, notes=made.healed) if refusal is None else refusal


async def _inherits(services: Services, state: Thread, agent: AgentSpec) -> bool:
    """Say whether the thread has, or had, a worktree of the repository that the agent's directory is in."""
    if not state.worktrees and not state.retired:
        return False
    try:
        found = await services.git.ask(Describe(path=agent.workdir))
    except GitRefused:
        return False
    return repository_of(found) in state.worktrees or repository_of(found) in state.retired
