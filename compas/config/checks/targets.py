"""Checks of the branches that work starts from and goes to."""

from collections.abc import Iterator

from compas.config.checks.draft import Draft, Problem, error
from compas.config.findings import KeyPath
from compas.domain.target import THREADS, is_thread_branch


def branches(draft: Draft) -> Iterator[Problem]:
    """Names under the prefix of threads are theirs: nothing is merged into those, and no other work starts there."""
    named: list[tuple[KeyPath, str | None]] = [
        (("orchestration", "default_merge_target"), draft.file.orchestration.default_merge_target)
    ]
    named += [(("repositories", index, "base"), one.base) for index, one in enumerate(draft.file.repositories)]
    for path, branch in named:
        if branch and is_thread_branch(branch):
            sentence = f"{branch} cannot be used: branches under {THREADS} belong to threads; name one of your own"
            yield error(path, sentence)
