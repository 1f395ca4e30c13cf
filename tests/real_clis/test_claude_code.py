"""Claude Code itself, against a model server on loopback, under a whole compas."""

import os
import select
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.kit.ceiling import CEILING
from tests.kit.system import process_tree
from tests.kit.system.workshop import Workshop
from tests.model_server.model_http import ModelServer

pytestmark = pytest.mark.system

DEV = {"alias": "dev", "backend": "claude", "safety_mode": "auto_approve", "model": "sonnet", "timeout_secs": 50}
AT_ONCE = {"CLAUDE_CODE_MAX_RETRIES": "0"}
"""The CLI repeats nothing, so that a failure is there at once."""


def configure(claude: Workshop, **settings: object) -> None:
    """Make `dev` an agent on Claude Code that works in a worktree."""
    claude.configure([{**DEV, "workspace": "worktree", **settings}])


def dispatch(claude: Workshop, task: str, *options: str) -> Any:  # noqa: ANN401 - an answer has any shape
    """Give `dev` a task in `t1` over standard input, and return the answer that was waited for."""
    file = claude.root / "task"
    file.write_text(task)
    with file.open("rb") as given:
        waiting = ("--thread", "t1", "--wait", "--timeout", "50", "--json")
        return claude("dispatch", "dev", "-", *waiting, *options, stdin=given).json()


def runs(claude: Workshop) -> list[dict[str, Any]]:
    """Return the executions of `t1`."""
    found: list[dict[str, Any]] = claude.ask("transcript", "t1")["executions"]
    return found


def ended(claude: Workshop) -> list[dict[str, Any]]:
    """Return how the executions of `t1` ended, as the log has it."""
    return [event["data"] for event in claude.events("t1") if event["type"] == "execution.ended"]


def judged(claude: Workshop) -> list[tuple[str, str]]:
    """Return status and class of each ended execution."""
    return [(end["status"], end.get("category", "")) for end in ended(claude)]


# --- work --------------------------------------------------------------------------------------------------------


def test_a_tool_writes_into_the_worktree_and_the_next_task_continues_the_conversation(
    claude: Workshop, server: ModelServer
) -> None:
    configure(claude, commit="auto", prompt="You are dev.")
    first = dispatch(claude, 'SCENARIO:write path=new.txt content="written"\nSCENARIO:final text="Done."')
    assert first["body"].startswith("Done.")
    assert (claude.repo / ".compas-worktrees" / "t1" / "new.txt").read_text() == "written"
    assert dispatch(claude, "And now?")["body"].startswith("echo (prompt 2, 0 tool results): And now?")
    one, two = runs(claude)
    assert one["session_id"]
    assert one["session_id"] == two["session_id"]
    assert server.requests[-1].prompts[-1] == "And now?"
    assert all("You are dev." in request.system for request in server.requests)
    spent = [end["usage"] for end in ended(claude)]
    tokens = [(each["tokens_in"], each["tokens_out"], each["tokens_cached"]) for each in spent]
    assert tokens == [(222, 44, 66), (111, 22, 33)]
    assert spent[0]["cost_usd"] == pytest.approx(2 * spent[1]["cost_usd"]), "not the conversation's total"
    merged = claude.ask("merge", "t1")
    assert claude.ask("wait-merge", "--op-id", merged["op_id"])["status"] == "completed"
    assert (claude.repo / "new.txt").read_text() == "written"


def test_work_goes_to_a_reviewer_and_back_each_in_a_conversation_of_its_own(
    claude: Workshop, server: ModelServer
) -> None:
    review = "SCENARIO:shell cmd='cat health.py'\nSCENARIO:final text='Verdict: request changes'\nSCENARIO:end"
    correct = "SCENARIO:write path=fixed.py content='OK = True'\nSCENARIO:final text='Corrected.'\nSCENARIO:end"
    dev = {"on_response": "reviewer", "handoff_prompt": review, "max_chain_depth": 3}
    reviewer = {**DEV, "alias": "reviewer", "handoff": {"on_response": "dev", "handoff_prompt": correct}}
    claude.configure([{**DEV, "workspace": "worktree", "handoff": dev}, reviewer])
    answer = dispatch(claude, "SCENARIO:write path=health.py content='OK = 1'\nSCENARIO:final text='A first go.'")
    chain = [(step["agent"], step["status"], step.get("verdict", "")) for step in answer["chain"]]
    asks = ("reviewer", "completed", "request_changes")
    assert chain == [("dev", "completed", ""), asks, ("dev", "completed", ""), asks]
    first, review_one, second, review_two = (run["session_id"] for run in runs(claude))
    assert first == second
    assert review_one == review_two
    assert first != review_one
    assert "OK = 1" in server.requests[3].results[0], "the reviewer sees the work"
    assert (claude.repo / ".compas-worktrees" / "t1" / "fixed.py").exists()
    assert len(server.requests[-1].prompts) == 2


