"""Names of what compas makes in a repository: branches, refs, directories; and which ids may become names."""

import hashlib
import os
import re
from typing import Final

from compas.git.errors import GitRefused

BRANCHES: Final = "refs/heads/"
SNAPSHOTS: Final = "refs/compas/snap/"
ARCHIVED_SNAPSHOTS: Final = "refs/compas/snapshots"
"""Below this one ref are the snapshots of ended threads."""
ARCHIVE: Final = "refs/compas/archive/"
BASES: Final = "refs/compas/base/"
"""Where each thread's branch started; gone with the branch."""
ABOVE_ALL: Final = "compas"
"""What the branches of all threads stand below; no branch may be called so itself."""
WORKTREES: Final = ".compas-worktrees"
MERGES: Final = "compas-merge"

_ID: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}")


def is_id(value: str) -> bool:
    """Say whether a text is safe as a directory and as part of a ref."""
    return _ID.fullmatch(value) is not None and ".." not in value and not value.endswith((".", ".lock"))


def checked_id(what: str, value: str) -> str:
    """Return `value` if it is safe as a directory and as part of a ref. Raises GitRefused `bad_id`."""
    if not is_id(value):
        message = (
            f"the {what} {value!r} cannot name a branch and a directory; use letters, digits, '.', '_' and '-', "
            "begin with a letter or digit, and end neither in '.' nor in '.lock'"
        )
        raise GitRefused("bad_id", message)
    return value


def thread_branch(thread: str) -> str:
    """Return the short name of a thread's branch."""
    return f"{ABOVE_ALL}/{checked_id('thread id', thread)}"


def thread_of(branch: str) -> str | None:
    """Return the thread whose branch has this name, short or in full; None where no thread's can."""
    name = branch.removeprefix(BRANCHES)
    thread = name.removeprefix("compas/")
    return thread if thread != name and is_id(thread) else None


def snapshot_ref(execution: str) -> str:
    """Return where the snapshot of an execution is recorded."""
    return SNAPSHOTS + checked_id("execution id", execution)


def base_ref(thread: str) -> str:
    """Return where the start of a thread's branch is recorded."""
    return BASES + checked_id("thread id", thread)


def archive_ref(name: str, commit: str, length: int = 12) -> str:
    """Return where a deleted branch's tip is kept."""
    return f"{ARCHIVE}{name}-{commit[:length]}"


def merge_directory(common_dir: str, op: str) -> str:
    """Return the temporary checkout of a merge operation: apart from threads, whatever they are called."""
    return os.path.join(common_dir, MERGES, checked_id("merge operation", op))


def lock_of_target(target: str) -> str:
    """Return the name of the lock under which one branch is merged into."""
    return f"merge-{hashlib.sha256(target.encode()).hexdigest()[:16]}"


def worktree_root(common_dir: str, main: str | None, location: str | None) -> str:
    """Return the directory that holds the worktrees of one repository, apart from every other's."""
    if location is None:
        return os.path.join(main, WORKTREES) if main else os.path.join(common_dir, "compas-worktrees")
    name = os.path.basename(main or common_dir).removesuffix(".git") or "repository"
    digest = hashlib.sha256(os.fsencode(common_dir)).hexdigest()[:10]
    return os.path.join(os.path.realpath(os.path.expanduser(location)), f"{name}-{digest}")
