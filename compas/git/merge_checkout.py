"""Merges with `git merge` in a temporary checkout: where hooks have to run, or git is too old to merge without one."""

import contextlib
import os
import shutil
from typing import Final

import trio

from compas.git.command import LONG_LIMIT, Git
from compas.git.directories import make_parent, same_place
from compas.git.locks import hold
from compas.git.merge_tree import MergedTree, Message, parse_unmerged
from compas.git.messages import Refused
from compas.git.repository import MERGE_HOOKS, active_hooks, hooks_directory, worktrees

CLEANUP: Final = 120.0


async def merge_in_checkout(
    git: Git, common_dir: str, path: str, target_old: str, source_tip: str, message: str
) -> str | MergedTree | Refused:
    """Return the merge commit, the unmerged tree, or what a hook or git said; the checkout at `path` is gone again."""
    async with hold(git, common_dir, lock_of(path)) as held:
        await remove_merge_checkout(held, path)
        make_parent(path)
        try:
            add = ("worktree", "add", "--detach", "--no-guess-remote", path, target_old)
            await held.run(*add, time_limit=LONG_LIMIT)
            # Where hooks are looked for may be relative to the checkout, and this one has none of its own.
            hooks = await hooks_directory(held)
            return await _merge(held.at(path).configured(f"core.hooksPath={hooks}"), hooks, source_tip, message)
        finally:
            with trio.CancelScope(shield=True, deadline=trio.current_time() + CLEANUP):
                await remove_merge_checkout(held, path)


async def _merge(git: Git, hooks: str, source_tip: str, message: str) -> str | MergedTree | Refused:
    command = ("merge", "--no-ff", "--no-edit", "--no-stat", "-m", message, source_tip)
    output = await git.run(*command, good=range(-64, 256), time_limit=LONG_LIMIT)
    if output.code == 0:
        return await git.text("rev-parse", "HEAD")
    listed = await git.run("ls-files", "--unmerged", "-z")
    unmerged = parse_unmerged([record for record in listed.stdout.split(b"\0") if record])
    if unmerged:
        text = f"{output.words}\n".encode()
        return MergedTree("", tuple(unmerged), (Message((), b"git merge", text),))
    active = active_hooks(hooks, MERGE_HOOKS)
    code, who = ("hook_refused", f"a hook ({', '.join(active)})") if active else ("merge_failed", "git")
    sentence = f"{who} refused the merge: {output.words or 'it printed nothing'}"
    return Refused(code=code, sentence=sentence, output=output.words)


def lock_of(path: str) -> str:
    """Return the name of the lock that a temporary checkout is made and removed under."""
    return f"merge-checkout-{os.path.basename(path)}"


async def remove_merge_checkout(git: Git, path: str) -> bool:
    """Remove a temporary checkout, half made or whole; it lies in git's own directory and only we work in it."""
    registered = any(same_place(item.path, path) for item in await worktrees(git))
    was_there = _remove_tree(path)
    if registered:  # git unlocks and forgets a worktree whose directory is gone
        await git.run("worktree", "remove", "--force", "--force", path)
    return was_there or registered


def _remove_tree(path: str) -> bool:
    was_there = os.path.lexists(path)
    if was_there:
        shutil.rmtree(path)
    with contextlib.suppress(OSError):  # another operation's checkout is beside it, or nothing ever was
        os.rmdir(os.path.dirname(path))
    return was_there