def test_a_long_prompt_reaches_the_model_whole_in_new_and_in_continued_conversations(
    claude: Workshop, server: ModelServer
) -> None:
    prompt = "You are dev." + "".join(f" Rule {n}." for n in range(20_000))
    configure(claude, prompt=prompt)
    dispatch(claude, "One.")
    dispatch(claude, "Two.")
    assert len(server.requests) == 2
    assert all(prompt in request.system for request in server.requests)


# --- what is said ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "task",
    [
        "--help me, -r x",
        "  spaces before, umlauts äöü, \u2028, and a tab\t",
        " /help is a command, but not behind a space",
        "/etc/hosts is no command",
        "".join(f"line {n}: 'quotes' \"and\" ${{HOME}} `x` 😀\n" for n in range(26_000))[: 2**20],
    ],
    ids=["dash", "odd", "slash", "path", "mebibyte"],
)
def test_a_task_reaches_the_model_as_it_was_written(claude: Workshop, server: ModelServer, task: str) -> None:
    configure(claude)
    assert dispatch(claude, task)["body"].startswith("echo (prompt 1")
    (request,) = server.requests
    assert request.prompts == [task]


def test_a_task_that_the_cli_takes_for_its_own_command_has_failed(claude: Workshop, server: ModelServer) -> None:
    configure(claude)
    assert "begin it with a space" in dispatch(claude, "/help me")["body"]
    assert judged(claude) == [("failed", "agent_error")]
    assert server.requests == []


def test_output_of_tools_that_is_no_text_does_no_harm(claude: Workshop) -> None:
    configure(claude)
    task = "SCENARIO:shell cmd=\"printf 'a\\\\377\\\\376b\\\\000c'\"\nSCENARIO:final text='Read.'"
    assert dispatch(claude, task)["body"].startswith("Read.")
    assert judged(claude) == [("completed", "")]


