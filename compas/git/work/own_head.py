"""A git directory of ours for one commit: its HEAD names the thread's branch, whatever that of the worktree says."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from typing import Final

from compas.git.command import Git, Named
from compas.git.naming import BRANCHES
from compas.git.plain_files import read_plain
from compas.git.worktree.open import Opened

_OF_THE_WORKTREE: Final = ("config.worktree", os.path.join("info", "sparse-checkout"))
"""What git reads from a worktree's own git directory to know which files it shows."""


@contextlib.contextmanager
def open_own_head(opened: Opened, branch: str) -> Iterator[Git]:
    """Yield git in the worktree, with its index, whose commits go to this branch and to no other.

    The file HEAD of a worktree is the agent's to write, also while git works; so git gets one that it does not know of
    (docs/decisions/0021).
    """
    home = tempfile.mkdtemp(prefix="compas-head-")
    try:
        os.mkdir(os.path.join(home, "info"))
        _write(home, "HEAD", f"ref: {BRANCHES}{branch}\n".encode())
        _write(home, "commondir", os.fsencode(f"{opened.common_dir}\n"))
        for name in _OF_THE_WORKTREE:
            content = read_plain(os.path.join(opened.git_dir, name))
            if content is not None:
                _write(home, name, content)
        assert opened.git.named is not None
        named = Named(git_dir=home, common_dir=opened.common_dir, descriptor=opened.git.named.descriptor)
        index = os.path.join(opened.git_dir, "index")
        yield opened.git.naming(opened.path, named).having(GIT_INDEX_FILE=index)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _write(home: str, name: str, content: bytes) -> None:
    with open(os.path.join(home, name), "wb") as file:
        file.write(content)
