"""What a script that runs `compas` sees: exit codes, standard output, standard error."""

import json
import os
import signal
import subprocess

import pytest

from compas.api.waiting import LONGEST_TIMEOUT_SECS
from tests.kit.ceiling import CEILING
from tests.kit.cli.command_line import CommandLine
from tests.kit.client.scripted_supervisor import Scripted

pytestmark = pytest.mark.system

FOUND = {
    "found": True,
    "thread_id": "T",
    "message_id": 2,
    "reference": "db:2",
    "from": "dev",
    "to": "operator",
    "intent": "response",
    "body": "done\nfound=false",
    "created_at": 1700000000,
}
NOT_FOUND = {"found": False, "thread_id": "T", "reason": "failed", "error": "it crashed", "thread_status": "Active"}
SENT = {"thread_id": "T", "message_id": 1, "reference": "db:1", "next_step": "compas wait", "await_chain": True}
MERGED = {
    "found": True,
    "op_id": "M",
    "thread_id": "T",
    "status": "completed",
    "source_branch": "compas/T",
    "target_branch": "main",
}
END = {"next_after": 2}
STOPPED = {"pid": 1, "mode": "drain", "running": 2}


def event(position: int) -> dict[str, object]:
    """Return an event as the supervisor sends it."""
    named = {"stream": "thread/T", "type": "thread.opened", "causation": "", "lineage": "", "data": {}}
    return {"position": position, "at": 0.5, "epoch": 1, **named}


# proves: b-mcp-cli-merge 111
def test_every_spelling_of_a_wait_for_a_message_does_the_same(compas: CommandLine, scripted: Scripted) -> None:
    scripted.says(answers={"wait": {"reply": FOUND}})
    scripted.start()
    del compas.environ["COMPAS_CONFIG"]
    config = ["--config", str(compas.config)]
    results = [
        compas("wait", "--thread-id", "T", *config),
        compas(*config, "wait", "--thread-id", "T"),
        compas("wait", "message", "--thread-id", "T", *config),
        compas("wait", *config, "message", "--thread-id", "T"),
        compas("wait", "T", *config),
        compas("wait", "message", "T", *config),
    ]
    assert {(result.returncode, result.stdout) for result in results} == {(0, results[0].stdout)}
    asked = [record["args"] for record in scripted.seen if record["op"] == "wait"]
    assert [args["thread_id"] for args in asked] == ["T"] * 6


# proves: b-mcp-cli-merge 112
def test_both_spellings_of_a_wait_for_a_merge_do_the_same(compas: CommandLine, scripted: Scripted) -> None:
    scripted.says(answers={"wait_merge": {"reply": MERGED}})
    scripted.start()
    one, *others = (
        compas(*words)
        for words in (
            ("wait-merge", "--op-id", "M"),
            ("wait", "merge", "--op-id", "M"),
            ("wait-merge", "M"),
            ("wait", "merge", "M"),
        )
    )
    assert all((one.returncode, one.stdout) == (other.returncode, other.stdout) for other in others)
    assert one.stdout.startswith("found=true\nop_id=M\n")


@pytest.mark.parametrize(("status", "code"), [("completed", 0), ("failed", 1)])
def test_a_merge_that_is_waited_for_ends_as_its_wait_does(
    compas: CommandLine, scripted: Scripted, status: str, code: int
) -> None:
    queued = {"op_id": "M", "thread_id": "T", "source_branch": "compas/T", "target_branch": "main", "strategy": "merge"}
    merge = {**queued, "status": "queued", "queue_depth": 1, "next_step": "", "warning": "hooks are off"}
    scripted.says(answers={"merge": {"reply": merge}, "wait_merge": {"reply": MERGED | {"status": status}}})
    scripted.start()
    result = compas("merge", "T", "--wait", "--timeout", "9")
    assert result.returncode == code
    assert result.stdout.startswith("found=true\nop_id=M\n")
    assert result.stderr == "waiting for merge M of compas/T into main\nwarning: hooks are off\n"
    (asked,) = [record["args"] for record in scripted.seen if record["op"] == "wait_merge"]
    assert (asked["op_id"], round(asked["timeout_secs"])) == ("M", 9)


