"""Moves the checkouts of a branch along when the branch moves: first whether each can be, then each."""

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from compas.git.command import LONG_LIMIT, Git, shown
from compas.git.errors import GitRefused
from compas.git.in_progress import operation_in
from compas.git.naming import BRANCHES
from compas.git.open_checkout import git_dir_of, open_checkout
from compas.git.plain_files import read_plain
from compas.git.protocol.merging import Refused
from compas.git.repository import Listed, worktrees
from compas.git.status import read_entries

NAMED: Final = 20
"""How many files a refusal names."""
CHUNK: Final = 500
"""How many paths go on one command line."""


async def checkouts_of(git: Git, branch: str) -> list[Listed]:
    """Return every worktree that has this branch checked out, or would have, were its directory there."""
    return _having(await worktrees(git), branch)


def _having(listed: Sequence[Listed], branch: str) -> list[Listed]:
    found = [item for item in listed if item.branch == BRANCHES + branch and not item.bare]
    return [item for item in found if item.present or item.locked is not None or item.main]


async def obstacle(git: Git, branch: str, old: str, new: str) -> Refused | None:
    """Say what keeps some checkout of the branch from following from `old` to `new`; None when nothing does.

    Nothing is changed but the times that an index remembers of unchanged files.
    """
    listed = await worktrees(git)
    held = await _held_by_rebase(git, listed, branch)
    if held is not None:
        return _refused(
            "checkout_in_progress", held, f"{held} is in the middle of rebasing {branch}; finish or abort it"
        )
    for checkout in _having(listed, branch):
        if not checkout.present:
            return _missing(checkout, branch)
        async with open_checkout(git, checkout.path) as there:
            refusal = await obstacle_in(there, checkout, branch, old, new)
        if refusal is not None:
            return refusal
    return None


async def obstacle_in(git: Git, checkout: Listed, branch: str, old: str, new: str) -> Refused | None:
    """Say what keeps one checkout of the branch, opened as `git`, from following; None when nothing does."""
    where, git_dir = checkout.path, git_dir_of(git)
    operation = operation_in(git_dir)
    if operation not in (None, "bisect"):
        sentence = f"{where} has {branch} checked out, in the middle of a {operation}; finish or abort it"
        return _refused("checkout_in_progress", where, sentence)
    busy = f"{where} has {branch} checked out and git is at work there ({git_dir}/index.lock); try again then"
    if is_locked(git_dir):
        return _refused("checkout_busy", where, busy)
    refreshed = await git.run("update-index", "-q", "--refresh", good=(0, 1, 128), time_limit=LONG_LIMIT)
    if refreshed.code == 128:  # somebody took the lock in between
        return _refused("checkout_busy", where, busy, output=refreshed.words)
    untracked = await _untracked_in_the_way(git, old, new)
    if untracked:
        sentence = f"{where} has {branch} checked out and untracked files where the merge adds some; move them away"
        return _refused("checkout_untracked", where, sentence, untracked)
    rehearsal = await git.run(
        "read-tree", "-n", "-u", "-m", "--end-of-options", old, new, good=(0, 128), time_limit=LONG_LIMIT
    )
    if rehearsal.code:
        blocking = await _changed_in_both(git, old, new)
        sentence = f"{where} has {branch} checked out with changes where the merge has some; commit or stash them"
        return _refused("checkout_dirty", where, sentence, blocking, rehearsal.words)
    return None


def _missing(checkout: Listed, branch: str) -> Refused:
    where = checkout.path
    return _refused("checkout_missing", where, f"{where} has {branch} checked out but is not there; bring it back")


def _refused(code: str, worktree: str, sentence: str, files: Sequence[str] = (), output: str = "") -> Refused:
    if files:
        sentence += f": {', '.join(files[:NAMED])}{', …' if len(files) > NAMED else ''}"
    return Refused(code=code, sentence=sentence, files=tuple(files[:200]), worktree=worktree, output=output)


async def follow(git: Git, path: str, old: str, new: str) -> str | None:
    """Move index and files of one checkout from `old` to `new`; return git's words where it changed nothing instead."""
    async with open_checkout(git, path) as there:
        return await follow_there(there, old, new)


async def follow_there(there: Git, old: str, new: str) -> str | None:
    """Do so in a checkout that is open."""
    moved = await there.run("read-tree", "-u", "-m", "--end-of-options", old, new, good=(0, 128), time_limit=LONG_LIMIT)
    return moved.words if moved.code else None


def is_locked(git_dir: str) -> bool:
    """Say whether some git is writing the index, or was killed while it did."""
    return os.path.lexists(os.path.join(git_dir, "index.lock"))


async def _held_by_rebase(git: Git, listed: Sequence[Listed], branch: str) -> str | None:
    """Return the checkout in which somebody rebases this branch: HEAD is detached there, and comes back to it."""
    for checkout in listed:
        if checkout.branch is None and not checkout.bare and checkout.present:
            with contextlib.suppress(GitRefused):  # what was put in its place rebases nothing of ours
                async with open_checkout(git, checkout.path) as there:
                    if BRANCHES + branch in _rebased(git_dir_of(there)):
                        return checkout.path
    return None


def _rebased(git_dir: str) -> Iterator[str]:
    for name in ("rebase-merge/head-name", "rebase-apply/head-name", "rebase-merge/update-refs"):
        content = read_plain(os.path.join(git_dir, *name.split("/")))
        if content is not None:
            yield from os.fsdecode(content).split("\n")


async def _untracked_in_the_way(git: Git, old: str, new: str) -> list[str]:
    """Return untracked files of a checkout, of whose top `git` is, that stand where `new` adds one; ignored ones too,
    which git itself would overwrite."""
    added = await git.run(
        "diff-tree", "-r", "-z", "--name-only", "--no-renames", "--diff-filter=A", "--end-of-options", old, new, "--"
    )
    top = os.fsencode(git.directory)
    standing = sorted(_standing(top, (name for name in added.stdout.split(b"\0") if name)))
    found: list[bytes] = []
    for at in range(0, len(standing), CHUNK):
        names = [os.fsdecode(name) for name in standing[at : at + CHUNK]]
        literal = git.having(GIT_LITERAL_PATHSPECS="1")
        others = await literal.run("ls-files", "--others", "-z", "--", *names)
        found += [name for name in others.stdout.split(b"\0") if name]
    return [shown(name) for name in found]


def _standing(top: bytes, names: Iterable[bytes]) -> set[bytes]:
    """Return what exists at these names, or, in place of a directory on the way to one, a file or link."""
    found: set[bytes] = set()
    parents: dict[bytes, bool] = {b"": True}
    for name in names:
        if _is_reachable(top, os.path.dirname(name), parents, found) and os.path.lexists(os.path.join(top, name)):
            found.add(name)
    return found


def _is_reachable(top: bytes, directory: bytes, known: dict[bytes, bool], found: set[bytes]) -> bool:
    if directory not in known:
        path = os.path.join(top, directory)
        reachable = _is_reachable(top, os.path.dirname(directory), known, found) and os.path.lexists(path)
        if reachable and (os.path.islink(path) or not os.path.isdir(path)):
            found.add(directory)
            reachable = False
        known[directory] = reachable
    return known[directory]


async def _changed_in_both(git: Git, old: str, new: str) -> list[str]:
    changed = await git.run("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--end-of-options", old, new, "--")
    names = {shown(name) for name in changed.stdout.split(b"\0") if name}
    entries = await read_entries(git)
    touched = {path for entry in entries for path in (entry.path, entry.old_path) if path is not None}
    return sorted(names & touched)
