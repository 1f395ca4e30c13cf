"""The main job, from a hand-written config to work on main, through real processes, git and sockets."""

import json

import pytest

from tests.kit.ceiling import CEILING
from tests.kit.system.workshop import Workshop, finish

pytestmark = pytest.mark.system

CONFIG = """
default_workdir: repo
state_dir: state
agents:
  - alias: dev
    backend: scripted
    script: dev.json
    workspace: worktree
    commit: auto
    handoff: {on_response: reviewer, until: approved}
  - alias: reviewer
    backend: scripted
    script: reviewer.json
    handoff: {on_response: dev}
"""
DEV = [
    [{"write": "health.py", "text": "OK = 1\n"}, {"say": "thinking"}, {"reply": "A first go at: {{task}}"}],
    [{"write": "health.py", "text": "OK = True\n"}, {"reply": "It is a bool now."}],
]
REVIEWER = [
    [{"run": "cat health.py >&2"}, {"reply": "A number is no health.\n\nVerdict: request changes"}],
    [{"reply": "Good.\n\nVerdict: approve"}],
]


@pytest.fixture
def job(workshop: Workshop) -> Workshop:
    """Return a workshop with a developer and a reviewer that asks for one change."""
    workshop.config.write_text(CONFIG)
    (workshop.root / "dev.json").write_text(json.dumps({"turns": DEV}))
    (workshop.root / "reviewer.json").write_text(json.dumps({"turns": REVIEWER}))
    return workshop


# proves: a-core 11, a-core 58, a-core 59, b-mcp-cli-merge 42, b-mcp-cli-merge 58, b-mcp-cli-merge 86, a-core 142
def test_a_task_goes_through_review_and_correction_onto_main(job: Workshop) -> None:
    sent = job.ask("dispatch", "dev", "Add a health check", "--thread", "t1")
    assert (sent["thread_id"], sent["await_chain"]) == ("t1", True)
    answer = job.ask(
        "wait", "--thread-id", "t1", "--since", sent["reference"], "--await-chain", "--timeout", str(CEILING)
    )
    assert (answer["found"], answer["from"], answer["to"]) == (True, "reviewer", "operator")
    assert answer["body"] == "Good.\n\nVerdict: approve"
    assert answer["settled_at"] >= answer["created_at"]
    assert answer["fanout_children_awaited"] == 0
    transcript = job.ask("transcript", "t1")
    assert transcript["executions"][0]["dispatch_message_id"] == sent["message_id"] == transcript["messages"][0]["id"]
    assert job.git("-C", str(job.repo / ".compas-worktrees" / "t1"), "branch", "--show-current") == "compas/t1"
    places = {event["data"]["workdir"] for event in job.events("t1") if event["type"] == "execution.requested"}
    assert places == {str(job.repo / ".compas-worktrees" / "t1")}
    chain = [(step["agent"], step["status"], step.get("verdict", "")) for step in answer["chain"]]
    assert chain == [
        ("dev", "completed", ""),
        ("reviewer", "completed", "request_changes"),
        ("dev", "completed", ""),
        ("reviewer", "completed", "approve"),
    ]
    changed = job.ask("diff", "t1")
    assert [(file["path"], file["added"]) for file in changed["files"]] == [("health.py", 1)]
    assert "+OK = True\n" in changed["text"]
    assert not (job.repo / "health.py").exists()
    merge = job.ask("merge", "t1")
    merged = job.ask("wait-merge", "--op-id", merge["op_id"])
    assert (merged["status"], merged["target_branch"]) == ("completed", "main")
    assert job.git("rev-parse", "main") == merged["commit"] == changed["tip"]
    assert (job.repo / "health.py").read_text() == "OK = True\n"
    assert job.git("status", "--porcelain") == ""
    assert job.ask("close", "t1") == {"thread_id": "t1", "status": "Completed"}


