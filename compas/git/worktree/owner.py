"""A worktree and its branch belong to one state directory; another one leaves them alone."""

import os
from typing import Final

from compas.git.errors import GitRefused
from compas.git.plain_files import read_plain
from compas.git.protocol.thread_worktree import Owner
from compas.git.worktree.registration import Registration

IDENTITY: Final = "identity"
"""The file of a state directory that holds its name."""


def check_owner(registered: Registration, asking: Owner) -> None:
    """Let the owner in, and anybody to what older versions made for nobody in particular.

    A state directory that was moved is known by its name. Raises GitRefused `worktree_of_another`, which says whose it
    is and whether that is still there.
    """
    made_for = registered.owner
    if not made_for.name or not asking.name or made_for == asking:
        return
    if made_for.name == asking.name and not _is_there(made_for):
        return
    thread, path = registered.thread, registered.path
    if _is_there(made_for):
        whose = f"the compas with the state directory {made_for.path}"
    elif made_for.path == asking.path:
        whose = f"an earlier state directory at {made_for.path}, which is gone"
    else:
        whose = f"a compas whose state directory {made_for.path} is gone"
    message = (
        f"the worktree {path} of thread {thread} belongs to {whose}, so nothing was touched; use another name for the "
        "thread. What the operator can do with a worktree whose compas is gone is in docs/worktrees.md"
    )
    raise GitRefused("worktree_of_another", message, {"owner": made_for.path})


def _is_there(owner: Owner) -> bool:
    """Say whether the state directory at this path is still the one of this name."""
    return (read_plain(os.path.join(owner.path, IDENTITY)) or b"").strip() == owner.name.encode()
