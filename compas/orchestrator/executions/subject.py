"""What an execution finds to look at when it starts: the commit that a verdict of it would be about."""

from dataclasses import dataclass

from compas.domain import events as e
from compas.domain.thread import Thread
from compas.git.errors import GitError, GitWorkerLost
from compas.git.protocol.reading import Resolve
from compas.orchestrator.services import Services


@dataclass(frozen=True, slots=True)
class Subject:
    """A commit on the branch of a thread; all three are empty where there is nothing to look at."""

    repository: str = ""
    branch: str = ""
    tip: str = ""


async def subject_of(services: Services, state: Thread, worktree: e.WorktreeReady | None) -> Subject:
    """Return what an execution finds: the tip of the branch in its worktree, or what its thread was opened to read.

    One that works elsewhere looks at the thread's only worktree; of several, nobody can say which one it meant.
    """
    reading = state.reading
    if reading is not None and (worktree is None or worktree.reading):
        return Subject(repository=reading.repository, branch=reading.branch, tip=reading.snapshot)
    own = [tree for tree in state.worktrees.values() if not tree.reading]
    tree = worktree if worktree is not None else own[0] if len(own) == 1 else None
    if tree is None:
        return Subject()
    repository, branch = tree.repository, tree.branch
    try:
        tip = (await services.git.ask(Resolve(repo=repository, revision=f"refs/heads/{branch}"))).commit
    except GitWorkerLost:
        raise
    except GitError:
        return Subject()  # it can be worked without, and a verdict on nothing does not count
    return Subject(repository=repository, branch=branch, tip=tip)
