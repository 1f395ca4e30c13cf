"""Keeps the directory of worktrees out of the operator's status."""

import os

from compas.git.naming import WORKTREES
from compas.git.plain_files import read_plain


def exclude_worktrees(common_dir: str) -> None:
    """Ignore them in the repository's own ignore file, which is no file of the operator's."""
    line = f"/{WORKTREES}/"
    path = os.path.join(common_dir, "info", "exclude")
    content = read_plain(path)
    if content is None and os.path.lexists(path):
        return  # a link or the like: whatever it leads to is not ours to write
    text = os.fsdecode(content or b"")
    if line in text.splitlines():
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    descriptor = os.open(
        path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666
    )
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(("" if text.endswith("\n") or not text else "\n") + line + "\n")
