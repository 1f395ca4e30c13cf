"""Which worktree is meant, by whom: what every request about a thread's worktree names."""

import msgspec


class Owner(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A state directory: its path for people, and the random name that it keeps. Both empty: nobody's."""

    path: str = ""
    name: str = ""


class ThreadWorktree(msgspec.Struct, frozen=True, kw_only=True):
    """The worktree of a thread in a repository, and where the log says that it is.

    A reader's is detached, so nothing is expected of its HEAD.
    """

    repo: str
    thread: str
    path: str
    reading: bool = False
    owner: Owner = Owner()
    """Who asks; the worker's client fills it in."""
