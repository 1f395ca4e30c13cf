"""What a merge that was published leaves for the operator to do is said in its summary."""

from compas.domain import events as e
from compas.git.protocol.merging import Published, SubmodulesBehind
from compas.orchestrator.merges.words import published

QUEUED = e.MergeQueued(
    op="op1",
    thread="t1",
    repository="/repo",
    source="compas/t1",
    target="main",
    strategy="merge",
    requested_by="operator",
    message="Work",
    source_tip="1" * 40,
)


def summary(*behind: SubmodulesBehind) -> str:
    ended = published(QUEUED, "Merged", Published(new="2" * 40, followed=("/repo",), behind=behind))
    assert isinstance(ended, e.MergeCompleted)
    return ended.summary


def test_a_submodule_that_stays_behind_is_named_with_the_command_and_its_place() -> None:
    assert summary(SubmodulesBehind(worktree="/repo", paths=("sub",))) == (
        "Merged. In the checkout /repo the submodule sub is as before, and the merge names another commit: run "
        "`git submodule update -- sub` there"
    )


def test_several_stand_in_one_command_each_as_a_shell_reads_it() -> None:
    said = summary(SubmodulesBehind(worktree="/repo", paths=("a", "b c")))
    assert "the submodules a, b c are as before" in said
    assert "`git submodule update -- a 'b c'`" in said


def test_without_submodules_nothing_is_said() -> None:
    assert summary() == "Merged"
