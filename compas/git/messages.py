"""What the supervisor asks the git worker, and what the worker answers: one request and one response per operation.

File names are text for people: bytes that are not UTF-8 are shown as `\\xNN`. Commits are full object names.
"""

from typing import Literal

import msgspec

Lane = Literal["short", "long"]


class Struct(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Frozen, keyword-only, tagged with its name: everything that crosses to the worker."""


class Mutation(Struct, frozen=True, kw_only=True):
    """A request that changes a repository: it carries the supervisor's epoch (design §2, two locks)."""

    epoch: int


# --- reading ---------------------------------------------------------------------------------------------------------


class Describe(Struct, frozen=True, kw_only=True):
    """Ask what repository a directory belongs to; refused with `not_a_repository` where it belongs to none."""

    path: str


class Repository(Struct, frozen=True, kw_only=True):
    """A repository as seen from one directory."""

    top_level: str | None
    """The checkout the directory is in; None in a bare repository."""
    main: str | None
    """The main checkout; None where the repository itself is bare."""
    common_dir: str
    """Shared by all worktrees of one repository, links resolved: its identity."""
    head_branch: str | None
    """None when HEAD is detached."""
    bare: bool
    empty: bool
    """True when HEAD has no commit yet."""


class Resolve(Struct, frozen=True, kw_only=True):
    """Ask for the commit that a revision names; refused with `unknown_revision`."""

    repo: str
    revision: str


class Resolved(Struct, frozen=True, kw_only=True):
    """The commit."""

    commit: str


class Contains(Struct, frozen=True, kw_only=True):
    """Ask whether a commit is reachable from a local branch (the close gate: reference b W-6)."""

    repo: str
    commit: str
    branch: str


class Contained(Struct, frozen=True, kw_only=True):
    """The answer, and the branch tip it was read from."""

    contained: bool
    tip: str


class Graph(Struct, frozen=True, kw_only=True):
    """Ask for a log graph for people; no revisions means HEAD."""

    repo: str
    revisions: tuple[str, ...] = ()
    limit: int = 50


class GraphText(Struct, frozen=True, kw_only=True):
    """The lines as git drew them."""

    text: str


class Status(Struct, frozen=True, kw_only=True):
    """Ask what a checkout holds; `base` (any revision) is what ahead and behind are counted against."""

    worktree: str
    base: str | None = None
    branch: str | None = None
    """The branch HEAD is expected to be on."""


class Entry(Struct, frozen=True, kw_only=True):
    """One path that differs: `index` and `tree` are the porcelain letters, `.` for unchanged."""

    kind: Literal["changed", "renamed", "unmerged", "untracked", "ignored"]
    path: str
    index: str = "."
    tree: str = "."
    old_path: str | None = None


InProgress = Literal["merge", "rebase", "am", "cherry-pick", "revert", "bisect"]


class StatusReport(Struct, frozen=True, kw_only=True):
    """What a checkout holds. `entries` is cut at a limit, `total` is not."""

    head: str | None
    branch: str | None
    entries: tuple[Entry, ...]
    total: int
    ahead: int | None
    behind: int | None
    in_progress: InProgress | None
    on_expected_branch: bool | None
    clean: bool
    """Nothing staged, changed, unmerged or untracked; ignored files do not count."""


class FileStat(Struct, frozen=True, kw_only=True):
    """Lines added and deleted in one file; both None for a binary one."""

    path: str
    old_path: str | None
    added: int | None
    deleted: int | None


class Diff(Struct, frozen=True, kw_only=True):
    """Ask for the difference of two revisions, or, from their merge base, of `tip` alone."""

    repo: str
    base: str
    tip: str
    paths: tuple[str, ...] = ()
    stat: bool = False
    """Text is a diffstat instead of a patch."""
    from_merge_base: bool = True
    max_bytes: int = 1_000_000


class DiffText(Struct, frozen=True, kw_only=True):
    """The patch or diffstat, its files, and what it was computed from."""

    base: str
    tip: str
    text: str
    truncated: bool
    files: tuple[FileStat, ...]


# --- worktrees, snapshots, commits -----------------------------------------------------------------------------------


class EnsureWorktree(Mutation, frozen=True, kw_only=True):
    """Make, repair or reuse the worktree of a thread (design §6 rules 1 and 2)."""

    repo: str
    thread: str
    base: str | None
    """A local branch; needed only where the thread's branch does not exist yet."""
    location: str | None = None
    """The configured `worktree_dir`; None means `.compas-worktrees` in the main checkout."""


class Worktree(Struct, frozen=True, kw_only=True):
    """A worktree that is registered, on its branch, and verified."""

    path: str
    branch: str
    base: str
    """The commit at which the thread started."""
    head: str
    created: bool
    healed: tuple[str, ...] = ()
    """What was repaired on the way, one sentence each."""


class RemoveWorktree(Mutation, frozen=True, kw_only=True):
    """Remove a thread's worktree and branch as far as nothing is lost by it (design §6 rule 4)."""

    repo: str
    thread: str
    target: str | None
    force: bool = False
    """The operator's word: a dirty worktree is snapshotted, then removed."""
    location: str | None = None


class Removed(Struct, frozen=True, kw_only=True):
    """What was done; `reason` says why something was kept. Ignored files go with their worktree."""

    worktree: Literal["removed", "absent", "kept"]
    branch: Literal["deleted", "archived", "absent", "kept"]
    path: str | None
    tip: str | None
    archive: str | None
    snapshot: str | None
    ignored: tuple[str, ...] = ()
    reason: str | None = None


class TakeSnapshot(Mutation, frozen=True, kw_only=True):
    """Record what is in a worktree, committed or not, under `refs/compas/snap/<execution>` (design §5)."""

    worktree: str
    execution: str
    message: str


class FileChange(Struct, frozen=True, kw_only=True):
    """One path of a snapshot against its head: the letter is git's (A M D R C T)."""

    letter: str
    path: str
    old_path: str | None = None


class Snapshot(Struct, frozen=True, kw_only=True):
    """A recorded snapshot; the same for the same execution however often it is asked for."""

    commit: str
    tree: str
    head: str
    dirty: bool
    files: tuple[FileChange, ...]
    """What was uncommitted, cut at a limit; `total` is not."""
    total: int
    left_out: str | None = None
    """git's words about what it could not record: embedded repositories, unreadable files."""


class CommitAll(Mutation, frozen=True, kw_only=True):
    """Stage and commit everything in a worktree, with the repository's identity, hooks and signing."""

    worktree: str
    message: str


class Committed(Struct, frozen=True, kw_only=True):
    """A commit was made."""

    commit: str
    files: int
    left_out: tuple[str, ...] = ()
    """Embedded repositories, which are not committed."""


class NothingToCommit(Struct, frozen=True, kw_only=True):
    """The worktree was clean; also the answer to a repeat after a crash."""

    head: str


# --- merging ---------------------------------------------------------------------------------------------------------

MergeKind = Literal["fast_forward", "merge", "already_merged", "nothing"]


class PrepareMerge(Mutation, frozen=True, kw_only=True):
    """Compute a merge without touching any checkout or branch (design §6 rule 5)."""

    repo: str
    op: str
    source: str
    """A local branch, or a full ref."""
    target: str
    """An existing local branch."""
    message: str
    strategy: str = "merge"
    expected_source: str | None = None
    """Refused with `source_moved` where the source is not at this commit any more."""


class Prepared(Struct, frozen=True, kw_only=True):
    """A merge ready to publish; for `already_merged` and `nothing` nothing is to be done: `new` is `target_old`."""

    kind: MergeKind
    source: str
    target: str
    source_tip: str
    target_old: str
    new: str
    summary: str


class Conflict(Struct, frozen=True, kw_only=True):
    """One file that git could not merge; `kind` is git's, such as `contents` or `modify/delete`."""

    path: str
    kind: str


class SideCommit(Struct, frozen=True, kw_only=True):
    """A commit of one side that touches a conflicting file."""

    commit: str
    subject: str
    author: str


class Conflicts(Struct, frozen=True, kw_only=True):
    """Nothing was changed: these files need a decision (design §6 rule 7)."""

    source: str
    target: str
    source_tip: str
    target_old: str
    files: tuple[Conflict, ...]
    ours: tuple[SideCommit, ...]
    theirs: tuple[SideCommit, ...]
    text: str


class Refused(Struct, frozen=True, kw_only=True):
    """Nothing was changed; `code` is for programs, `sentence` says what was found and what to do."""

    code: str
    sentence: str
    files: tuple[str, ...] = ()
    worktree: str | None = None
    output: str = ""
    """What git and its hooks printed."""


PrepareResult = Prepared | Conflicts | Refused


class PublishMerge(Mutation, frozen=True, kw_only=True):
    """Move the target to a prepared merge, and every checkout of it along (design §6 rules 5 and 6)."""

    repo: str
    op: str
    prepared: Prepared


class StaleCheckout(Struct, frozen=True, kw_only=True):
    """A checkout of the target that could not be moved along, and what to do about it."""

    worktree: str
    reason: str


class Published(Struct, frozen=True, kw_only=True):
    """The target is at `new` or beyond; `stale` is empty unless somebody changed a checkout at that very moment."""

    new: str
    followed: tuple[str, ...]
    stale: tuple[StaleCheckout, ...] = ()


class TargetMoved(Struct, frozen=True, kw_only=True):
    """Somebody committed to the target meanwhile; nothing was changed. Prepare again."""

    target: str
    expected: str
    found: str | None


PublishResult = Published | TargetMoved | Refused


class FinishMerge(Mutation, frozen=True, kw_only=True):
    """After a crash: read whether a logged merge was published, and complete what was left half done."""

    repo: str
    op: str
    target: str
    target_old: str
    new: str


class Finished(Struct, frozen=True, kw_only=True):
    """`published` is the truth of the repository: the target contains the merge, or it does not."""

    published: bool
    tip: str | None
    followed: tuple[str, ...]
    stale: tuple[StaleCheckout, ...]
    cleaned: tuple[str, ...]


Request = (
    Describe
    | Resolve
    | Contains
    | Graph
    | Status
    | Diff
    | EnsureWorktree
    | RemoveWorktree
    | TakeSnapshot
    | CommitAll
    | PrepareMerge
    | PublishMerge
    | FinishMerge
)
Response = (
    Repository
    | Resolved
    | Contained
    | GraphText
    | StatusReport
    | DiffText
    | Worktree
    | Removed
    | Snapshot
    | Committed
    | NothingToCommit
    | Prepared
    | Conflicts
    | Refused
    | Published
    | TargetMoved
    | Finished
)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The arguments of a call to the worker."""

    request: Request


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a call to the worker."""

    response: Response
