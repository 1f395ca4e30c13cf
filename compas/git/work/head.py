"""Whether the HEAD of a thread's worktree stands on the thread's branch, and how it gets back there (decision 0021)."""

import os
import re
from dataclasses import dataclass, replace
from typing import Final

from compas.git import quick
from compas.git.command import Git
from compas.git.in_progress import operation_in
from compas.git.naming import BRANCHES
from compas.git.plain_files import read_plain
from compas.git.repository import is_ancestor, tip_of, worktrees
from compas.git.worktree.open import Opened

_OBJECT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_NOT_IN_THE_FILE: Final = "ref: refs/heads/.invalid"
"""What git writes where its refs are no files."""


@dataclass(frozen=True, slots=True)
class Head:
    """`commit` is where HEAD stands, None where it has none yet; `on` the ref it names, None where it is detached.

    `elsewhere` says, for people, where that is when it is not the thread's branch; `moved`, what was put right.
    """

    commit: str | None
    on: str | None = None
    elsewhere: str = ""
    moved: str = ""


async def find_head(opened: Opened, branch: str) -> Head:
    """Look where HEAD stands; nothing is changed."""
    git = opened.git
    commit = await tip_of(git, "HEAD")
    on = await _stands_on(git, opened.git_dir)
    return Head(commit, on, await _elsewhere(opened, branch, on, commit))


async def _elsewhere(opened: Opened, branch: str, on: str | None, commit: str | None) -> str:
    operation = operation_in(opened.git_dir)
    if operation is not None:
        return f"in the middle of a {operation}"
    if on is None:
        return f"detached at {commit[:12]}" if commit is not None else "detached at no commit"
    if on != BRANCHES + branch:
        name = on.removeprefix(BRANCHES)
        return f"on {name}" if commit is not None else f"on {name}, which has no commit"
    leads_to = await _leads_to(opened.git, on)
    if leads_to:
        return f"on {branch}, which is only another name of {leads_to}"
    return "" if commit is not None else f"on {branch}, which has no commit any more"


async def bring_back(opened: Opened, branch: str) -> Head:
    """Look where HEAD stands; where that is ahead of the thread's branch, move the branch up to it and HEAD onto it.

    Anything else is left as it is: on a branch that parted from the thread's, or that is another thread's, in the
    middle of a rebase, or where the thread's branch is gone or checked out elsewhere as well. A repeat finds it done.
    """
    found = await find_head(opened, branch)
    if not found.elsewhere or found.commit is None or operation_in(opened.git_dir) is not None:
        return found
    git, ref, commit, on = opened.git, BRANCHES + branch, found.commit, found.on or ""
    tip = await tip_of(git, ref)
    if on == ref or tip is None or on.startswith(f"{BRANCHES}compas/") or await _leads_to(git, ref):
        return found
    if not await is_ancestor(git, tip, commit):
        return found
    others = [one.path for one in await worktrees(git) if one.branch == ref]
    if others:
        return replace(found, elsewhere=f"{found.elsewhere}, while {branch} is checked out in {others[0]}")
    if tip != commit:
        about = "compas: the branch follows its worktree's HEAD"
        await git.run("update-ref", "--no-deref", "-m", about, "--end-of-options", ref, commit, tip)
    await git.run("symbolic-ref", "-m", "compas: back on the thread's branch", "--end-of-options", "HEAD", ref)
    moved = f", which was moved up to {commit[:12]}" if tip != commit else ""
    return Head(commit, ref, moved=f"HEAD stood {found.elsewhere}; it is on {branch} again{moved}")


async def _stands_on(git: Git, git_dir: str) -> str | None:
    """Return the ref that HEAD names itself, however that goes on; None when it is detached."""
    content = _read(os.path.join(git_dir, "HEAD"))
    if content == _NOT_IN_THE_FILE:
        return await git.line("symbolic-ref", "--quiet", "HEAD")
    return None if _OBJECT.fullmatch(content) else content.removeprefix("ref:").strip()


def _read(path: str) -> str:
    content = read_plain(path)
    return _NOT_IN_THE_FILE if content is None else os.fsdecode(content).strip()


async def _leads_to(git: Git, ref: str) -> str:
    """Return the ref that a branch leads to, if it is only another name; empty where it is a branch of its own."""
    try:
        found = await quick.branch(git.store, ref)
        return found[1] if found is not None else ""
    except quick.NotQuick:
        return await git.text("for-each-ref", "--format=%(symref)", "--end-of-options", ref)
