"""Where a repository keeps what all its worktrees share, found without a process where it lies in the open."""

import os
import stat

from compas.git.command import Git
from compas.git.repository import whereabouts


async def common_directory(repo: str) -> str:
    """Return the common directory of the repository at `repo`, links resolved; git is asked where it is not plain.

    `repo` is the operator's: a main checkout, or the repository itself. Raises GitRefused `not_a_repository`.
    """
    return _plain(repo) or (await whereabouts(Git(repo)))[1]


def _plain(repo: str) -> str | None:
    inside = os.path.join(repo, ".git")
    if is_git_directory(inside):
        return os.path.realpath(inside)
    return os.path.realpath(repo) if not os.path.lexists(inside) and is_git_directory(repo) else None


def is_git_directory(path: str) -> bool:
    """Say whether a directory is a repository's own: what a linked worktree has in its place shares another's."""
    names = [os.path.join(path, name) for name in ("objects", "refs")]
    try:
        are_directories = all(stat.S_ISDIR(os.stat(name).st_mode) for name in names)
    except OSError:
        return False
    return are_directories and os.path.lexists(os.path.join(path, "HEAD"))
