"""Where a merge without a checkout is computed, and whether it can be."""

import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Collection

from compas.git.command import Git, shown
from compas.git.errors import GitRefused
from compas.git.merge.sides import Sides
from compas.git.naming import BRANCHES
from compas.git.repository import active_hooks, hooks_directory, worktrees

Place = contextlib.AbstractAsyncContextManager[Git]


async def has_hooks(git: Git, names: Collection[str]) -> bool:
    """Say whether git would run one of these hooks; only a checkout can."""
    return bool(active_hooks(await hooks_directory(git), names))


async def has_drivers(git: Git) -> bool:
    """Say whether merge drivers are configured."""
    return await git.line("config", "--get-regexp", r"^merge\..*\.driver$") is not None


async def place_of(git: Git, common_dir: str, sides: Sides) -> Place | None:
    """Choose where `merge-tree` runs, because it reads attributes, and merge drivers their scripts, from there.

    Without drivers an empty directory with the target's attribute files does: what the operator's checkout holds at
    this moment plays no part. Drivers get a checkout of the target. None where there is none: one has to be made.
    """
    if not await has_drivers(git):
        return attributes_only(git, common_dir, sides.target_old)
    for checkout in await worktrees(git):
        if checkout.branch == BRANCHES + sides.target and checkout.present:
            return contextlib.nullcontext(git.at(checkout.path))
    return None


@contextlib.asynccontextmanager
async def attributes_only(git: Git, common_dir: str, commit: str) -> AsyncIterator[Git]:
    """Yield git in a temporary work tree that holds nothing but a commit's attribute files.

    Raises GitRefused `bad_path` for a tree, which git stores but never makes, with a path that leads out of it.
    """
    listed = await git.run("ls-tree", "-r", "-z", "--full-tree", "--end-of-options", commit)
    records = [record.partition(b"\t")[::2] for record in listed.stdout.split(b"\0")]
    attributes = [(about, name) for about, name in records if name.rsplit(b"/", 1)[-1] == b".gitattributes"]
    with tempfile.TemporaryDirectory(prefix="compas-merge-") as directory:
        for about, name in attributes:
            if b".." in name.split(b"/"):
                message = f"{commit} holds the path {shown(name)!r}, which leads out of a checkout; nothing was merged"
                raise GitRefused("bad_path", message)
            content = await git.run("cat-file", "--end-of-options", "blob", shown(about.split(b" ")[2]))
            _write(os.path.join(directory, os.fsdecode(name)), content.stdout)
        yield git.at(directory).having(GIT_DIR=common_dir, GIT_WORK_TREE=directory)


def _write(path: str, content: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)
