"""Keeps from the target what compas had laid into a worktree, and the agent has committed all the same."""

import os
from collections.abc import Collection
from typing import Final

from compas.git.command import LONG_LIMIT, Git, shown
from compas.git.errors import GitRefused
from compas.git.naming import thread_of
from compas.git.protocol.merging import PrepareMerge
from compas.git.worktree.laid import read_laid

_NAMED: Final = 10
_NEW: Final = ("-z", "--name-only", "--no-renames", "--diff-filter=A")


async def refuse_laid(git: Git, common_dir: str, request: PrepareMerge, source_tip: str, target_old: str) -> None:
    """Refuse a source that brings such a path to the target. Raises GitRefused `laid_committed`.

    A link to a directory of the main checkout would take that directory's place there, and a copied file may hold
    secrets: so a copy counts also where only an earlier commit has it, as long as the merge brings that commit along.
    A path that the target has, too, is no longer ours to judge (docs/decisions/0041).
    """
    thread = thread_of(request.source)
    if thread is None:
        return
    laid = read_laid(common_dir, thread)
    if not laid.paths:
        return
    compared = ("diff-tree", "-r", *_NEW, "--end-of-options", target_old, source_tip, "--")
    at_tip = laid.paths.intersection((await git.run(*compared, time_limit=LONG_LIMIT)).stdout.split(b"\0"))
    if at_tip:
        raise _refusal(request, at_tip, _at_tip(request, at_tip))
    if request.strategy == "squash" or not laid.copies:
        return
    span = f"{target_old}..{source_tip}"
    listing = ("log", "--format=", "-m", "--no-show-signature", *_NEW, "--end-of-options", span)
    begun = laid.copies.intersection((await git.run(*listing, "--", time_limit=LONG_LIMIT)).stdout.split(b"\0"))
    before = begun - await _in_tree(git, target_old, begun)
    if before:
        raise _refusal(request, before, _before(request, before))


async def _in_tree(git: Git, commit: str, paths: Collection[bytes]) -> frozenset[bytes]:
    if not paths:
        return frozenset()
    names = [os.fsdecode(path) for path in sorted(paths)]
    listing = ("ls-tree", "-r", "-z", "--name-only", "--full-tree", "--end-of-options", commit, *names)
    found = await git.having(GIT_LITERAL_PATHSPECS="1").run(*listing)
    return frozenset(found.stdout.split(b"\0")).intersection(paths)


def _at_tip(request: PrepareMerge, paths: Collection[bytes]) -> str:
    return (
        f"{request.source} has committed what compas had laid into its worktree, which nobody wrote as work: "
        f"{_listed(paths)}. Take it off the branch there (`git rm --cached`, then commit), and merge again. A file "
        f"that belongs to the repository is committed on {request.target} by the operator first"
    )


def _before(request: PrepareMerge, paths: Collection[bytes]) -> str:
    return (
        f"earlier commits of {request.source} have what compas had laid into its worktree, and {request.target} would "
        f"keep it in its history: {_listed(paths)}. Merge with the strategy squash, which brings the last state alone"
    )


def _listed(paths: Collection[bytes]) -> str:
    more = ", …" if len(paths) > _NAMED else ""
    return ", ".join(shown(path) for path in sorted(paths)[:_NAMED]) + more


def _refusal(request: PrepareMerge, paths: Collection[bytes], sentence: str) -> GitRefused:
    return GitRefused("laid_committed", sentence, {"files": "\0".join(shown(path) for path in sorted(paths))})
