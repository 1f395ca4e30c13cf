"""Adds worktrees: whether one is whole although git ended badly, and how many processes write its files."""

from typing import Final

from compas.git.command import LONG_LIMIT, Git
from compas.git.directories import same_place
from compas.git.errors import GitFailed
from compas.git.repository import Listed, worktrees

LARGE: Final = 20_000
"""From so many files on several processes were never slower than one, wherever it was measured (bench/README.md)."""

INTERRUPTED: Final = "initializing"
"""How git locks a worktree that `git worktree add` has not finished."""
_PROGRESS: Final = ("Preparing worktree", "HEAD is now at", "Updating files:", "Switched to")


async def add_worktree(git: Git, path: str, *arguments: str) -> str:
    """Run `git worktree add` with these arguments, which name `path`; return a sentence for people, mostly empty.

    When all is written, git runs the hook `post-checkout` and ends with what that ends with. Such a worktree is whole:
    the sentence names the hook and what it printed. Raises what `Git.run` does.
    """
    adding = await for_checkout(git)
    try:
        await adding.run("worktree", "add", *arguments, time_limit=LONG_LIMIT)
    except GitFailed as error:
        found = await _listed_at(git, path) if error.signal is None else None
        # Where git fails before the hook, it takes away all that it has made.
        if found is None or not found.present or found.locked == INTERRUPTED or found.head is None:
            raise
        return hook_failed(path, error)
    return ""


def hook_failed(path: str, error: GitFailed) -> str:
    """Say that the hook has failed in a checkout that is whole."""
    lines = [line for line in error.output.split("\n") if not line.startswith(_PROGRESS)]
    said = "\n".join(lines).strip() or "it printed nothing"
    return f"the hook post-checkout ended with {error.code} in {path}, whose files git had all written: {said}"


async def _listed_at(git: Git, path: str) -> Listed | None:
    return next((item for item in await worktrees(git) if same_place(item.path, path)), None)


async def for_checkout(git: Git) -> Git:
    """The same git, which has every processor write a checkout of very many files; its owner's own setting holds."""
    if await git.line("config", "--get", "checkout.workers") is not None:
        return git
    return git.configured(("checkout.workers", "0"), ("checkout.thresholdForParallelism", str(LARGE)))
