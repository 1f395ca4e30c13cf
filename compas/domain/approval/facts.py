"""What a review is judged by: who said what about which commit, what executions left, and what git says of it."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from compas.domain.facts.event import Verdict
from compas.domain.facts.running import SnapshotTaken

Standing = Literal[
    "approved",
    "changes_requested",
    "changed_since_the_approval",
    "changed_since_the_review",
    "not_reviewed",
    "no_snapshot",
]
"""How the branch of a thread stands to its newest review; with blanks for the underscores it is the words for people.

The two `changed_…` mean that the branch no longer holds what was judged. `no_snapshot` means that git could not record
what the last execution left.
"""


class Opinion(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said about a commit; `position` is that of the event that recorded it."""

    by: str
    verdict: Verdict
    judged: str
    position: int


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One handoff to its reviewers, one reviewer who was dispatched by hand, or one verdict of a person.

    `began` is the position in the log from which it counts. `asked` are the reviewers the work was handed to; the
    `opinions` are in the order in which they were given.
    """

    began: int
    asked: tuple[str, ...] = ()
    opinions: tuple[Opinion, ...] = ()
    is_person: bool = False

    def newest(self) -> tuple[Opinion, ...]:
        """Return each reviewer's newest verdict."""
        return tuple({one.by: one for one in self.opinions}.values())


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """What an execution left in the thread's own worktree.

    `snapshot` is None while there is none, and `problem` says why git could not record one. With `moved` it left
    something else than what it began with. `queued` is the position in the log at which it was asked for.
    """

    execution: str
    agent: str
    queued: int
    snapshot: SnapshotTaken | None = None
    moved: bool = False
    problem: str = ""


class Busy(msgspec.Struct, frozen=True, kw_only=True):
    """An execution that waits or runs in a thread."""

    execution: str
    agent: str
    thread: str


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit as git has it now: its tree, and its merge base with the target. None is not known, or not there."""

    commit: str
    tree: str | None = None
    base: str | None = None


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What the log knows about the branch of a thread. Everything is in the order in which it came about."""

    thread: str
    branch: str
    rounds: tuple[Round, ...] = ()
    works: tuple[Work, ...] = ()
    busy: tuple[Busy, ...] = ()


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What git says now: of the commit that is to be merged, and of those that were judged or recorded."""

    tip: Commit
    commits: Mapping[str, Commit] = {}

    def of(self, commit: str) -> Commit:
        """Return what is known about a commit; nothing but its name when git does not have it."""
        return self.tip if commit == self.tip.commit else self.commits.get(commit, Commit(commit=commit))

    def is_same_tree(self, commit: str) -> bool:
        """True when the tip is known to hold the tree of this commit."""
        tree = self.of(commit).tree
        return tree is not None and tree == self.tip.tree
