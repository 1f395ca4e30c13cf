"""Keeps what compas puts into a checkout out of the operator's status, by the repository's own ignore file."""

import os
from collections.abc import Iterable

from compas.git.naming import WORKTREES
from compas.git.plain_files import read_plain


def exclude_worktrees(common_dir: str) -> None:
    """Ignore the directory of worktrees."""
    exclude(common_dir, [f"/{WORKTREES}/"])


def exclude(common_dir: str, lines: Iterable[str]) -> None:
    """Add lines to the repository's own ignore file, which is no file of the operator's; those it has are not added.

    It holds for the main checkout and for all worktrees.
    """
    path = os.path.join(common_dir, "info", "exclude")
    content = read_plain(path)
    if content is None and os.path.lexists(path):
        return  # a link or the like: whatever it leads to is not ours to write
    text = os.fsdecode(content or b"")
    there = text.splitlines()
    new = [line for line in lines if line not in there]
    if not new:
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    descriptor = os.open(
        path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666
    )
    with open(descriptor, "wb") as file:
        file.write(os.fsencode(("" if text.endswith("\n") or not text else "\n") + "".join(f"{one}\n" for one in new)))
