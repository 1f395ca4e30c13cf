"""The two configs that people begin with: they load, and take work to main without a verdict and without any flag."""

import pytest

from tests.kit.system.workshop import Workshop

pytestmark = pytest.mark.system

# A program that does what its prompt tells it to; the developer commits its own work, and nobody gives a verdict.
SHELL = """\
task=$(cat)
case $task in
*"You implement changes"*)
    echo "line $(date +%N)" >> work.txt
    git add work.txt && git commit -q -m "work on it"
    echo "I have added a line." ;;
*)
    echo "The change reads well; name the file after what is in it." ;;
esac
"""
BACKEND = """
backend_definitions:
  - {name: shell, command: sh, args: [agent.sh]}
"""
ALONE = """
default_workdir: repo
state_dir: state

agents:
  - alias: dev
    backend: shell
    prompt: "You implement changes. Follow the project's AGENTS.md."
"""
REVIEWED = """
default_workdir: repo
state_dir: state

agents:
  # Implements changes in an isolated worktree
  - alias: dev
    backend: shell
    model: some-model
    workspace: worktree
    handoff:
      on_response: reviewer
      max_chain_depth: 3
    prompt: "You implement changes. Follow the project's AGENTS.md."

  # Reviews work and bounces back to dev
  - alias: reviewer
    backend: shell
    model: some-model
    handoff:
      on_response: dev
    prompt: "Review for correctness and test coverage. Do not implement."
"""


def configure(workshop: Workshop, config: str) -> None:
    """Write one of the configs, with a shell for its agents."""
    script = workshop.root / "agent.sh"
    script.write_text(SHELL)
    workshop.config.write_text(config + BACKEND.replace("agent.sh", str(script)))


def dispatched(workshop: Workshop) -> list[str]:
    """Have a task done in t1, with all that follows; return who worked, in order."""
    sent = workshop.ask("dispatch", "dev", "Add a line.", "--thread", "t1")
    workshop.ask("wait", "--thread-id", "t1", "--since", sent["reference"], "--await-chain", "--timeout", "60")
    return [one["agent"] for one in workshop.ask("transcript", "t1")["executions"]]


def test_one_agent_alone_works_in_the_repository_and_its_thread_is_closed(workshop: Workshop) -> None:
    configure(workshop, ALONE)
    assert dispatched(workshop) == ["dev"]
    assert workshop.git("log", "-1", "--format=%s") == "work on it"
    assert workshop.ask("close", "t1")["status"] == "Completed"


def test_a_developer_and_a_reviewer_take_work_to_main_though_nobody_gives_a_verdict(workshop: Workshop) -> None:
    configure(workshop, REVIEWED)
    assert dispatched(workshop) == ["dev", "reviewer", "dev", "reviewer"]
    (row,) = workshop.ask("status", "t1")["threads"]
    assert row["review"] == "not_reviewed"
    queued = workshop.ask("merge", "t1")
    assert (queued["review"], queued["warning"]) == ("not_reviewed", None)
    assert workshop.ask("wait-merge", "--op-id", queued["op_id"])["status"] == "completed"
    assert len((workshop.repo / "work.txt").read_text().splitlines()) == 2
    assert workshop.ask("close", "t1")["status"] == "Completed"


def test_closing_with_the_merge_takes_it_there_in_one_step(workshop: Workshop) -> None:
    configure(workshop, REVIEWED)
    dispatched(workshop)
    closing = workshop.ask("close", "t1", "--merge")
    assert workshop.ask("wait-merge", "--op-id", closing["merge_op_id"])["status"] == "completed"
    (row,) = workshop.ask("status", "t1")["threads"]
    assert (row["thread_status"], (workshop.repo / "work.txt").exists()) == ("Completed", True)


def test_a_commit_that_nobody_approved_is_refused_until_a_person_approves_it(workshop: Workshop) -> None:
    configure(workshop, REVIEWED)
    dispatched(workshop)
    tree = workshop.repo / ".compas-worktrees" / "t1"
    assert workshop("approve", "t1").code == 0
    assert "approved" in workshop("status").out
    (tree / "late.txt").write_text("unseen\n")
    workshop.git("add", "late.txt", cwd=tree)
    workshop.git("commit", "-q", "-m", "late", cwd=tree)
    refused = workshop("merge", "t1")
    assert refused.code != 0
    assert "it has been changed since" in refused.err
    assert "# review: operator approved" in workshop("diff", "t1").out
    assert "changed since the approval" in workshop("status").out
    assert workshop("approve", "t1", "--note", "it is fine").code == 0
    merged = workshop.ask("merge", "t1")
    assert workshop.ask("wait-merge", "--op-id", merged["op_id"])["status"] == "completed"


def test_changes_that_a_person_asks_for_go_to_the_developer(workshop: Workshop) -> None:
    configure(workshop, REVIEWED)
    dispatched(workshop)
    asked = workshop.ask("request-changes", "t1", "Add another line.")
    assert asked["agent"] == "dev"
    workshop.ask("wait", "--thread-id", "t1", "--since", asked["reference"], "--await-chain", "--timeout", "60")
    merged = workshop.ask("merge", "t1")
    assert merged["review"] == "changed_since_the_review"
    assert "operator asked for changes" in merged["warning"]
    assert workshop.ask("wait-merge", "--op-id", merged["op_id"])["status"] == "completed"
