"""Asking how a target has moved since somebody last looked."""

from compas.git.protocol.request import Request, Struct


class ThreadTip(Struct, frozen=True, kw_only=True):
    """A commit that the log knows as a thread's work, and where the thread's branch began: that is not its own."""

    thread: str
    commit: str
    base: str = ""


class MovedCommit(Struct, frozen=True, kw_only=True):
    """A commit on the target's own way that a thread has made."""

    commit: str
    thread: str
    subject: str


class Move(Struct, frozen=True, kw_only=True):
    """`is_forward` says that the target still contains the commit it was known at; `commits` are the newest first."""

    is_forward: bool
    commits: tuple[MovedCommit, ...]


class FindMove(Request[Move], frozen=True, kw_only=True):
    """Ask how a target came from one commit to another, both named in full.

    `threads` are commits that the log knows as threads' work, beside the branches of threads as they are now;
    `published` are commits that compas has published. Those that the repository does not have are passed over.
    """

    repo: str
    known: str
    now: str
    threads: tuple[ThreadTip, ...] = ()
    published: tuple[str, ...] = ()
