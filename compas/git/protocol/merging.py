"""Computing, publishing and finishing a merge."""

from typing import Literal

from compas.git.protocol.request import Mutation, Struct

MergeKind = Literal["fast_forward", "merge", "rebase", "squash", "already_merged", "nothing"]


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
    """Nothing was changed: these files need a decision (design §6 rule 7).

    `picked` is the one commit of the source that does not apply, where each is made again on the target.
    """

    source: str
    target: str
    source_tip: str
    target_old: str
    files: tuple[Conflict, ...]
    ours: tuple[SideCommit, ...]
    theirs: tuple[SideCommit, ...]
    text: str
    picked: SideCommit | None = None


class Refused(Struct, frozen=True, kw_only=True):
    """Nothing was changed; `code` is for programs, `sentence` says what was found and what to do."""

    code: str
    sentence: str
    files: tuple[str, ...] = ()
    worktree: str | None = None
    output: str = ""
    """What git and its hooks printed."""


PrepareResult = Prepared | Conflicts | Refused


class PrepareMerge(Mutation[PrepareResult], frozen=True, kw_only=True):
    """Compute a merge without touching any checkout or branch (design §6 rule 5)."""

    repo: str
    op: str
    source: str
    """A local branch, or a full ref."""
    target: str
    """An existing local branch."""
    message: str
    """What the commit says where the merge makes one of its own; empty for git's usual words."""
    trailer: str = ""
    """A line behind the message, such as `Compas-Thread: t1`."""
    strategy: str = "merge"
    expected_source: str | None = None
    """Refused with `source_moved` where the source is not at this commit any more."""


class Verified(Struct, frozen=True, kw_only=True):
    """How the command ended; `tail` is the end of its log, `code` None where it was ended."""

    outcome: Literal["passed", "failed", "timed_out"]
    code: int | None
    tail: str
    log: str
    seconds: float


class VerifyMerge(Mutation[Verified], frozen=True, kw_only=True):
    """Run a shell command on a merge commit in a checkout of its own; `log` is a file that gets what it prints.

    Of that, secrets are replaced, and what these patterns match; None leaves all as it was printed. Cancelling ends the
    command's whole process group.
    """

    repo: str
    op: str
    commit: str
    command: str
    timeout_secs: float
    log: str
    redaction_patterns: tuple[str, ...] | None = ()


class StaleCheckout(Struct, frozen=True, kw_only=True):
    """A checkout of the target that could not be moved along, and what to do about it."""

    worktree: str
    reason: str


class SubmodulesBehind(Struct, frozen=True, kw_only=True):
    """Submodules of a checkout that are still at the commits of before: `paths` from its top, as they are shown."""

    worktree: str
    paths: tuple[str, ...]


class Published(Struct, frozen=True, kw_only=True):
    """The target is at `new` or beyond; `stale` is empty unless somebody changed a checkout at that very moment.

    `behind` names submodules of the checkouts that followed which the operator has to update.
    """

    new: str
    followed: tuple[str, ...]
    stale: tuple[StaleCheckout, ...] = ()
    behind: tuple[SubmodulesBehind, ...] = ()


class TargetMoved(Struct, frozen=True, kw_only=True):
    """Somebody committed to the target meanwhile; nothing was changed. Prepare again."""

    target: str
    expected: str
    found: str | None


PublishResult = Published | TargetMoved | Refused


class PublishMerge(Mutation[PublishResult], frozen=True, kw_only=True):
    """Move the target to a prepared merge, and every checkout of it along, or say why nothing was changed.

    Design §6 rules 5 and 6.
    """

    repo: str
    op: str
    prepared: Prepared


class Finished(Struct, frozen=True, kw_only=True):
    """`published` is the truth of the repository: the target contains the merge, or it does not."""

    published: bool
    tip: str | None
    followed: tuple[str, ...]
    stale: tuple[StaleCheckout, ...]
    cleaned: tuple[str, ...]
    behind: tuple[SubmodulesBehind, ...] = ()


class FinishMerge(Mutation[Finished], frozen=True, kw_only=True):
    """After a crash: say whether a logged merge was published, and complete its checkouts (design §6 rule 8)."""

    repo: str
    op: str
    target: str
    target_old: str
    new: str


class Cleared(Struct, frozen=True, kw_only=True):
    """`cleaned` names the temporary checkout that was still there, if one was."""

    cleaned: tuple[str, ...]


class ClearMerge(Mutation[Cleared], frozen=True, kw_only=True):
    """Remove what an operation that will not be published has left in git's directory."""

    repo: str
    op: str
