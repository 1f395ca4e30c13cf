"""How many processes write the files of a new checkout."""

from typing import Final

from compas.git.command import Git

LARGE: Final = 20_000
"""From so many files on several processes were never slower than one, wherever it was measured (bench/README.md)."""


async def for_checkout(git: Git) -> Git:
    """The same git, which has every processor write a checkout of very many files; its owner's own setting holds."""
    if await git.line("config", "--get", "checkout.workers") is not None:
        return git
    return git.configured("checkout.workers=0", f"checkout.thresholdForParallelism={LARGE}")
