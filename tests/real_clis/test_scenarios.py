"""The same scenarios with every agent CLI. What they come to stands in `expected.py`, and from there in the docs."""

import signal

import pytest

from tests.kit.ceiling import CEILING
from tests.kit.system import process_tree
from tests.real_clis.expected import EXPECTED
from tests.real_clis.stage import Stage

pytestmark = pytest.mark.system

RETRIED_ONCE = {"max_retries": 1, "retry_backoff_secs": 0}


def came_to(stage: Stage, scenario: str) -> None:
    """Compare how the executions ended with what is documented."""
    assert "; ".join(stage.judged()) == EXPECTED[scenario][stage.rig.name]


def test_first_turn(stage: Stage) -> None:
    stage.configure({"prompt": "You are dev, and call yourself so."})
    assert stage.say("Hello.").startswith("echo (prompt 1, 0 tool results): ")
    assert any("You are dev, and call yourself so." in f"{one.system} {one.prompts}" for one in stage.server.requests)
    assert stage.sessions()[0]
    came_to(stage, "first turn")


def test_tool_call_that_edits_the_worktree(stage: Stage) -> None:
    stage.configure({"commit": "auto"})
    task = "SCENARIO:write path=new.txt content=written\nSCENARIO:shell cmd='exit 3'\nSCENARIO:final text=Done."
    assert stage.say(task).startswith("Done.")
    assert (stage.worktree / "new.txt").read_text().strip() == "written"
    merged = stage.workshop.ask("merge", "t1")
    assert stage.workshop.ask("wait-merge", "--op-id", merged["op_id"])["status"] == "completed"
    assert (stage.workshop.repo / "new.txt").read_text().strip() == "written"
    came_to(stage, "tool call that edits the worktree")