def test_the_exit_code_of_a_wait_tells_found_from_not_found(compas: CommandLine, scripted: Scripted) -> None:
    scripted.says(answers={"wait": {"reply": NOT_FOUND}})
    scripted.start()
    result = compas("wait", "--thread-id", "T")
    assert (result.returncode, result.stderr) == (1, "")
    assert "reason=failed" in result.stdout.splitlines()


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_merge_that_ended_badly_exits_with_one(compas: CommandLine, scripted: Scripted, status: str) -> None:
    scripted.says(answers={"wait_merge": {"reply": MERGED | {"status": status, "error_detail": "conflict"}}})
    scripted.start()
    result = compas("wait-merge", "--op-id", "M")
    assert result.returncode == 1
    assert result.stdout.endswith("---BODY---\nconflict\n")


# proves: b-mcp-cli-merge 115
@pytest.mark.parametrize(
    ("args", "reason"),
    [
        ([], "a command is missing"),
        (["wait"], "error: THREAD is missing. See `compas wait --help`."),
        (["wait", "merge"], "error: MERGE is missing."),
        (["wait", "branch", "--thread-id", "T"], "error: THREAD is given twice, also as --thread-id."),
        (["wait", "--thread-id", "T", "--timeout", "soon"], "error: --timeout has to be a number, found 'soon'."),
        (["wait", "--thread-id", "T", "--timeout", "-1"], "error: --timeout has to be at least 0, found -1."),
        (["wait", "--thread", "T"], "error: there is no option --thread; did you mean --thread-id? See"),
        (["status", "--limit", "0"], "error: --limit has to be at least 1, found 0."),
        (["close", "T", "--status", "merged"], "error: --status has to be completed or failed, found 'merged'."),
        (["dispatch", "dev"], "error: TEXT is missing."),
        (["dispatch", "dev", "x", "--timeout", "3"], "--wait, which is not given"),
        (["stop", "--now", "--detach"], "error: --detach and --now cannot be given together; choose one."),
        (["frobnicate"], "error: there is no command 'frobnicate'. See `compas --help`."),
        (["--frobnicate", "status"], "error: there is no option --frobnicate."),
        (["wait", "--thread-id", "T", "--config", "/nonexistent/c.yaml"], "error: there is no configuration at"),
    ],
)
def test_what_cannot_be_understood_is_said_on_standard_error(compas: CommandLine, args: list[str], reason: str) -> None:
    result = compas(*args)
    assert (result.returncode, result.stdout) == (2, "")
    assert reason in result.stderr


# proves: b-mcp-cli-merge 110
def test_an_absurd_time_limit_is_refused(compas: CommandLine) -> None:
    for command, name in (("wait", "--thread-id"), ("wait-merge", "--op-id")):
        result = compas(command, name, "T", "--timeout", str(2**64 - 1))
        assert result.returncode == 2
        assert "--timeout has to be at most 2592000, found" in result.stderr


def test_a_failure_of_the_supervisor_is_one_line_with_a_stable_prefix(compas: CommandLine, scripted: Scripted) -> None:
    scripted.says()
    scripted.start()
    result = compas("why", "T")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "error: the script says nothing of why\n"


def test_a_supervisor_is_not_started_when_the_user_says_so(compas: CommandLine) -> None:
    result = compas("status", "--no-start")
    assert (result.returncode, result.stdout) == (2, "")
    assert "error: no supervisor is running" in result.stderr


