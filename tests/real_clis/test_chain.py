"""A whole chain on two CLIs: Claude Code works, Claude Code and Codex review it side by side, Claude Code goes on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.model_server.model_http import ModelServer
from tests.real_clis import install
from tests.real_clis.rigs import RIGS
from tests.real_clis.stage import Stage, open_with

pytestmark = pytest.mark.system

REVIEW = "SCENARIO:shell cmd='cat rounds.txt; pwd'\nSCENARIO:final text='Verdict: request changes'\nSCENARIO:end"
TASK = "SCENARIO:shell cmd='echo round >> rounds.txt'\nSCENARIO:final text='Done.'\nSCENARIO:end"


@pytest.fixture
def both(tmp_path: Path, server: ModelServer) -> Iterator[Stage]:
    """Return a workshop whose operator has Claude Code and Codex."""
    codex = RIGS["codex"]
    command = install.command_of(codex.name)
    if not command.exists():
        pytest.skip(f"codex is not installed at {command}: `python -m tests.real_clis.install` needs npm")
    with open_with(RIGS["claude"], tmp_path, server) as workshop:
        workshop.environ |= codex.environ(server.url)
        workshop.environ["PATH"] = f"{command.parent}:{workshop.environ['PATH']}"
        codex.furnish(tmp_path, server.url)
        yield Stage(RIGS["claude"], workshop, server)


def test_work_goes_to_two_reviewers_at_once_whose_answers_bring_it_back(both: Stage) -> None:
    plan = {"on_response": ["r1", "r2"], "join": "dev", "until": "approved", "max_chain_depth": 2}
    claude, codex = RIGS["claude"].settings, RIGS["codex"].settings
    dev = {"alias": "dev", "backend": "claude", "workspace": "worktree", "commit": "auto", **claude}
    reviewers = [
        {"alias": "r1", "backend": "claude", "workspace": "worktree", **claude},
        {"alias": "r2", "backend": "codex", "workspace": "worktree", **codex},
    ]
    both.workshop.configure([{**dev, "handoff": {**plan, "handoff_prompt": REVIEW}}, *reviewers])
    answer = both.dispatch(TASK, seconds=100)
    steps = [(step["agent"], step["status"], step.get("verdict", "")) for step in answer["chain"]]
    asks = "request_changes"
    assert steps[0] == ("dev", "completed", "")
    assert sorted(steps[1:3]) == [("r1", "completed", asks), ("r2", "completed", asks)]
    assert steps[3:] == [("dev", "completed", "")]
    assert (both.worktree / "rounds.txt").read_text() == "round\nround\n"
    seen = [
        request.results[-1] for request in both.server.requests if request.results and "pwd" in str(request.prompts)
    ]
    places = {text.split("/")[-1].split('"')[0].strip() for text in seen if "round" in text}
    assert len(places) >= 2, "each reviewer stands in a worktree of its own"
    assert answer["intent"] == "review-request"
    assert len(both.workshop.ask("status")["threads"]) == 3
    last = both.server.requests[-1].prompts[-1]
    assert "### r1, verdict: request changes" in last
    assert "### r2, verdict: request changes" in last
    merged = both.workshop.ask("merge", "t1")
    assert both.workshop.ask("wait-merge", "--op-id", merged["op_id"])["status"] == "completed"
    assert (both.workshop.repo / "rounds.txt").read_text() == "round\nround\n"
