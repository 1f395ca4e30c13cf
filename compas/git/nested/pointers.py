"""Which submodules of a checkout stay where they were when its branch moves: git moves only their commit's name."""

import os
from collections.abc import Sequence
from typing import Final

from compas.git.command import Git, shown
from compas.git.directories import lexists
from compas.git.protocol.merging import SubmodulesBehind

_GITLINK: Final = b"160000"


async def submodules_behind(git: Git, old: str, new: str, checkouts: Sequence[str]) -> tuple[SubmodulesBehind, ...]:
    """Return which submodules stand checked out in these checkouts at another commit than `new` names for them.

    `old` is what the checkouts were moved along from. Nothing in a submodule is looked at or run.
    """
    if not checkouts:
        return ()
    moved = await _moved_pointers(git, old, new)
    found = []
    for checkout in checkouts:
        filled = [path for path in moved if lexists(os.path.join(os.fsencode(checkout), path, b".git"))]
        if filled:
            found.append(SubmodulesBehind(worktree=checkout, paths=tuple(shown(path) for path in filled)))
    return tuple(found)


async def _moved_pointers(git: Git, old: str, new: str) -> list[bytes]:
    """Return the paths at which both commits have a submodule, or the new one alone, and not the same commit of it."""
    output = await git.run("diff-tree", "-r", "-z", "--raw", "--no-renames", "--end-of-options", old, new, "--")
    fields = output.stdout.split(b"\0")
    # Two fields each: `:old-mode new-mode old-id new-id letter`, and the path.
    return [
        path for about, path in zip(fields[::2], fields[1::2], strict=False) if about.split(b" ")[1:2] == [_GITLINK]
    ]
