"""Which commits hold a thread's work as it is now, and how much that changes."""

from collections.abc import Sequence

import msgspec
import trio

from compas.git.errors import GitError
from compas.git.protocol.reading import Diff, FileStat, Resolve
from compas.orchestrator.services import Services
from compas.orchestrator.worktrees.gone import tip_of_branch
from compas.store.connection import Reader
from compas.store.projections.execution_queries import ExecutionRow, executions_of_thread
from compas.store.projections.worktrees import WorktreeRow, worktrees_of_thread

PATIENCE_SECS = 1.0
"""How long a list of threads waits for the sizes of their diffs."""
AT_ONCE = 4


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """What a thread has in a repository: from `base` to `tip`, which is a snapshot where not all is committed."""

    tree: WorktreeRow
    base: str
    tip: str
    is_snapshot: bool


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """How much a thread's work changes: files, and lines in those that are text."""

    files: int
    added: int
    deleted: int


async def work_of(services: Services, thread: str) -> Work | None:
    """Return a thread's work; None where it has no branch of its own. Raises GitError."""

    def read(reader: Reader) -> tuple[tuple[WorktreeRow, ...], tuple[ExecutionRow, ...]]:
        return worktrees_of_thread(reader, thread), executions_of_thread(reader, thread)

    trees, runs = await services.store.query(read)
    tree = next((tree for tree in trees if tree.base_commit is not None), None)
    if tree is None:
        return None
    snapshot = next((run for run in reversed(runs) if run.snapshot_commit is not None), None)
    # Of a worktree that was removed, the commit that its branch was at is still there: merged, or archived.
    if tree.path is None and tree.tip:
        head = (await services.git.ask(Resolve(repo=tree.repository, revision=tree.tip))).commit
    else:
        head = await tip_of_branch(services, thread, tree.repository, tree.branch)
    use_snapshot = snapshot is not None and bool(snapshot.snapshot_dirty) and snapshot.snapshot_head == head
    tip = snapshot.snapshot_commit if use_snapshot and snapshot is not None and snapshot.snapshot_commit else head
    return Work(tree=tree, base=tree.base_commit or tree.base, tip=tip, is_snapshot=use_snapshot)


async def sizes_of(services: Services, threads: Sequence[str]) -> dict[str, Size]:
    """Return how much the work of each of these threads changes, of as many as git tells in a moment."""
    found: dict[str, Size] = {}
    limit = trio.CapacityLimiter(AT_ONCE)

    async def look(thread: str) -> None:
        async with limit:
            try:
                work = await work_of(services, thread)
                if work is not None:
                    asked = Diff(repo=work.tree.repository, base=work.base, tip=work.tip, only_numbers=True)
                    found[thread] = _size((await services.git.ask(asked)).files)
            except GitError:
                return  # a list of threads says nothing of one whose branch cannot be read; `diff` says why

    with trio.move_on_after(PATIENCE_SECS):
        async with trio.open_nursery() as nursery:
            for thread in threads:
                nursery.start_soon(look, thread)
    return found


def _size(files: tuple[FileStat, ...]) -> Size:
    return Size(
        files=len(files), added=sum(one.added or 0 for one in files), deleted=sum(one.deleted or 0 for one in files)
    )
