"""A conflict, its way back to the agent, a checked merge and the close with it, with a process dying at each step."""

import signal
from collections import Counter

import pytest

from tests.kit.ceiling import CEILING
from tests.kit.system import merge_crashes
from tests.kit.system.read_models import before_and_after_a_rebuild
from tests.kit.system.workshop import Workshop, finish

pytestmark = pytest.mark.system


CASES = [
    *((point, "squash") for point in merge_crashes.POINTS),
    *(
        pytest.param(point, "rebase", marks=pytest.mark.long)
        for point in ("git.merge_checked", "git.ref_published", "merge.handed_back")
    ),
]


@pytest.mark.parametrize(("point", "strategy"), CASES)
async def test_a_crash_loses_nothing_and_repeats_nothing(workshop: Workshop, point: str, strategy: str) -> None:
    work = [{"write": "README", "text": "dev\n"}, {"reply": "Made it."}]
    mend = [{"run": resolve(strategy)}, {"reply": "Resolved."}]
    dev = workshop.agent("dev", work, mend, workspace="worktree", commit="auto")
    workshop.configure([dev], repositories=[checked(workshop)])
    fuse = workshop.root / "fuse"
    fuse.touch()
    supervisor = workshop.supervise(COMPAS_FAILPOINT=f"{point}@{fuse}")

    workshop.ask("dispatch", "dev", "Change README", "--thread", "t1", "--wait", "--timeout", str(CEILING))
    (workshop.repo / "README").write_text("operator\n")
    workshop.git("commit", "-q", "-am", "meanwhile")
    theirs = workshop.git("rev-parse", "main")
    first = workshop.ask("merge", "t1", "--strategy", strategy)
    refused = workshop("wait-merge", "--op-id", first["op_id"], "--timeout", str(CEILING), "--json").json()
    assert (refused["status"], refused["error_code"], refused["conflict_files"]) == ("failed", "conflict", ["README"])
    workshop.until("merge.handed_back")
    answer = workshop.ask("wait", "--thread-id", "t1", "--await-chain", "--timeout", str(CEILING))
    assert answer["body"] == "Resolved."

    closing = workshop.ask("close", "t1", "--merge", "--strategy", strategy)
    merged = workshop.ask("wait-merge", "--op-id", closing["merge_op_id"], "--timeout", str(CEILING))
    assert merged["status"] == "completed"
    assert workshop.ask("status", "t1")["threads"][0]["thread_status"] == "Completed"

    assert not fuse.exists(), f"{point} was never reached"
    if point.startswith("merge."):
        assert supervisor.wait(CEILING) == -signal.SIGKILL
    check_log(workshop)
    check_repository(workshop, theirs, merged["commit"])
    assert finish(workshop.begin("stop")).code == 0
    before, after = await before_and_after_a_rebuild(workshop.state / "compas.sqlite")
    assert after == before


def resolve(strategy: str) -> str:
    """Return the command by which an agent resolves the conflict as it is told to."""
    begin, go_on = ("rebase", "rebase --continue") if strategy == "rebase" else ("merge", "commit -q --no-edit")
    return f"git {begin} main; echo both > README; git add README; GIT_EDITOR=true git {go_on}"


def checked(workshop: Workshop) -> dict[str, object]:
    """Have merges checked: the tree has to hold what both sides meant."""
    return {"path": "repo", "merge_verify": "grep both README", "on_conflict": "hand_back"}


def check_log(workshop: Workshop) -> None:
    kinds = Counter(event["type"] for event in workshop.events())
    assert (kinds["merge.queued"], kinds["merge.failed"], kinds["merge.completed"]) == (2, 1, 1)
    assert (kinds["merge.handed_back"], kinds["thread.closed"]) == (1, 1)
    said = Counter(one["intent"] for one in workshop.ask("transcript", "t1")["messages"])
    assert said == {"dispatch": 1, "response": 2, "changes-requested": 1, "completion": 1}


def check_repository(workshop: Workshop, theirs: str, commit: str) -> None:
    assert workshop.git("rev-parse", "main") == commit
    assert workshop.git("merge-base", theirs, "main") == theirs
    assert (workshop.repo / "README").read_text() == "both\n"
    assert workshop.git("status", "--porcelain") == ""
    workshop.until("worktree.removed")
    assert workshop.git("worktree", "list", "--porcelain").count("worktree ") == 1
    assert not (workshop.repo / ".git" / "compas-merge").exists()
    workshop.git("fsck", "--strict")
