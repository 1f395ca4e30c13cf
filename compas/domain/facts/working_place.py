"""What happens to the worktrees of a thread, and to the ports of each."""

from typing import Literal

from compas.domain.facts.event import Fact


class WorktreePlanned(Fact, frozen=True, kw_only=True, tag="worktree.planned"):
    """Intent: a worktree of `repository` will be made on `branch`, starting at `base`."""

    execution: str
    repository: str
    branch: str
    base: str


class WorktreeReady(Fact, frozen=True, kw_only=True, tag="worktree.ready"):
    """Outcome: the worktree is there. `instance` names this very directory: one made again later has another.

    One for `reading` is detached at `base_commit`, and its branch is never made.
    """

    repository: str
    path: str
    branch: str
    base: str
    base_commit: str
    instance: str = ""
    reading: bool = False


class WorktreeFurnished(Fact, frozen=True, kw_only=True, tag="worktree.furnished"):
    """Outcome: files of the main checkout were brought into the worktree; `notes` says what was left out and why."""

    execution: str
    repository: str
    instance: str
    copied: int = 0
    linked: int = 0
    notes: tuple[str, ...] = ()


class SetupStarted(Fact, frozen=True, kw_only=True, tag="setup.started"):
    """Intent: the repository's setup command is run in the worktree."""

    execution: str
    repository: str
    instance: str
    command: str


class SetupEnded(Fact, frozen=True, kw_only=True, tag="setup.ended"):
    """Outcome: an empty `problem` means that it succeeded, and is not run again in this directory."""

    execution: str
    repository: str
    instance: str
    problem: str = ""


class CommitBegun(Fact, frozen=True, kw_only=True, tag="commit.begun"):
    """Intent: git commits what an execution left in its worktree, with hooks and signing, for `limit_secs` at most."""

    execution: str
    repository: str
    instance: str
    limit_secs: int = 0


class WorkCommitted(Fact, frozen=True, kw_only=True, tag="work.committed"):
    """Everything in a worktree was committed by word of a client."""

    repository: str
    commit: str
    files: int


class WorktreeRemovalPlanned(Fact, frozen=True, kw_only=True, tag="worktree.removal_planned"):
    """Intent: the worktree is torn down and removed; nothing starts in its thread until that is over.

    With `force`, uncommitted changes are snapshotted and do not keep it.
    """

    repository: str
    path: str
    by: str
    force: bool = False


class WorktreeRemoved(Fact, frozen=True, kw_only=True, tag="worktree.removed"):
    """Outcome: it is gone, and what became of its branch.

    `tip` is where the branch stood, `archive` the ref that keeps it where no target contains it, `snapshot` the commit
    that holds what was not committed. `ignored` names the files git ignores that went with it, the first ones.
    """

    repository: str
    path: str
    branch: str
    fate: Literal["deleted", "archived", "absent", "kept"]
    tip: str | None = None
    archive: str | None = None
    snapshot: str | None = None
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class WorktreeKept(Fact, frozen=True, kw_only=True, tag="worktree.kept"):
    """Outcome: it could not be removed without losing something, or not at all; it stays where it is."""

    repository: str
    path: str
    reason: str


class PortsLeased(Fact, frozen=True, kw_only=True, tag="ports.leased"):
    """A thread's worktree of a repository has these ports, and no other; this replaces what it had before."""

    thread: str
    repository: str
    ports: tuple[int, ...]


class PortsReleased(Fact, frozen=True, kw_only=True, tag="ports.released"):
    """The worktree is gone, and its ports are free again."""

    thread: str
    repository: str