def test_a_long_answer_is_whole(claude: Workshop) -> None:
    configure(claude)
    body = dispatch(claude, "SCENARIO:huge bytes=900000")["body"]
    assert len(body) >= 33 * (900_000 // 33) - 1
    assert len(set(body.splitlines())) >= 900_000 // 33


# --- troubles ----------------------------------------------------------------------------------------------------


def test_a_conversation_that_the_cli_has_lost_is_begun_again(claude: Workshop, server: ModelServer) -> None:
    configure(claude, max_retries=1, retry_backoff_secs=0)
    dispatch(claude, "One.")
    shutil.rmtree(claude.root / ".claude" / "projects")
    assert dispatch(claude, "Two.")["body"].startswith("echo (prompt 1, 0 tool results): Two.")
    assert judged(claude) == [("completed", ""), ("failed", "stale_session"), ("completed", "")]
    first, _, again = (run["session_id"] for run in runs(claude))
    assert first != again


def test_a_key_that_is_refused_is_a_failure_that_is_not_repeated(claude: Workshop) -> None:
    configure(claude, max_retries=3, retry_backoff_secs=0, env={"ANTHROPIC_API_KEY": "bad-key", **AT_ONCE})
    assert "Invalid API key" in dispatch(claude, "Hello.")["body"]
    assert judged(claude) == [("failed", "auth_failure")]


def test_a_limit_that_passes_is_waited_for_by_the_cli(claude: Workshop, server: ModelServer) -> None:
    configure(claude)
    task = "SCENARIO:ratelimit times=1 retry_after=1\nSCENARIO:final text='Recovered.'"
    assert dispatch(claude, task)["body"].startswith("Recovered.")
    assert [request.answer for request in server.requests] == ["refuse 429", "say"]
    assert judged(claude) == [("completed", "")]


def test_the_cli_repeats_a_request_three_times_and_then_compas_has_its_turn(
    claude: Workshop, server: ModelServer
) -> None:
    configure(claude, max_retries=1, retry_backoff_secs=0)
    task = "SCENARIO:overloaded times=4 retry_after=0\nSCENARIO:final text='Recovered.'"
    assert dispatch(claude, task)["body"].startswith("Recovered.")
    assert [request.answer for request in server.requests] == ["refuse 529"] * 4 + ["say"]
    assert judged(claude) == [("failed", "transient"), ("completed", "")]
    one, two = runs(claude)
    assert one["session_id"] == two["session_id"]


@pytest.mark.parametrize("trouble", ["ratelimit", "cut", "error code=503"])
def test_trouble_for_good_is_a_transient_failure(claude: Workshop, trouble: str) -> None:
    configure(claude, max_retries=1, retry_backoff_secs=0, env=AT_ONCE)
    dispatch(claude, f"SCENARIO:{trouble}")
    assert judged(claude) == [("failed", "transient")] * 2


def test_an_account_that_is_used_up_fails_with_the_time_it_resets(claude: Workshop) -> None:
    del claude.environ["ANTHROPIC_API_KEY"]
    claude.environ["CLAUDE_CODE_OAUTH_TOKEN"] = "sk-ant-oat01-test"
    configure(claude, max_retries=1, retry_backoff_secs=0)
    assert "It resets at 2100-01-01 00:00:00 UTC." in dispatch(claude, "SCENARIO:limit resets=4102444800")["body"]
    assert judged(claude) == [("failed", "quota_exhausted")]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is refused")
def test_as_root_a_failure_says_what_has_to_be_acknowledged(claude: Workshop) -> None:
    configure(claude, safety_mode=None)
    assert "set safety_mode: auto_approve" in dispatch(claude, "Hello.")["body"]


# --- ends --------------------------------------------------------------------------------------------------------


def read_fifo(path: Path) -> bytes:
    """Return what somebody writes into a FIFO; a writer that does not come is a failure."""
    fifo = os.open(path, os.O_RDWR)
    try:
        assert select.select([fifo], [], [], CEILING)[0], f"nobody has written to {path}"
        return os.read(fifo, 1000)
    finally:
        os.close(fifo)


def begin_tool(claude: Workshop) -> tuple[int, Path]:
    """Begin a task whose tool waits at a FIFO; return the tool's pid, and the FIFO to let it go on."""
    here, gate = claude.fifo("here"), claude.fifo("gate")
    step = f"SCENARIO:shell cmd='echo $$ > {here}; exec cat {gate}'\nSCENARIO:final text='Made it.'"
    claude.ask("dispatch", "dev", step, "--thread", "t1")
    pid = int(read_fifo(here))
    assert process_tree.is_alive(pid)
    return pid, gate


def agent_pid(claude: Workshop) -> int:
    pid = claude.until("execution.started")["data"]["pid"]
    assert isinstance(pid, int)
    return pid


def test_abandoning_ends_the_cli_and_its_running_tool(claude: Workshop) -> None:
    configure(claude, max_retries=3, retry_backoff_secs=0)
    tool, _ = begin_tool(claude)
    agent = agent_pid(claude)
    answer = claude.ask("abandon", "t1")
    assert (answer["status"], answer["processes_killed"]) == ("Abandoned", 1)
    stopped = claude.until("execution.stopped")["data"]
    assert stopped["process"]["kind"] == "stopped"
    assert stopped["process"].get("nothing_left", True)
    assert [pid for pid in (tool, agent) if process_tree.is_alive(pid)] == []


@pytest.mark.parametrize("busy_with", ["a tool", "the model"])
def test_a_task_that_takes_too_long_is_ended_with_all_that_it_started(claude: Workshop, busy_with: str) -> None:
    configure(claude, timeout_secs=6, max_retries=3, retry_backoff_secs=0)
    pids = []
    if busy_with == "a tool":
        pids.append(begin_tool(claude)[0])
    else:
        claude.ask("dispatch", "dev", "SCENARIO:hang", "--thread", "t1")
    pids.append(agent_pid(claude))
    end = claude.until("execution.ended")["data"]
    assert (end["status"], end["category"]) == ("timed_out", "timeout")
    assert end["session"]
    assert [pid for pid in pids if process_tree.is_alive(pid)] == []
    assert len(runs(claude)) == 1
    assert "(prompt 2, " in dispatch(claude, "Where were we?")["body"], "the conversation goes on"


def test_the_cli_outlives_a_supervisor_that_is_killed_and_is_answered_once(
    claude: Workshop, server: ModelServer
) -> None:
    configure(claude)
    supervisor = claude.supervise()
    tool, gate = begin_tool(claude)
    process_tree.kill(supervisor.pid)
    assert process_tree.is_alive(tool)
    claude.ask("health")
    gate.write_text("go")
    assert claude.until("execution.ended")["data"]["preview"].startswith("Made it.")
    assert judged(claude) == [("completed", "")]
    assert [len(request.results) for request in server.requests] == [0, 1]
    assert process_tree.wait_gone(tool, CEILING)