def test_calls_from_inside_an_execution_say_so_and_start_nothing(compas: CommandLine, scripted: Scripted) -> None:
    compas.environ |= {"COMPAS_EXECUTION": "01X", "COMPAS_RUN_TOKEN": "secret"}
    refused = compas("status")
    assert "from inside an execution" in refused.stderr
    scripted.says(answers={"status": {"reply": {"threads": [], "total": 0}}})
    scripted.start()
    assert compas("status").returncode == 0
    meta = scripted.seen[-1]["meta"]
    assert {name: meta[name] for name in ("execution", "token")} == {"execution": "01X", "token": "secret"}


def test_a_task_can_come_on_standard_input(compas: CommandLine, scripted: Scripted) -> None:
    scripted.says(answers={"dispatch": {"reply": SENT}})
    scripted.start()
    result = compas("dispatch", "dev", "-", "--from", "lead", given="Füge hinzu:\n- a\n".encode())
    assert result.returncode == 0
    args = scripted.seen[-1]["args"]
    assert (args["to"], args["body"], args["from"]) == ("dev", "Füge hinzu:\n- a\n", "lead")


def test_a_task_that_is_no_text_is_refused(compas: CommandLine) -> None:
    result = compas("dispatch", "dev", "-", given=b"abc\xff")
    assert result.returncode == 2
    assert "not UTF-8 at byte 3" in result.stderr


def test_dispatch_can_wait_for_the_answer_as_the_agents_chain_asks(compas: CommandLine, scripted: Scripted) -> None:
    scripted.says(answers={"dispatch": {"reply": SENT}, "wait": {"reply": FOUND}})
    scripted.start()
    result = compas("dispatch", "dev", "do it", "--wait", "--timeout", "60")
    assert result.returncode == 0
    assert result.stdout.startswith("found=true\nthread_id=T\n")
    assert "in thread T" in result.stderr
    args = scripted.seen[-1]["args"]
    assert (args["since_reference"], args["await_chain"]) == ("db:1", True)
    assert args["timeout_secs"] <= 60


def test_a_chain_that_ends_with_changes_requested_is_no_success_to_a_script(
    compas: CommandLine, scripted: Scripted
) -> None:
    done = {"agent": "dev", "status": "completed", "execution_id": "E"}
    judged = {**done, "agent": "rev", "verdict": "request_changes"}
    scripted.says(answers={"dispatch": {"reply": SENT}, "wait": {"reply": {**FOUND, "chain": [done, judged]}}})
    scripted.start()
    result = compas("dispatch", "dev", "do it", "--wait")
    assert result.returncode == 1
    assert scripted.seen[-1]["args"]["timeout_secs"] > LONGEST_TIMEOUT_SECS - CEILING, "it waits until it is over"
    assert result.stderr.endswith("the chain did not end well: changes were requested by rev\n")
    assert result.stdout.startswith("found=true\n")
    assert compas("wait", "T", "--await-chain").returncode == 0


def test_a_wrong_time_limit_is_found_before_anything_is_dispatched(compas: CommandLine, scripted: Scripted) -> None:
    scripted.says(answers={"dispatch": {"reply": SENT}})
    scripted.start()
    assert compas("dispatch", "dev", "do it", "--wait", "--timeout", "-1").returncode == 2
    assert [record["op"] for record in scripted.seen] == ["begun"]


def test_json_is_one_object_for_an_answer_and_one_a_line_for_a_stream(compas: CommandLine, scripted: Scripted) -> None:
    answers = {"status": {"reply": {"threads": [], "total": 7}}, "events": {"push": [event(1), event(2)], "reply": END}}
    scripted.says(answers=answers)
    scripted.start()
    assert json.loads(compas("status", "--json").stdout)["total"] == 7
    lines = compas("events", "--json").stdout.splitlines()
    assert [json.loads(line)["position"] for line in lines] == [1, 2]


