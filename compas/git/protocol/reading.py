"""What is asked of a repository without changing it."""

from typing import Literal

from compas.git.protocol.request import Request, Struct
from compas.git.protocol.thread_worktree import ThreadWorktree


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


class Describe(Request[Repository], frozen=True, kw_only=True):
    """Ask what repository a directory belongs to; refused with `not_a_repository` where it belongs to none."""

    path: str


class Place(Struct, frozen=True, kw_only=True):
    """Where a directory is: in the checkout of which repository, and how far below its root (empty at the root).

    `repository` is the main checkout, links resolved; of a bare repository, or of one whose main checkout only git
    could find, the directory that all its worktrees share.
    """

    repository: str
    below: str = ""


class Located(Struct, frozen=True, kw_only=True):
    """The answer, in the order of the question; None for what is in no repository, or is not there."""

    places: tuple[Place | None, ...]


class Locate(Request[Located], frozen=True, kw_only=True):
    """Ask in which repositories directories are. Files alone are read and no git is run, for anybody may have put
    anything there; nothing is refused."""

    paths: tuple[str, ...]


class Resolved(Struct, frozen=True, kw_only=True):
    """The commit."""

    commit: str


class Resolve(Request[Resolved], frozen=True, kw_only=True):
    """Ask for the commit that a revision names; refused with `unknown_revision`."""

    repo: str
    revision: str


class Contained(Struct, frozen=True, kw_only=True):
    """The answer, and the branch tip it was read from."""

    contained: bool
    tip: str


class Contains(Request[Contained], frozen=True, kw_only=True):
    """Ask whether a commit is reachable from a local branch.

    Refused with `thread_branch` for the branch of a thread.
    """

    repo: str
    commit: str
    branch: str


class Side(Struct, frozen=True, kw_only=True):
    """One branch to look at: `tip` is a full ref or a commit, `commits` are full names, `target` is a local branch."""

    repo: str
    target: str
    tip: str
    commits: tuple[str, ...] = ()


class CommitSeen(Struct, frozen=True, kw_only=True):
    """A commit with its tree, and its merge base with the target; None where there is none, or no such target."""

    commit: str
    tree: str
    base: str | None


class SideSeen(Struct, frozen=True, kw_only=True):
    """What is there now; commits that are gone are left out. `tip` is None without such a ref or repository."""

    tip: CommitSeen | None
    commits: tuple[CommitSeen, ...] = ()


class SidesRead(Struct, frozen=True, kw_only=True):
    """The answer, in the order of the question."""

    sides: tuple[SideSeen, ...]


class ReadSides(Request[SidesRead], frozen=True, kw_only=True):
    """Ask for trees and merge bases of the tips and commits of several branches at once; nothing is refused."""

    sides: tuple[Side, ...]


class GraphText(Struct, frozen=True, kw_only=True):
    """The lines as git drew them."""

    text: str


class Graph(Request[GraphText], frozen=True, kw_only=True):
    """Ask for a log graph for people; no revisions means HEAD."""

    repo: str
    revisions: tuple[str, ...] = ()
    limit: int = 50


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
    clean: bool
    """Nothing staged, changed, unmerged or untracked; ignored files do not count."""
    head_on: str = ""
    """Where HEAD stands, for people, when that is not the thread's branch; empty when all is well."""
    size_bytes: int | None = None
    """What all files of the checkout, ignored ones too, take on disk; None when that was not asked, or took
    too long."""


class Status(Request[StatusReport], frozen=True, kw_only=True):
    """Ask what a thread's worktree holds; `base` (any revision) is what ahead and behind are counted against."""

    of: ThreadWorktree
    base: str | None = None
    measure_secs: float = 0.0
    """Also count the bytes on disk, for so long at most: it takes a look at every file. 0 for not at all."""


class HeadReport(Struct, frozen=True, kw_only=True):
    """The commit of HEAD, and for people where it stands when that is not the thread's branch; empty when it is."""

    commit: str | None
    head_on: str = ""


class AskHead(Request[HeadReport], frozen=True, kw_only=True):
    """Ask where the HEAD of a thread's worktree stands, which takes no look at its files."""

    of: ThreadWorktree


class FileStat(Struct, frozen=True, kw_only=True):
    """Lines added and deleted in one file; both None for a binary one."""

    path: str
    old_path: str | None
    added: int | None
    deleted: int | None


class DiffText(Struct, frozen=True, kw_only=True):
    """The patch or diffstat, its files, and what it was computed from."""

    base: str
    tip: str
    text: str
    truncated: bool
    files: tuple[FileStat, ...]


class Diff(Request[DiffText], frozen=True, kw_only=True):
    """Ask for the difference of two revisions, or, from their merge base, of `tip` alone."""

    repo: str
    base: str
    tip: str
    paths: tuple[str, ...] = ()
    stat: bool = False
    """Text is a diffstat instead of a patch."""
    only_numbers: bool = False
    """No text is wanted, only how many lines of each file there are."""
    from_merge_base: bool = True
    max_bytes: int = 1_000_000
