"""Merges with git's own commands in a temporary checkout: where hooks have to run, or git is too old for less."""

import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Collection
from typing import Final

import trio

from compas.git.command import LONG_LIMIT, Git, Output, shown
from compas.git.directories import make_parent, same_place
from compas.git.errors import signal_name
from compas.git.locks import hold
from compas.git.merge.compute import ANY_CODE, commit_refused, killed, strict
from compas.git.merge.message import compose_message
from compas.git.merge.replay import picks, replayed
from compas.git.merge.report import HEAD, Labels, explain
from compas.git.merge.sides import Sides
from compas.git.merge.tree import MergedTree, Message, parse_unmerged
from compas.git.protocol.merging import PrepareResult, Refused, SideCommit
from compas.git.repository import MERGE_HOOKS, REBASE_HOOKS, SQUASH_HOOKS, active_hooks, hooks_directory, worktrees
from compas.git.worktree.large_checkout import add_worktree
from compas.git.worktree.open import open_registered
from compas.git.worktree.registration import Registration

CLEANUP: Final = 120.0
# What a user may have configured that would make a rebase touch more than its own checkout, or ask somebody.
REBASE_SETTINGS: Final = (
    ("rebase.autoSquash", "false"),
    ("rebase.autoStash", "false"),
    ("rebase.updateRefs", "false"),
    ("rebase.rebaseMerges", "false"),
    ("rebase.missingCommitsCheck", "ignore"),
    ("rebase.backend", "merge"),
)


@contextlib.asynccontextmanager
async def open_merge_checkout(git: Git, common_dir: str, path: str, sides: Sides) -> AsyncIterator[Git]:
    """Yield git in a checkout of the target that nobody else works in; it is gone again afterwards."""
    async with open_checkout_of(git, common_dir, path, sides.target_old) as there:
        yield there


@contextlib.asynccontextmanager
async def open_checkout_of(git: Git, common_dir: str, path: str, commit: str) -> AsyncIterator[Git]:
    """Yield git in a temporary, detached checkout of a commit at `path`, which is gone again afterwards."""
    async with hold(git, common_dir, lock_of(path)) as held:
        await remove_merge_checkout(held, path)
        make_parent(path)
        try:
            await add_worktree(held, path, "--detach", "--no-guess-remote", "--end-of-options", path, commit)
            # Where hooks are looked for may be relative to the checkout, and this one has none of its own.
            hooks = await hooks_directory(held)
            made = Registration(thread=os.path.basename(path), path=path, ready=True)
            with open_registered(common_dir, made, held) as opened:
                yield opened.git.configured(("core.hooksPath", hooks))
        finally:
            with trio.CancelScope(shield=True, deadline=trio.current_time() + CLEANUP):
                await remove_merge_checkout(held, path)


async def merge_there(there: Git, git: Git, sides: Sides) -> PrepareResult:
    """Merge with `git merge`, which runs its hooks."""
    message = compose_message(sides.message, sides.trailer)
    command = ("merge", "--no-ff", "--no-edit", "--no-stat", "-m", message, "--end-of-options", sides.source_tip)
    output = await strict(there).run(*command, good=ANY_CODE, time_limit=LONG_LIMIT)
    if output.code == 0 and _says_conflict(output):
        return _hidden(sides, output)
    if output.code == 0:
        made = await there.text("rev-parse", "--verify", "HEAD")
        return sides.prepared("merge", made, f"Merged {sides.source} into {sides.target}")
    return await _stopped(there, git, sides, output, MERGE_HOOKS)


async def squash_there(there: Git, git: Git, sides: Sides, message: str) -> str | PrepareResult | None:
    """Squash with `git merge --squash` and `git commit`; None where that changes nothing."""
    merge = ("merge", "--squash", "--no-edit", "--no-stat", "--end-of-options", sides.source_tip)
    output = await there.run(*merge, good=ANY_CODE, time_limit=LONG_LIMIT)
    if output.code == 0 and _says_conflict(output):
        return _hidden(sides, output)
    if output.code == 0:
        if await there.holds("diff", "--cached", "--quiet", "--no-ext-diff", "HEAD", "--"):
            return None
        commit = ("commit", "--quiet", "--no-edit", "--cleanup=whitespace", "-F", "-")
        output = await strict(there).run(*commit, stdin=message.encode(), good=ANY_CODE, time_limit=LONG_LIMIT)
        if output.code == 0:
            return await there.text("rev-parse", "--verify", "HEAD")
    return await _stopped(there, git, sides, output, SQUASH_HOOKS)