def test_a_log_is_written_as_it_was(compas: CommandLine, scripted: Scripted) -> None:
    first = {"execution_id": "X", "offset": 0, "next_offset": 3, "text": "a\nb"}
    chunks = [first, {**first, "offset": 3, "next_offset": 6, "text": "c\n"}]
    end = {"execution_id": "X", "next_offset": 6, "status": "completed"}
    scripted.says(answers={"log": {"push": chunks, "reply": end}})
    scripted.start()
    assert compas("log", "X", "--tail", "5").stdout == "a\nbc\n"
    assert scripted.seen[-1]["args"]["tail"] == 5


def test_an_interrupt_cancels_the_request_and_leaves_no_traceback(compas: CommandLine, scripted: Scripted) -> None:
    scripted.says(answers={"events": {"push": [event(1)], "hang": True}})
    scripted.start()
    process = compas.start("events", "-f")
    assert process.stdout is not None
    assert b"thread.opened" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=CEILING)
    assert (process.returncode, out, err) == (130, b"", b"")
    assert scripted.seen[-1]["op"] == "cancelled"


def test_an_output_that_nobody_reads_ends_the_command_quietly(compas: CommandLine, scripted: Scripted) -> None:
    long = [event(n) | {"data": {"text": "x" * 50_000}} for n in range(1, 9)]
    scripted.says(answers={"events": {"push": long, "reply": END}})
    scripted.start()
    process = compas.start("events")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(1)
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert (process.wait(timeout=CEILING), said) == (141, b"")


def test_stop_returns_when_the_supervisor_is_gone_and_tells_what_became_of_agents(
    compas: CommandLine, scripted: Scripted
) -> None:
    scripted.says(answers={"stop": {"reply": STOPPED}})
    scripted.start()
    result = compas("stop")
    assert (result.returncode, result.stdout) == (0, "the supervisor has stopped, 2 executions finished before\n")
    assert "it waits for 2 executions to end" in result.stderr
    assert compas("stop").stdout == "no supervisor is running\n"


@pytest.mark.parametrize(("flags", "mode"), [([], "drain"), (["--now"], "now"), (["--detach"], "detach")])
def test_stop_says_which_way_is_meant(compas: CommandLine, scripted: Scripted, flags: list[str], mode: str) -> None:
    scripted.says(answers={"stop": {"reply": STOPPED | {"mode": mode}}})
    scripted.start()
    assert compas("stop", *flags).returncode == 0
    assert scripted.seen[-1]["args"].get("mode", "drain") == mode, "what is as by default is not sent"


def test_a_supervisor_that_dies_while_it_is_told_to_stop_has_stopped(compas: CommandLine, scripted: Scripted) -> None:
    scripted.says(answers={"stop": {"reply": STOPPED}}, die_at=["stop", 1])
    scripted.start()
    result = compas("stop")
    assert (result.returncode, result.stderr) == (0, "")
    assert [record["op"] for record in scripted.seen] == ["begun", "stop"]


def test_output_in_an_encoding_without_the_character_is_no_crash(compas: CommandLine, scripted: Scripted) -> None:
    compas.environ |= {"PYTHONIOENCODING": "ascii"}
    scripted.says(answers={"wait": {"reply": FOUND | {"body": "grün ✓"}}})
    scripted.start()
    result = compas("wait", "--thread-id", "T")
    assert result.returncode == 0
    assert "gr\\xfcn \\u2713" in result.stdout


def test_a_terminal_is_protected_from_what_agents_write(compas: CommandLine, scripted: Scripted) -> None:
    scripted.says(answers={"wait": {"reply": FOUND | {"body": "\x1b[2Jgone\x07"}}})
    scripted.start()
    piped = compas("wait", "--thread-id", "T")
    assert "\x1b[2Jgone\x07" in piped.stdout
    compas.environ["NO_COLOR"] = "1"
    ours, theirs = os.openpty()
    process = compas.start("wait", "--thread-id", "T", stdout=theirs, stderr=subprocess.DEVNULL)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:  # how Linux says that the other side is closed
        pass
    os.close(ours)
    assert process.wait(timeout=CEILING) == 0
    assert b"\x1b" not in shown
    assert "␛[2Jgone".encode() in shown
