"""Where agents work in a real repository, and what becomes of it when git says no."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit.system.workshop import Workshop

pytestmark = pytest.mark.system


def everything_in(repo: Path) -> dict[str, str]:
    """Return the operator's files."""
    return {path.name: path.read_text() for path in repo.iterdir() if path.is_file()}


def check_out_its_branch(workshop: Workshop) -> str:
    workshop.git("switch", "-q", "-c", "compas/t1")
    return f"checked out in {workshop.repo}"


def put_a_file_where_git_keeps_worktrees(workshop: Workshop) -> str:
    (workshop.repo / ".git" / "worktrees").write_text("in the way\n")
    return "fatal: could not create"


# proves: a-core 63
@pytest.mark.parametrize("prevent", [check_out_its_branch, put_a_file_where_git_keeps_worktrees])
def test_when_git_refuses_a_worktree_nothing_runs_and_the_operators_checkout_is_as_it_was(
    workshop: Workshop, prevent: Callable[[Workshop], str]
) -> None:
    workshop.configure([workshop.agent("dev", [{"write": "README", "text": "gone"}], workspace="worktree")])
    reason = prevent(workshop)
    (workshop.repo / "README").write_text("half edited\n")
    (workshop.repo / "note").write_text("mine\n")
    before = everything_in(workshop.repo), workshop.git("status", "--porcelain", "--branch")
    answer = workshop("dispatch", "dev", "work", "--thread", "t1", "--wait", "--json").json()
    assert (answer["intent"], answer["thread_status"]) == ("error", "Failed")
    assert reason in answer["body"]
    (run,) = workshop.ask("transcript", "t1")["executions"]
    assert (run["status"], run["started_at"]) == ("failed", None)
    assert before == (everything_in(workshop.repo), workshop.git("status", "--porcelain", "--branch"))


# proves: a-core 68
def test_a_repository_reached_through_a_link_is_the_same_repository(workshop: Workshop) -> None:
    (workshop.root / "link").symlink_to(workshop.repo, target_is_directory=True)
    look = [{"run": "pwd -P >&2; cat new.txt >&2"}, {"reply": "Seen."}]
    workshop.configure(
        [
            workshop.agent("dev", [{"write": "new.txt", "text": "of dev\n"}, {"reply": "Done."}], workspace="worktree"),
            workshop.agent("rev", look, workdir="link"),
        ]
    )
    workshop.ask("dispatch", "dev", "work", "--thread", "t1", "--wait")
    workshop.ask("dispatch", "rev", "look", "--thread", "t1", "--wait")
    log = workshop("log", "t1").out
    assert f"[stderr] {workshop.repo / '.compas-worktrees' / 't1'}\n[stderr] of dev\n" in log


# proves: a-core 136, b-mcp-cli-merge 120
def test_reviewers_of_a_fan_out_read_the_snapshot_each_in_a_detached_worktree_of_its_own(workshop: Workshop) -> None:
    work = [
        {"write": "a.txt", "text": "committed\n"},
        {"run": "git add -A && git commit -q -m work"},
        {"write": "draft.txt", "text": "not committed\n"},
        {"reply": "Look at this."},
    ]
    look = [{"run": "pwd >&2; git symbolic-ref -q HEAD >&2; cat a.txt draft.txt >&2"}, {"reply": "Seen."}]
    workshop.configure(
        [
            workshop.agent("dev", work, workspace="worktree", handoff={"on_response": ["r1", "r2"]}),
            workshop.agent("r1", look),
            workshop.agent("r2", look, workspace="worktree"),
        ]
    )
    answer = workshop.ask("dispatch", "dev", "work", "--thread", "t1", "--wait")
    assert answer["fanout_children_awaited"] == 2
    readers = [row["thread_id"] for row in workshop.ask("status")["threads"] if row["thread_id"] != "t1"]
    for thread in readers:
        tree = workshop.repo / ".compas-worktrees" / thread
        assert workshop("log", thread).out.count("[stderr] committed\n[stderr] not committed\n") == 1
        assert f"[stderr] {tree}\n[stderr] committed" in workshop("log", thread).out, "HEAD is on no branch"
        workshop.ask("close", thread)
    branches = workshop.git("for-each-ref", "--format=%(refname:short)", "refs/heads")
    assert branches.split() == ["compas/t1", "main"]
    assert (workshop.repo / ".compas-worktrees" / "t1" / "draft.txt").exists()
