"""What agents do to git, through the whole of compas: nothing of it reaches the operator's checkout, and it is said."""

from pathlib import Path

import pytest

from tests.kit.system.workshop import Workshop

pytestmark = pytest.mark.system

COMMIT = {"run": "git add -A && git commit -q -m work"}


def tree(workshop: Workshop, thread: str = "t1") -> Path:
    return workshop.repo / ".compas-worktrees" / thread


def operators_checkout(workshop: Workshop) -> object:
    files = {path.name: path.read_text() for path in workshop.repo.iterdir() if path.is_file()}
    status = workshop.git("status", "--porcelain", "--branch")
    return files, status, workshop.git("rev-parse", "main"), (workshop.repo / ".git" / "index").read_bytes()


def work(workshop: Workshop, *steps: dict[str, object], **settings: object) -> dict[str, object]:
    agent = workshop.agent("dev", [*steps, {"reply": "Done."}], workspace="worktree", **settings)
    workshop.configure([agent])
    answer: dict[str, object] = workshop("dispatch", "dev", "work", "--thread", "t1", "--wait", "--json").json()
    return answer


def merge(workshop: Workshop) -> None:
    queued = workshop.ask("merge", "t1")
    assert workshop("wait-merge", "--op-id", queued["op_id"], "--timeout", "60").code == 0


@pytest.mark.parametrize(
    ("trick", "named"),
    [
        ("echo gitdir: $PWD/../../.git > .git", ".git says"),
        ("cd .. && mv t1 kept && ln -s .. t1", "a link to .."),
    ],
    ids=["the file that names the repository", "a link to the operator's checkout"],
)
def test_what_an_agent_puts_in_place_of_its_worktree_commits_nothing_to_the_operators_branch(
    workshop: Workshop, trick: str, named: str
) -> None:
    (workshop.repo / "note").write_text("mine, not committed\n")
    before = operators_checkout(workshop)
    answer = work(workshop, {"write": "evil.txt", "text": "evil\n"}, {"run": trick}, commit="auto")
    assert "is not as compas made it, so nothing was touched" in str(answer["body"])
    assert named in str(answer["body"])
    merged = workshop("merge", "t1")
    assert (merged.code, named in merged.err) == (2, True)
    closed = workshop("close", "t1")
    assert (closed.code, named in closed.err) == (2, True)
    (listed,) = workshop.ask("worktrees")["worktrees"]
    assert (listed["state"], named in listed["trouble"]) == ("unreadable", True)
    removed = workshop("worktree-remove", "t1", "--force")
    assert (removed.code, named in removed.err) == (2, True)
    assert named in workshop("diff", "t1").out
    after = operators_checkout(workshop)
    assert after == before


def test_a_snapshot_ref_that_the_agent_made_is_not_taken_for_one(workshop: Workshop) -> None:
    answer = work(
        workshop,
        {"write": "new.txt", "text": "harmless\n"},
        COMMIT,
        {"run": 'git update-ref "refs/compas/snap/$COMPAS_EXECUTION" HEAD'},
        {"write": "new.txt", "text": "harmful\n"},
        COMMIT,
    )
    assert "could not be recorded" in str(answer["body"])
    (run,) = workshop.ask("transcript", "t1")["executions"]
    assert run.get("snapshot_commit") is None
    (ended,) = [event for event in workshop.events() if event["type"] == "execution.ended"]
    assert ended["data"].get("snapshot") is None


def test_work_on_a_branch_of_the_agents_own_is_brought_to_the_threads_branch(workshop: Workshop) -> None:
    answer = work(workshop, {"run": "git switch -q -c feature/x"}, {"write": "new.txt", "text": "new\n"}, COMMIT)
    assert "HEAD stood on feature/x; it is on compas/t1 again" in str(answer["body"])
    merge(workshop)
    assert (workshop.repo / "new.txt").read_text() == "new\n"


def test_work_that_parted_from_the_threads_branch_is_said_everywhere_and_neither_merged_nor_closed(
    workshop: Workshop,
) -> None:
    part = "git commit -q --allow-empty -m one && git checkout -q --detach HEAD^ && git commit -q --allow-empty -m two"
    answer = work(workshop, {"run": part})
    assert "Nothing of this can be merged yet" in str(answer["body"])
    (ended,) = [event for event in workshop.events() if event["type"] == "execution.ended"]
    assert ended["data"]["snapshot"]["head_on"].startswith("detached at")
    for command in (("merge", "t1"), ("close", "t1"), ("commit", "t1")):
        refused = workshop(*command)
        assert (refused.code, "detached at" in refused.err) == (2, True), command
    assert "stands detached at" in workshop("diff", "t1").out
    assert "stands detached at" in workshop("status", "t1").out
    assert "it stands detached at" in workshop("worktrees").out
    workshop.git("switch", "-q", "compas/t1", cwd=tree(workshop))
    assert workshop.ask("status", "t1")["threads"][0].get("remark") is None
    merge(workshop)


def test_two_state_directories_do_not_share_a_worktree(workshop: Workshop) -> None:
    work(workshop, {"write": "first.txt", "text": "first\n"}, COMMIT)
    other = workshop.root / "other.yaml"
    other.write_text(workshop.config.read_text().replace('"state"', '"other-state"'))
    env = {"COMPAS_CONFIG": str(other)}
    try:
        command = ("dispatch", "dev", "work", "--thread", "t1", "--wait", "--json")
        answer = workshop(*command, env=env).json()
        assert answer["intent"] == "error"
        assert f"belongs to the compas with the state directory {workshop.state}" in answer["body"]
        assert "use another name for the thread" in answer["body"]
        fresh = workshop(
            "dispatch", "dev", "work", "--thread", "t2", "--wait", "--json", env={"COMPAS_CONFIG": str(other)}
        )
        assert fresh.json()["thread_status"] == "Active"
    finally:
        workshop("stop", "--now", env=env)
    assert workshop.git("status", "--porcelain", cwd=tree(workshop)) == ""
