"""What a person has deleted by hand: a worktree's folder costs nothing, and a branch is told where its commits are."""

import shutil

import pytest

from tests.kit.system.workshop import Workshop

pytestmark = pytest.mark.system


def work(workshop: Workshop) -> str:
    """Have some work done and committed; return its commit."""
    steps = [{"write": "health.py", "text": "OK = 1\n"}, {"reply": "Done."}]
    workshop.configure([workshop.agent("dev", steps, workspace="worktree", commit="auto")])
    workshop.ask("dispatch", "dev", "work", "--thread", "t1", "--wait")
    return workshop.git("rev-parse", "compas/t1")


def test_without_the_folder_of_its_worktree_a_thread_is_looked_at_merged_and_closed(workshop: Workshop) -> None:
    work(workshop)
    shutil.rmtree(workshop.repo / ".compas-worktrees/t1")
    assert "OK = 1" in workshop("diff", "t1").out
    workshop.ask("merge", "t1", "--wait")
    assert (workshop.repo / "health.py").read_text() == "OK = 1\n"
    workshop.ask("close", "t1")
    assert workshop.ask("status", "t1")["threads"][0]["thread_status"] == "Completed"


def test_without_its_branch_it_is_said_where_its_commits_are(workshop: Workshop) -> None:
    commit = work(workshop)
    shutil.rmtree(workshop.repo / ".compas-worktrees")
    workshop.git("worktree", "prune")
    workshop.git("branch", "-D", "compas/t1")
    for command in (("merge", "t1", "--wait"), ("diff", "t1")):
        said = workshop(*command)
        text = said.out + said.err
        assert commit[:12] in text
        assert f"git branch compas/t1 {commit[:12]}" in text


def test_a_branch_in_the_way_of_all_threads_is_named(workshop: Workshop) -> None:
    workshop.git("branch", "compas")
    workshop.configure([workshop.agent("dev", [{"reply": "Done."}], workspace="worktree")])
    failed = workshop("dispatch", "dev", "work", "--thread", "t1", "--wait", "--json")
    assert failed.code == 1
    assert "git branch -m compas" in failed.json()["body"]
    doctor = workshop("doctor")
    assert "branch -m compas" in doctor.out
