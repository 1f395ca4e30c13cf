"""The example configs of the original's README with Claude Code: dispatch, review, merge, close, without any flag."""

import os

import pytest

from tests.kit.ceiling import CEILING
from tests.kit.system.workshop import Result, Workshop, finish

pytestmark = pytest.mark.system

COMMIT = "git add --all && git commit --quiet -m 'Add a health check' || true"
TASK = (
    f"SCENARIO:shell cmd=\"echo 'OK = 1' > health.py; {COMMIT}\"\n"
    "SCENARIO:final text='A health check is there.'\n"
    "SCENARIO:end\n"
)
"""What follows a task, such as the place of the work, is no part of the script. Reviewers get the task with the reply,
play it as well, and change nothing by it."""

DEV_ALONE = """\
default_workdir: {repo}
state_dir: {state}

agents:
  - alias: dev
    backend: claude
    prompt: "You implement changes. Follow the project's AGENTS.md."
{env}"""

DEV_AND_REVIEWER = """\
default_workdir: {repo}
state_dir: {state}

agents:
  - alias: dev
    backend: claude
    model: claude-sonnet-4-6
    workspace: worktree
    handoff:
      on_response: reviewer
      max_chain_depth: 3
    prompt: "You implement changes. Follow the project's AGENTS.md."
{env}
  - alias: reviewer
    backend: claude
    model: claude-sonnet-4-6
    handoff:
      on_response: dev
    prompt: "Review for correctness and test coverage. Do not implement."
{env}"""

ENV = "    env: {IS_SANDBOX: '1'}\n" if os.geteuid() == 0 else ""
"""What Claude Code needs on a machine where the tests run as root; it is not in the examples."""


def dispatch(claude: Workshop, config: str) -> Result:
    """Give `dev` the task under one of the configs, and wait until its chain is over."""
    claude.config.write_text(config.format(repo=claude.repo, state=claude.root / "state", env=ENV))
    waiting = ("--thread", "t1", "--wait", "--timeout", "100", "--json")
    return finish(claude.begin("dispatch", "dev", TASK, *waiting), 100 + CEILING)


def test_one_agent_works_in_the_repository_and_its_thread_is_closed(claude: Workshop) -> None:
    assert dispatch(claude, DEV_ALONE).json()["body"] == "A health check is there."
    assert (claude.repo / "health.py").read_text() == "OK = 1\n"
    assert claude.ask("close", "t1")["status"] == "Completed"


def test_a_chain_that_ends_at_its_limit_without_verdicts_is_merged_and_closed(claude: Workshop) -> None:
    answer = dispatch(claude, DEV_AND_REVIEWER).json()
    steps = [(step["agent"], step["status"], step.get("verdict")) for step in answer["chain"]]
    assert steps == [(agent, "completed", None) for agent in ("dev", "reviewer", "dev", "reviewer")]
    merge = claude.ask("merge", "t1")
    assert claude.ask("wait-merge", "--op-id", merge["op_id"])["status"] == "completed"
    assert (claude.repo / "health.py").read_text() == "OK = 1\n"
    assert claude.ask("close", "t1")["status"] == "Completed"