def _says_conflict(output: Output) -> bool:
    return b"\nCONFLICT (" in b"\n" + output.stdout


def _hidden(sides: Sides, output: Output) -> Refused:
    """Refuse what git calls clean while it speaks of a conflict: its markers are in the files (git 2.39)."""
    sentence = (
        f"git merged {sides.source} into {sides.target} without an error, but left a conflict in it; merge "
        f"{sides.target} into {sides.source} by hand, and look for conflict markers: {output.words}"
    )
    return Refused(code="hidden_conflict", sentence=sentence, output=output.words)


async def rebase_there(there: Git, git: Git, sides: Sides) -> PrepareResult:
    """Rebase a copy of the source onto the target with `git rebase`; no branch is moved by it."""
    command = ("rebase", "--no-fork-point", "--no-stat", "--end-of-options", sides.target_old, sides.source_tip)
    output = await strict(there).configured(*REBASE_SETTINGS).run(*command, good=ANY_CODE, time_limit=LONG_LIMIT)
    if output.code:
        return await _stopped(there, git, sides, output, REBASE_HOOKS, await _picked(there))
    new = await there.text("rev-parse", "--verify", "HEAD")
    kept = int(await there.text("rev-list", "--count", "--end-of-options", f"{sides.target_old}..{new}", "--"))
    return replayed(sides, new, kept, len(await picks(git, sides)) - kept)


async def _picked(there: Git) -> SideCommit | None:
    """Return the commit at which a rebase stands still."""
    output = await there.run(
        "log", "-1", "--no-show-signature", "--format=%H%x00%s%x00%an", "REBASE_HEAD", "--", good=ANY_CODE
    )
    if output.code:
        return None
    commit, subject, author = (shown(part) for part in output.stdout.removesuffix(b"\n").split(b"\0"))
    return SideCommit(commit=commit, subject=subject, author=author)


async def _stopped(
    there: Git, git: Git, sides: Sides, output: Output, hooks: Collection[str], picked: SideCommit | None = None
) -> PrepareResult:
    """Tell a conflict from what a hook, a missing identity or git itself refused (b-mcp-cli-merge 89)."""
    listed = await there.run("ls-files", "--unmerged", "-z")
    unmerged = parse_unmerged([record for record in listed.stdout.split(b"\0") if record])
    if unmerged:
        text = f"{output.words}\n".encode()
        labels = Labels({HEAD: sides.target, sides.source_tip: sides.source})
        merged = MergedTree("", tuple(unmerged), (Message((), b"git", text),))
        return await explain(git, sides, merged, labels, picked)
    name = signal_name(output.code)
    if name is not None:
        return killed(name, output)
    active = active_hooks(await hooks_directory(there), hooks)
    refusal = await commit_refused(git, output)
    if refusal.code == "no_identity":
        return refusal
    code, who = ("hook_refused", f"a hook ({', '.join(active)})") if active else ("merge_failed", "git")
    sentence = f"{who} refused the merge: {output.words or 'it printed nothing'}"
    return Refused(code=code, sentence=sentence, output=output.words)


def lock_of(path: str) -> str:
    """Return the name of the lock that a temporary checkout is made and removed under."""
    return f"merge-checkout-{os.path.basename(path)}"


async def remove_merge_checkout(git: Git, path: str) -> bool:
    """Remove a temporary checkout, half made or whole; it lies in git's own directory and only we work in it."""
    registered = any(same_place(item.path, path) for item in await worktrees(git))
    was_there = await trio.to_thread.run_sync(_remove_tree, path)  # of a large checkout that takes seconds
    if registered:  # git unlocks and forgets a worktree whose directory is gone
        await git.run("worktree", "remove", "--force", "--force", "--end-of-options", path)
    return was_there or registered


def _remove_tree(path: str) -> bool:
    was_there = os.path.lexists(path)
    if was_there:
        shutil.rmtree(path)
    with contextlib.suppress(OSError):  # another operation's checkout is beside it, or nothing ever was
        os.rmdir(os.path.dirname(path))
    return was_there