def test_what_happened_can_be_asked_in_every_way(job: Workshop) -> None:
    job.ask("dispatch", "dev", "Add a health check", "--thread", "t1", "--wait")
    (row,) = job.ask("status")["threads"]
    assert (row["thread_id"], row["thread_status"], row["agent"]) == ("t1", "Active", "reviewer")
    transcript = job.ask("transcript", "t1")
    said = [(one["from"], one["to"], one["intent"]) for one in transcript["messages"]]
    assert said == [
        ("operator", "dev", "dispatch"),
        ("dev", "operator", "response"),
        ("dev", "reviewer", "handoff"),
        ("reviewer", "operator", "response"),
        ("reviewer", "dev", "handoff"),
        ("dev", "operator", "response"),
        ("dev", "reviewer", "handoff"),
        ("reviewer", "operator", "response"),
    ]
    runs = transcript["executions"]
    assert [(run["agent"], run["status"], run["exit_code"]) for run in runs] == [
        ("dev", "completed", 0),
        ("reviewer", "completed", 0),
        ("dev", "completed", 0),
        ("reviewer", "completed", 0),
    ]
    assert [run["session_id"] for run in runs] == ["turn-1", "turn-1", "turn-2", "turn-2"]
    handed = transcript["messages"][2]["body"]
    assert "Add a health check" in handed
    assert runs[0]["snapshot"][:12] in handed
    why = job.ask("why", "t1")
    assert "operator's turn" in why["standing"]
    assert why["next_step"].startswith("compas diff t1")
    assert '"text":"thinking"' in job("log", runs[0]["id"]).out
    assert "OK = 1" in job("log", runs[1]["id"]).out, "the reviewer sees the work"
    log = job.events("t1")
    kinds = [event["type"] for event in log]
    assert kinds.count("execution.queued") == kinds.count("execution.ended") == 4
    assert [event["position"] for event in log] == sorted({event["position"] for event in log})
    assert len({event["lineage"] for event in log}) == 1, "all of it descends from one dispatch"


def test_commits_are_named_for_the_task_and_not_for_the_message_that_carried_it(job: Workshop) -> None:
    job.ask("dispatch", "dev", "Add a health check", "--thread", "t1", "--wait")
    subjects = job.git("log", "--format=%s", "main..compas/t1").splitlines()
    assert subjects == ["Add a health check", "Add a health check"]


def test_three_threads_at_once_are_all_merged(workshop: Workshop) -> None:
    turn = [{"run": "echo done > $COMPAS_THREAD.txt"}, {"reply": "Done."}]
    dev = workshop.agent("dev", turn, workspace="worktree", commit="auto", max_concurrent=3)
    workshop.configure([dev])
    names = ["one", "two", "three"]
    first = [workshop.begin("dispatch", "dev", "work", "--thread", name, "--wait", "--json") for name in names]
    assert [finish(process).json()["body"] for process in first] == ["Done."] * 3
    merges = [workshop.begin("merge", name, "--json") for name in names]
    ops = [finish(process).json()["op_id"] for process in merges]
    assert [workshop.ask("wait-merge", "--op-id", op)["status"] for op in ops] == ["completed"] * 3
    assert sorted(path.name for path in workshop.repo.glob("*.txt")) == ["one.txt", "three.txt", "two.txt"]
    assert workshop.git("status", "--porcelain") == ""
    for name in names:
        assert workshop.ask("close", name)["status"] == "Completed"


# proves: a-core 22
def test_a_task_can_be_dispatched_before_the_previous_one_is_answered(workshop: Workshop) -> None:
    gate = workshop.fifo("gate")
    dev = workshop.agent("dev", [{"block": str(gate)}, {"reply": "first"}], [{"reply": "second"}])
    workshop.configure([dev])
    workshop.ask("dispatch", "dev", "one", "--thread", "t1")
    later = workshop.ask("dispatch", "dev", "two", "--thread", "t1")
    gate.write_text("go")
    answer = workshop.ask("wait", "--thread-id", "t1", "--since", later["reference"], "--await-chain")
    assert answer["body"] == "second"
    runs = workshop.ask("transcript", "t1")["executions"]
    assert runs[0]["finished_at"] <= runs[1]["started_at"], "one execution at a time in a thread"


def test_a_log_is_followed_from_before_its_execution_starts(workshop: Workshop) -> None:
    gate = workshop.fifo("gate")
    dev = workshop.agent("dev", [{"block": str(gate)}, {"reply": "first"}], [{"say": "here"}, {"reply": "second"}])
    workshop.configure([dev])
    workshop.ask("dispatch", "dev", "one", "--thread", "t1")
    later = workshop.ask("dispatch", "dev", "two", "--thread", "t1")
    follower = workshop.begin("log", later["execution_id"], "--follow")
    gate.write_text("go")
    followed = finish(follower)
    assert followed.code == 0
    assert '"text":"here"' in followed.out
    assert '"text":"second"' in followed.out