def test_resume(stage: Stage) -> None:
    stage.configure()
    stage.say("SCENARIO:shell cmd='echo one'\nSCENARIO:final text=One.")
    for number in (2, 3):
        assert stage.say("And now?").startswith(f"echo (prompt {number}, 0 tool results): ")
    assert len(set(stage.sessions())) == 1
    first, *later = [end["usage"] for end in stage.ended()]
    assert [usage["tokens_in"] for usage in later] == [first["tokens_in"] // 2] * 2, "each run counts its own"
    assert [usage["tokens_out"] for usage in later] == [first["tokens_out"] // 2] * 2
    came_to(stage, "resume")


def test_stale_session(stage: Stage) -> None:
    stage.configure(RETRIED_ONCE)
    stage.say("One.")
    stage.rig.lose_conversations(stage.workshop.root)
    assert stage.say("Two.").startswith("echo (prompt 1, 0 tool results): ")
    first, *_, last = stage.sessions()
    assert first != last
    came_to(stage, "stale session")


def test_conversation_too_long(stage: Stage) -> None:
    """Claude Code makes a summary and goes on by itself; OpenCode tries to, and needs most of a minute for that."""
    stage.configure({"timeout_secs": 150})
    stage.say("One.")
    reply = stage.say("SCENARIO:full\nTwo.", seconds=210)
    assert reply.startswith("echo (prompt 1, 0 tool results): ")
    first, *_, last = stage.sessions()
    was_handed_over = "session_full" in EXPECTED["conversation too long"][stage.rig.name]
    assert ("had become too long" in reply) == (first != last) == was_handed_over
    came_to(stage, "conversation too long")


def test_authentication_failure(stage: Stage) -> None:
    stage.configure(RETRIED_ONCE, stage.rig.at_once, stage.rig.with_key("bad-key"))
    stage.say("Hello.")
    came_to(stage, "authentication failure")


def test_rate_limit_that_passes(stage: Stage) -> None:
    stage.configure()
    assert stage.say("SCENARIO:ratelimit times=1 retry_after=1\nSCENARIO:final text=Recovered.").startswith(
        "Recovered."
    )
    came_to(stage, "rate limit that passes")


def test_rate_limit_for_good(stage: Stage) -> None:
    stage.configure(RETRIED_ONCE, stage.rig.at_once, {"timeout_secs": 100})
    stage.say("SCENARIO:ratelimit", seconds=210)
    came_to(stage, "rate limit for good")


def test_quota(stage: Stage) -> None:
    stage.configure(RETRIED_ONCE, stage.rig.at_once)
    stage.say("SCENARIO:quota")
    came_to(stage, "quota used up")


def test_server_error_for_good(stage: Stage) -> None:
    stage.configure(RETRIED_ONCE, stage.rig.at_once, {"timeout_secs": 100})
    stage.say("SCENARIO:error code=503", seconds=210)
    came_to(stage, "server error for good")


def test_cut_stream(stage: Stage) -> None:
    # OpenCode may take a minute to see that it has failed for good.
    stage.configure(RETRIED_ONCE, stage.rig.at_once, {"timeout_secs": 100})
    stage.say("SCENARIO:cut", seconds=210)
    came_to(stage, "cut stream")


def test_no_server(stage: Stage) -> None:
    stage.configure(stage.rig.at_once)
    stage.server.shutdown()
    stage.server.server_close()
    stage.say("Hello.")
    came_to(stage, "no server")


def test_timeout(stage: Stage) -> None:
    stage.configure(RETRIED_ONCE, {"timeout_secs": 20})
    tool, _ = stage.begin_tool()
    agent = stage.agent_pid()
    end = stage.workshop.until("execution.ended")["data"]
    assert end["session"]
    assert [pid for pid in (tool, agent) if process_tree.is_alive(pid)] == []
    came_to(stage, "timeout")


def test_sigterm(stage: Stage) -> None:
    """Somebody else ends the CLI, politely: that is a failure, whatever exit status the CLI makes of it."""
    stage.configure()
    tool, _ = stage.begin_tool()
    process_tree.signal_group(stage.agent_pid(), signal.SIGTERM)
    stage.workshop.until("execution.ended")
    assert process_tree.wait_gone(tool, CEILING)
    came_to(stage, "SIGTERM")


def test_abandon(stage: Stage) -> None:
    stage.configure()
    tool, _ = stage.begin_tool()
    agent = stage.agent_pid()
    assert stage.workshop.ask("abandon", "t1")["processes_killed"] == 1
    stopped = stage.workshop.until("execution.stopped")["data"]["process"]
    assert (stopped["kind"], stopped.get("nothing_left", True)) == ("stopped", True)
    assert [pid for pid in (tool, agent) if process_tree.is_alive(pid)] == []
    came_to(stage, "abandon")


def test_huge_output(stage: Stage) -> None:
    stage.configure()
    lines = set(stage.say("SCENARIO:huge bytes=600000").splitlines())
    assert len(lines) >= 600_000 // 33
    came_to(stage, "huge output")


def test_output_that_is_not_utf_8(stage: Stage) -> None:
    stage.configure()
    task = "SCENARIO:shell cmd=\"printf 'a\\\\377\\\\376b\\\\000c'\"\nSCENARIO:final text='Read.'"
    assert stage.say(task).startswith("Read.")
    came_to(stage, "output that is not UTF-8")


PLANES = "".join(chr(plane * 0x10000 + 0xE000 + plane) for plane in range(17))


@pytest.mark.parametrize(
    "task",
    [
        "--help me, -r x",
        f"umlauts äöü, \u2028, a tab\t, \"quotes\" and 'more', ${{HOME}} `x`\n\nplanes {PLANES} end",
        "".join(f"line {n}: 'quotes' \"and\" ${{HOME}} `x` 😀\n" for n in range(26_000))[: 2**20],
    ],
    ids=["dash", "odd", "mebibyte"],
)
def test_a_task_reaches_the_model_byte_for_byte(stage: Stage, task: str) -> None:
    stage.configure()
    stage.say(task)
    said = [request.prompts[-1] for request in stage.server.requests if request.tools]
    assert said == [task]
    came_to(stage, "odd task")


def test_supervisor_killed(stage: Stage) -> None:
    stage.configure()
    supervisor = stage.workshop.supervise()
    tool, gate = stage.begin_tool()
    process_tree.kill(supervisor.pid)
    assert process_tree.is_alive(tool)
    stage.workshop.ask("health")
    gate.write_text("go")
    assert stage.workshop.until("execution.ended")["data"]["preview"].startswith("Made it.")
    came_to(stage, "supervisor killed")
