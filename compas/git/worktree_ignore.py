"""Keeps the directory of worktrees out of the operator's status."""

import os

from compas.git.naming import WORKTREES


def exclude_worktrees(common_dir: str) -> None:
    """Ignore them in the repository's own ignore file, which is no file of the operator's."""
    line = f"/{WORKTREES}/"
    path = os.path.join(common_dir, "info", "exclude")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "a+", encoding="utf-8", errors="surrogateescape") as file:
        file.seek(0)
        text = file.read()
        if line not in text.splitlines():
            file.write(("" if text.endswith("\n") or not text else "\n") + line + "\n")
