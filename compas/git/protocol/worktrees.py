"""Worktrees of threads, snapshots and commits in them."""

from collections.abc import Mapping
from typing import Final, Literal

from compas.git.protocol.request import Mutation, Struct
from compas.git.protocol.thread_worktree import Owner, ThreadWorktree

NO_SNAPSHOTS: Final[Mapping[str, str]] = {}


class Worktree(Struct, frozen=True, kw_only=True):
    """A worktree that is registered, on its branch, and verified; a detached one has the empty name for its branch."""

    path: str
    branch: str
    base: str
    """The commit at which the thread started."""
    head: str
    created: bool
    healed: tuple[str, ...] = ()
    """What was repaired on the way, one sentence each."""
    instance: str = ""
    """Names this very directory: one that is made again later, at the same path, has another."""


class EnsureWorktree(Mutation[Worktree], frozen=True, kw_only=True):
    """Make, repair or reuse the worktree of a thread; a repeat returns the same one (design §6 rules 1 and 2)."""

    repo: str
    thread: str
    base: str | None
    """A local branch; needed only where the thread's branch does not exist yet."""
    location: str | None = None
    """The configured `worktree_dir`; None means `.compas-worktrees` in the main checkout."""
    restore: str | None = None
    """A commit to start from instead of the base: where the branch stood when it was archived."""
    pool: bool = False
    """Use a worktree that was made in advance, if there is one."""
    begun_at: str | None = None
    """The commit where the thread's branch began, if the log knows one: then the branch is the thread's."""
    owner: Owner = Owner()


class Pool(Struct, frozen=True, kw_only=True):
    """How many worktrees are at the ready, and a sentence for each that is not used any more."""

    ready: int
    notes: tuple[str, ...] = ()


class FillPool(Mutation[Pool], frozen=True, kw_only=True):
    """Keep `size` worktrees of a repository at the ready, detached at the local branch `base`; a repeat adds none."""

    repo: str
    base: str
    size: int
    location: str | None = None


class EnsureReadingTree(Mutation[Worktree], frozen=True, kw_only=True):
    """Make or find the detached worktree in which a thread reads a commit; it never has a branch (design §5).

    A repeat returns the same one.
    """

    repo: str
    thread: str
    commit: str
    location: str | None = None
    owner: Owner = Owner()


class Furnished(Struct, frozen=True, kw_only=True):
    """How many files were copied and links made; `notes` says what was left out and why, one sentence each."""

    copied: int
    linked: int
    notes: tuple[str, ...] = ()


class FurnishWorktree(Mutation[Furnished], frozen=True, kw_only=True):
    """Bring untracked files of the main checkout into a worktree; a repeat overwrites nothing (design §6 rule 2).

    `copy` and `link` are relative to both. What `.worktreeinclude` in the main checkout names is copied as well.
    """

    of: ThreadWorktree
    copy: tuple[str, ...] = ()
    link: tuple[str, ...] = ()


class Removed(Struct, frozen=True, kw_only=True):
    """What was done; `reason` says why something was kept. Ignored files go with their worktree.

    `removable` answers a dry run: nothing stands in the way now.
    """

    worktree: Literal["removed", "absent", "kept", "removable"]
    branch: Literal["deleted", "archived", "absent", "kept"]
    path: str | None
    tip: str | None
    archive: str | None
    snapshot: str | None
    ignored: tuple[str, ...] = ()
    reason: str | None = None


class RemoveWorktree(Mutation[Removed], frozen=True, kw_only=True):
    """Remove a thread's worktree and branch as far as nothing is lost by it (design §6 rule 4)."""

    repo: str
    thread: str
    target: str | None
    force: bool = False
    """The operator's word: a dirty worktree is snapshotted, then removed."""
    clean_only: bool = False
    """Without force, keep a dirty worktree even where a snapshot holds its content."""
    dry_run: bool = False
    """Change nothing; only say whether it would be kept."""
    location: str | None = None
    snapshots: Mapping[str, str] = NO_SNAPSHOTS
    """What the log knows to be recorded of the thread's work: commits by execution."""
    owner: Owner = Owner()


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
    """What could not be recorded, in words: repositories inside, unreadable files."""
    head_on: str = ""
    """Where HEAD stands, for people, when that is not the thread's branch; empty when all is well."""
    head_moved: str = ""
    """A sentence where HEAD had left the thread's branch and was put back on it."""


class TakeSnapshot(Mutation[Snapshot], frozen=True, kw_only=True):
    """Record what is in a worktree, committed or not, under `refs/compas/snap/<execution>` (design §5).

    `at` dates it, in UTC seconds, out of the log: a repeat makes the very same commit. Without it, its head's date is
    taken. Refused with `snapshot_taken_over` where somebody else made that ref.
    """

    of: ThreadWorktree
    execution: str
    at: float | None = None


class ArchivedSnapshots(Struct, frozen=True, kw_only=True):
    """What became of each snapshot, by its execution. `commit` is what `ref` names now, below which they are.

    `absent` had no ref of its own any more, as after a crash; `left` have one that names something else.
    """

    ref: str
    commit: str | None
    archived: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


class ArchiveSnapshots(Mutation[ArchivedSnapshots], frozen=True, kw_only=True):
    """Gather snapshots, which are commits by execution as the log knows them, below one ref.

    With `is_last` the snapshots that have refs of their own are packed then, where git can pack some refs alone.
    """

    repo: str
    snapshots: Mapping[str, str]
    is_last: bool = False


class Committed(Struct, frozen=True, kw_only=True):
    """A commit was made."""

    commit: str
    files: int
    left_out: tuple[str, ...] = ()
    """Embedded repositories, which are not committed."""
    head_moved: str = ""
    """A sentence where HEAD had left the thread's branch and was put back on it."""


class NothingToCommit(Struct, frozen=True, kw_only=True):
    """The worktree was clean; also the answer to a repeat after a crash."""

    head: str
    head_moved: str = ""
    """As for a commit that was made."""


class CommitAll(Mutation[Committed | NothingToCommit], frozen=True, kw_only=True):
    """Stage and commit everything in a worktree, with the repository's identity, hooks and signing.

    Refused with `hook_refused`, which carries what the hook printed.
    """

    of: ThreadWorktree
    message: str
