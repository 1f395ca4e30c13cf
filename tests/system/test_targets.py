"""Real agents that move their target, or are abandoned in the middle of a merge: the operator's branch stays theirs."""

from pathlib import Path

import pytest

from tests.kit.system import process_tree
from tests.kit.system.workshop import Workshop

pytestmark = pytest.mark.system

WORK = {"write": "work.txt", "text": "of the agent\n"}


def work_in(workshop: Workshop, thread: str) -> None:
    workshop.ask("dispatch", "dev", "Do it", "--thread", thread, "--wait", "--timeout", "50")


@pytest.mark.parametrize(
    "moves", ["git update-ref refs/heads/main HEAD", "git checkout -q --ignore-other-worktrees -B main"]
)
def test_a_target_that_an_agent_moves_takes_no_merge_until_the_operator_has_decided(
    workshop: Workshop, moves: str
) -> None:
    turn = [WORK, {"run": f"git add -A; git commit -qm sneaked; {moves}"}, {"reply": "Done."}]
    workshop.configure([workshop.agent("dev", turn, workspace="worktree", commit="agent")])
    old = workshop.git("rev-parse", "main")
    work_in(workshop, "t1")
    now = workshop.git("rev-parse", "main")
    assert now != old

    refused = workshop("merge", "t1")
    assert refused.code != 0
    for text in ("not by compas", old[:12], now[:12], "sneaked", "thread t1", "--accept-target"):
        assert text in refused.err
    assert "nothing is merged into main" in workshop("merge-status").out
    assert "nothing is merged into main" in workshop("diagnose", "t1").out
    assert workshop.git("status", "--porcelain") == "D  work.txt", "what the operator sees of it"

    put_back = refused.err.partition("put it back: `")[2].partition("`")[0]
    assert workshop.run(put_back.split()).code == 0
    assert workshop.git("status", "--porcelain") == ""
    workshop.git("checkout", "-q", "compas/t1", cwd=workshop.repo / ".compas-worktrees" / "t1")
    queued = workshop.ask("merge", "t1")
    merged = workshop.ask("wait-merge", "--op-id", queued["op_id"], "--timeout", "50")
    assert (merged["status"], workshop.git("rev-parse", "main")) == ("completed", now)


def test_abandoning_a_thread_ends_the_check_of_its_merge(workshop: Workshop) -> None:
    turn = [WORK, {"reply": "Done."}]
    pids, gate = workshop.root / "pid", workshop.fifo("gate")
    check = f"echo $$ > {pids}; cat {gate}"
    dev = workshop.agent("dev", turn, workspace="worktree", commit="auto")
    workshop.configure([dev], repositories=[{"path": "repo", "merge_verify": check}])
    old = workshop.git("rev-parse", "main")
    work_in(workshop, "t1")
    queued = workshop.ask("merge", "t1")
    # Opening the gate for writing waits for the check to read from it.
    with open(gate, "wb"):
        pid = int(Path(pids).read_text())
        assert workshop.ask("abandon", "t1")["status"] == "Abandoned"
        assert not process_tree.is_alive(pid), "the check has ended before abandoning is answered"
    merged = workshop("wait-merge", "--op-id", queued["op_id"], "--timeout", "50", "--json").json()
    assert merged["status"] == "cancelled"
    assert workshop.git("rev-parse", "main") == old
    assert workshop.ask("status", "t1")["threads"][0]["thread_status"] == "Abandoned"


def test_a_merge_into_the_threads_own_branch_is_refused_and_nothing_is_lost(workshop: Workshop) -> None:
    turn = [WORK, {"reply": "Done."}]
    workshop.configure([workshop.agent("dev", turn, workspace="worktree", commit="auto")])
    work_in(workshop, "t1")
    for command in (("merge", "t1"), ("close", "t1", "--merge")):
        refused = workshop(*command, "--target", "compas/t1")
        assert refused.code != 0
        assert "a branch that a thread works on" in refused.err
    assert "has no completed merge" in workshop("close", "t1").err
    assert (workshop.repo / ".compas-worktrees" / "t1" / "work.txt").exists()
