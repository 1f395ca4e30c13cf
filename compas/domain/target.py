"""What a target is: a branch of people's, never one that a thread works on."""

from typing import Final

from compas.domain.decision import Refusal

THREADS: Final = "compas/"
"""What the branches of threads begin with."""


def is_thread_branch(branch: str) -> bool:
    """Say whether a branch, by its short or full name, is reserved for threads.

    The spelling does not count: some file systems know no case, and there the names are one branch.
    """
    name = branch.casefold()
    for prefix in ("refs/", "heads/"):
        name = name.removeprefix(prefix)
    return name.startswith(THREADS)


def refuse_thread_branch(target: str, leads_to: str = "") -> Refusal:
    """Refuse a target that belongs to a thread; `leads_to` is the branch of which it is only another name."""
    what = f"{target} is another name of {leads_to}, a branch" if leads_to else f"{target} is a branch"
    sentence = f"{what} that a thread works on, and nothing is merged into those; name a branch of your own (--target)"
    return Refusal(code="thread_branch", message=sentence)
