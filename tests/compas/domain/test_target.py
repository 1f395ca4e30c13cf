"""Where work may be merged into: never into a thread's branch, and not into a target that an agent has moved."""

import pytest

from compas.domain.target import is_thread_branch, refuse_thread_branch


@pytest.mark.parametrize(
    "branch",
    [
        "compas/t1",
        "COMPAS/t1",
        "Compas/x/y",
        "refs/heads/compas/t1",
        "REFS/Heads/compas/t1",
        "heads/compas/t1",
        "compas/",
    ],
)
def test_everything_under_the_prefix_of_threads_belongs_to_one_in_any_spelling(branch: str) -> None:
    assert is_thread_branch(branch)


@pytest.mark.parametrize("branch", ["main", "compas", "feature/compas/x", "compass/x", "refs/heads/main", ""])
def test_other_branches_belong_to_people(branch: str) -> None:
    assert not is_thread_branch(branch)


def test_the_refusal_names_the_branch_and_says_what_to_do() -> None:
    found = refuse_thread_branch("compas/t1")
    assert found.code == "thread_branch"
    assert "compas/t1" in found.message
    assert "--target" in found.message
