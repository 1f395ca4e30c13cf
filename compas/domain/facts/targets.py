"""What compas has seen of a target branch that it did not move itself, in the stream of its merges."""

from typing import Literal

import msgspec

from compas.domain.facts.event import Fact


class ThreadCommit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A commit that a thread has made."""

    commit: str
    thread: str
    subject: str = ""


class TargetSeen(Fact, frozen=True, kw_only=True, tag="target.seen"):
    """The target is at this commit, and that is in order: what comes later is judged from here.

    It is the `first` that compas knows of it, or people moved it `forward`, or somebody (`by`) has `accepted` it, or it
    is `back` where it was before somebody moved it.
    """

    commit: str
    how: Literal["first", "forward", "accepted", "back"]
    by: str = ""


class TargetHeld(Fact, frozen=True, kw_only=True, tag="target.held"):
    """The target was moved from `known` to `found` by nobody compas knows: nothing is merged into it until that commit
    is accepted, or it is put back.

    It was `rewound` where `known` is no part of it now; `commits` of threads are on it that compas has not merged, the
    newest ones, `count` in all.
    """

    known: str
    found: str
    why: Literal["rewound", "thread_commits"]
    commits: tuple[ThreadCommit, ...] = ()
    count: int = 0
