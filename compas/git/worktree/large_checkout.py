"""Adds worktrees, and decides how many processes write the files of a new checkout."""

from typing import Final

from compas.git.command import LONG_LIMIT, Git

LARGE: Final = 20_000
"""From so many files on several processes were never slower than one, wherever it was measured (bench/README.md)."""


async def add_worktree(git: Git, *arguments: str) -> None:
    """Run `git worktree add` with these arguments. Raises what `Git.run` does."""
    adding = await for_checkout(git)
    await adding.run("worktree", "add", *arguments, time_limit=LONG_LIMIT)


async def for_checkout(git: Git) -> Git:
    """The same git, which has every processor write a checkout of very many files; its owner's own setting holds."""
    if await git.line("config", "--get", "checkout.workers") is not None:
        return git
    return git.configured(("checkout.workers", "0"), ("checkout.thresholdForParallelism", str(LARGE)))
