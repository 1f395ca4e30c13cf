"""Decides whether lock files that a killed git left behind may be removed: only when nobody can be using them."""

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence

from compas.git.errors import GitRefused


def users_of(directories: Sequence[str]) -> list[int] | None:
    """Return the processes that work in, or hold open something in, these directories; None where nobody can say.

    A git that holds a lock has its working directory in the checkout, because it changes to the top of it, or has the
    lock file open. Processes of other users are not seen; they cannot write here either, unless they are root's.
    """
    if not sys.platform.startswith("linux"):
        return None  # macOS has no /proc; proc_pidinfo(3) needs rights for what it would have to see
    roots = [os.path.realpath(directory) for directory in directories]
    others = [name for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
    return [int(name) for name in others if any(_within(path, roots) for path in _places(name))]


def _places(pid: str) -> Iterator[str]:
    with contextlib.suppress(OSError):  # it ended, or is another user's
        yield os.readlink(f"/proc/{pid}/cwd")
        for descriptor in os.listdir(f"/proc/{pid}/fd"):
            yield os.readlink(f"/proc/{pid}/fd/{descriptor}")


def _within(path: str, roots: Sequence[str]) -> bool:
    return any(path == root or path.startswith(root + os.sep) for root in roots)


def remove_stale(locks: Sequence[str], checkout: str, git_dir: str) -> list[str]:
    """Remove those of the lock files that exist, and say so. Raises GitRefused `worktree_busy` if they may be held."""
    present = [lock for lock in locks if os.path.lexists(lock)]
    if not present:
        return []
    users = users_of((checkout, git_dir))
    if users is None or users:
        whom = f"processes {', '.join(map(str, users))} work there" if users else "nobody can say who holds it"
        message = (
            f"{present[0]} exists and {whom}; wait for git to end in {checkout}, "
            "or remove the file if no git runs there"
        )
        raise GitRefused("worktree_busy", message)
    for lock in present:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(lock)
    return [f"removed {lock}, which a killed git had left behind" for lock in present]
