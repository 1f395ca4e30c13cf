"""Operations on worktrees: `worktrees`, `worktree_remove`, `commit`."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from compas.api.operation import Operation, Request
from compas.api.parameters import RepositoryPath, ThreadName


class WorktreesRequest(Request, frozen=True, kw_only=True):
    """Which worktrees to list."""

    thread_id: Annotated[str | None, Meta(description="only those of this thread")] = None
    sizes: Annotated[bool, Meta(description="count what each takes on disk also where that takes long")] = False


class WorktreeListing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One worktree. Times are UTC seconds.

    `uncommitted` counts files that are changed or untracked, `files` names the first of them; `ahead` and `behind`
    count commits against `target_branch`. What git cannot tell is left out, and `trouble` says why. `kept_because` is
    why cleanup left it in place the last time. `size_bytes` is what it takes on disk, if that was found out in time.
    """

    thread_id: str
    thread_status: str
    repository: str
    path: str
    branch: str
    base_commit: str
    made_at: float
    state: Literal["clean", "dirty", "missing", "unreadable", "being removed"]
    target_branch: str
    uncommitted: int | None = None
    files: tuple[str, ...] = ()
    ahead: int | None = None
    behind: int | None = None
    in_progress: str | None = None
    size_bytes: int | None = None
    trouble: str | None = None
    kept_because: str | None = None


class WorktreesResponse(msgspec.Struct, frozen=True, kw_only=True):
    """All worktrees the log knows of and that were not removed, the oldest first."""

    worktrees: tuple[WorktreeListing, ...]


WORKTREES = Operation(
    name="worktrees",
    request=WorktreesRequest,
    response=WorktreesResponse,
    doc="List worktrees: whose, where, how large, and what in them is not committed or merged.",
    kind="read",
    positional=("thread_id",),
)


class WorktreeRemoveRequest(Request, frozen=True, kw_only=True):
    """Which worktree to remove."""

    thread_id: ThreadName
    repository: RepositoryPath = None
    force: Annotated[
        bool, Meta(description="remove it with uncommitted changes, which are recorded as a snapshot before")
    ] = False
    sender: Annotated[str, Meta(description="who wants it removed")] = msgspec.field(name="from", default="operator")


class WorktreeRemoveResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The worktree is gone.

    `branch_fate` is deleted (its target contains it), archived (`archive` is the ref that keeps it), absent or kept.
    `snapshot` is the commit that holds what was not committed. `ignored` names files git ignores that went with it.
    """

    thread_id: str
    repository: str
    path: str
    branch: str
    branch_fate: str
    archive: str | None = None
    snapshot: str | None = None
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


WORKTREE_REMOVE = Operation(
    name="worktree_remove",
    request=WorktreeRemoveRequest,
    response=WorktreeRemoveResponse,
    doc="Remove a thread's worktree, so that no commit and no change is lost.",
    kind="write",
    positional=("thread_id",),
    flags={"sender": "--from"},
    details="Refused while something runs or waits in the thread, and, without --force, for changes that no snapshot "
    "holds. A branch that its target does not contain is archived under refs/compas/archive/, and is there again when "
    "the thread is taken up.",
)


class CommitRequest(Request, frozen=True, kw_only=True):
    """What to commit, and as what."""

    thread_id: ThreadName
    message: Annotated[str | None, Meta(description="the thread's summary by default")] = None
    repository: RepositoryPath = None


class CommitResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything in the worktree at `worktree_path` is committed: so many `files`, as this `commit`.

    `commit_sha` and `files_changed` are what the original called the two. `left_out` names repositories inside the
    worktree, which are not committed.
    """

    thread_id: str
    repository: str
    branch: str
    commit: str
    files: int
    left_out: tuple[str, ...] = ()
    commit_sha: str = ""
    files_changed: int = 0
    worktree_path: str = ""


COMMIT = Operation(
    name="commit",
    request=CommitRequest,
    response=CommitResponse,
    doc="Commit everything in a thread's worktree.",
    kind="write",
    positional=("thread_id", "message"),
    details="With the identity, the hooks and the signing of the repository. Refused while an agent is at work there.",
)
