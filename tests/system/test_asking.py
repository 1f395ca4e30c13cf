"""Operations on threads, batches and figures through the command line, with a supervisor that these tests share."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.system import process_tree
from tests.kit.system.workshop import Workshop

pytestmark = pytest.mark.system

TALKS = """\
import json, sys
print(json.dumps({"answer": "Done.", "id": "s 1"}))
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """Return a workshop for all tests here: each has threads and batches of its own in it."""
    runtime = Path(tempfile.mkdtemp(prefix="cs-", dir="/tmp"))
    process_tree.adopt_orphans(on=True)
    try:
        shop = Workshop(tmp_path_factory.mktemp("asking"), runtime)
        gate = str(shop.fifo("never-opened"))
        (shop.root / "my desk").mkdir()
        (shop.root / "talks.py").write_text(TALKS)
        talks = {
            "name": "talks",
            "command": sys.executable,
            "args": [str(shop.root / "talks.py")],
            "resume": {"flag": "--resume", "session_id_arg": "{{session_id}}"},
            "output": {"format": "json", "result_field": "answer", "session_id_field": "id"},
        }
        shop.configure(
            [
                {"alias": "talker", "backend": "talks", "workspace": "shared", "workdir": "my desk"},
                {"alias": "wordy", "backend": "wordy", "workspace": "shared"},
                {"alias": "absent", "backend": "no-cli", "workspace": "shared"},
                shop.agent("dev", [{"reply": "Done."}]),
                shop.agent("gated", [{"block": gate}], max_concurrent=1),
                shop.agent("handy", [{"run": "true"}, {"run": "false"}, {"reply": "Done."}]),
            ],
            backend_definitions=[
                talks,
                {"name": "wordy", "command": "/bin/sh", "args": ["-c", "seq 1 1500"]},
                {"name": "no-cli", "command": str(shop.root / "no-such-cli")},
            ],
        )
        shop.supervise()
        try:
            yield shop
        finally:
            left = shop.shut()
        assert left == [], "these outlived the supervisor and had to be ended"
    finally:
        process_tree.adopt_orphans(on=False)
        shutil.rmtree(runtime)


def test_a_task_for_a_later_time_waits_for_it_and_is_refused_for_an_earlier_one(shared: Workshop) -> None:
    written = "2033-01-31T09:00:00+02:00"
    posted = shared.ask("dispatch", "dev", "x", "--thread", "later", "--scheduled-for", written)
    assert (posted["scheduled_for"], posted["eligible_at"]) == (written, 1990767600)
    (run,) = shared.ask("transcript", "later")["executions"]
    assert (run["id"], run["status"]) == (posted["execution_id"], "queued")
    refused = {"2033-01-31": "as in 2030-01-31T09:00:00+01:00", "2020-01-01T00:00:00Z": "not in the future"}
    for given, says in refused.items():
        result = shared("dispatch", "dev", "x", "--scheduled-for", given)
        assert (result.code, result.out) == (2, "")
        assert says in result.err
    shown = shared("dispatch", "dev", "x", "--thread", "later", "--scheduled-for", written).out
    assert "starts     2033-01-31 07:00" in shown
    shared.ask("abandon", "later")


def test_a_thread_is_reopened_once_it_has_ended(shared: Workshop) -> None:
    shared.ask("dispatch", "dev", "x", "--thread", "again", "--wait")
    refused = shared("reopen", "again")
    assert (refused.code, refused.out) == (2, "")
    assert "again is Active" in refused.err
    shared.ask("close", "again")
    assert shared("reopen", "again").out.splitlines()[:2] == ["thread  again is Active", "was     Completed"]
    assert shared.ask("status", "again")["threads"][0]["thread_status"] == "Active"


def test_an_agent_that_fails_is_no_success_to_whoever_waits(shared: Workshop) -> None:
    result = shared("dispatch", "absent", "Write the handbook.", "--wait")
    assert result.code == 1
    assert "no-such-cli" in result.out
    assert "the chain did not end well: the last execution, of absent, is failed" in result.err


def test_what_has_answered_waits_for_the_operator_until_it_is_closed(shared: Workshop) -> None:
    def waiting() -> dict[str, str]:
        return {one["thread_id"]: one["waits"] for one in shared.ask("pending", "--limit", "100")["threads"]}

    shared.ask("dispatch", "dev", "x", "--thread", "yours", "--wait")
    shared.ask("dispatch", "gated", "x", "--thread", "not-yet")
    assert waiting().get("yours") == "answered"
    assert "not-yet" not in waiting()
    shared.ask("close", "yours")
    shared.ask("abandon", "not-yet")
    assert not {"yours", "not-yet"} & waiting().keys()


def test_a_batch_is_looked_at_and_given_up_as_one(shared: Workshop) -> None:
    shared.ask("dispatch", "dev", "x", "--thread", "b1", "--batch", "b", "--wait")
    shared.ask("close", "b1")
    for thread in ("b2", "b3"):
        shared.ask("dispatch", "gated", "x", "--thread", thread, "--batch", "b")
    shared.until("execution.started", thread="b2")
    found = shared.ask("batch-status", "b")
    assert (found["thread_count"], found["counts"]) == (3, {"Active": 2, "Completed": 1})
    assert "threads  3 (2 Active, 1 Completed)" in shared("batch-status", "b").out
    ended = shared.ask("abandon-batch", "b")
    assert (ended["threads_abandoned"], ended["threads_already_terminal"]) == (2, 1)
    assert (ended["total_executions_cancelled"], ended["total_processes_killed"]) == (2, 1)
    again = shared("abandon-batch", "b").out.splitlines()
    assert [line.split("  ")[-1].strip() for line in again[1:]] == [
        *("0 threads", "3 threads", "0 executions", "0 processes")
    ]
    unknown = shared("abandon-batch", "nobody")
    assert (unknown.code, unknown.out) == (2, "")
    assert "no thread has the batch 'nobody'" in unknown.err
    assert shared("batch-status", "nobody").code == 2


def test_messages_are_looked_at_and_read(shared: Workshop) -> None:
    posted = shared.ask("dispatch", "dev", "say it", "--thread", "said", "--wait")
    found = shared.ask("poll", "said")
    assert (found["matched_messages"], found["latest_body_preview"]) == (1, "Done.")
    tasks = shared.ask("poll", "said", "--intent", "dispatch")
    assert [message["body_preview"] for message in tasks["messages"]] == ["say it"]
    assert shared.ask("poll", "said", "--since", posted["reference"])["matched_messages"] == 0
    assert shared.ask("read", posted["reference"])["body"] == "Done."
    assert shared("read", posted["reference"]).out.endswith("\nDone.\n")
    assert [one["body"] for one in shared.ask("read", "--thread", "said")["messages"]] == ["say it", "Done."]
    result = shared("poll", "nobody")
    assert (result.code, result.out) == (2, "")
    assert "there is no thread 'nobody'" in result.err


def test_tasks_are_listed_by_what_they_are(shared: Workshop) -> None:
    for thread in ("k1", "k2", "k3"):
        shared.ask("dispatch", "dev", "x", "--thread", thread, "--batch", "k", "--wait")
    posted = shared.ask(
        *("dispatch", "dev", "x", "--thread", "k4", "--batch", "k", "--scheduled-for", "2033-01-31T09:00:00Z")
    )
    first = shared.ask("tasks", "--batch", "k", "--limit", "3")
    assert [row["thread_id"] for row in first["tasks"]] == ["k4", "k3", "k2"]
    rest = shared.ask("tasks", "--batch", "k", "--after", first["next_after"])
    assert ([row["thread_id"] for row in rest["tasks"]], rest.get("more", False)) == (["k1"], False)
    shown = shared("tasks", "--batch", "k", "--filter", "scheduled").out
    assert posted["execution_id"] in shown
    assert "2033-01-31 09:00" in shown
    result = shared("tasks", "--filter", "bogus")
    assert (result.code, result.out) == (2, "")
    assert "'bogus' is no filter for tasks; there are: scheduled, running, ended, queued" in result.err
    shared.ask("abandon", "k4")


def test_figures_are_summed_up_and_tools_counted(shared: Workshop) -> None:
    before = shared.ask("metrics", "handy")
    assert (before["done"], before["agents"]) == (0, [])
    shared.ask("dispatch", "handy", "x", "--thread", "f1", "--wait")
    found = shared.ask("metrics", "handy")
    assert (found["done"], found["failed"], found["agents"][0]["backend"]) == (1, 0, "scripted")
    assert found["agents"][0]["average_ms"] == found["agents"][0]["longest_ms"] > 0
    assert shared("metrics", "handy").out.splitlines()[-1].split()[:6] == ["handy", "scripted", "0", "0", "1", "0"]
    tools = shared.ask("tool-stats", "handy")
    assert [(one["tool_name"], one["call_count"], one["error_count"]) for one in tools["tool_stats"]] == [("run", 2, 1)]
    assert shared("tool-stats", "handy").out.splitlines()[1].split() == ["run", "2", "1", "50%"]


def test_a_thread_is_diagnosed_with_what_is_in_its_way_and_what_helps(shared: Workshop) -> None:
    shared("dispatch", "absent", "x", "--thread", "d1", "--wait")
    found = shared.ask("diagnose", "d1")
    assert (found["thread_status"], found["latest_execution_agent"]) == ("Failed", "absent")
    (blocker,) = found["blockers"]
    assert "no-such-cli" in blocker
    assert f"compas log {found['latest_execution_id']} shows what it printed" in found["suggestions"]
    shown = shared("diagnose", "d1").out
    assert f"in its way\n  {blocker}\n" in shown
    assert "what to do\n  compas log " in shown
    result = shared("diagnose", "nobody")
    assert (result.code, result.out) == (2, "")
    assert "there is no thread 'nobody'" in result.err


def test_conversations_are_named_with_the_line_that_goes_on_with_them(shared: Workshop) -> None:
    shared.ask("dispatch", "talker", "x", "--thread", "c1", "--wait")
    desk = str(shared.root / "my desk")
    line = f"cd '{desk}' && {sys.executable} --resume 's 1'"
    found = shared.ask("session-info", "c1")
    (one,) = found["conversations"]
    assert (one["agent"], one["session_id"], one["workdir"], one["resume_command"]) == ("talker", "s 1", desk, line)
    assert shared("session-info", "c1").out.endswith(f"resume     {line}\n")
    assert found["db_path"] == str(shared.state / "compas.sqlite")
    shared.ask("dispatch", "dev", "x", "--thread", "silent", "--intent", "note")
    assert "no agent has a conversation in silent" in shared("session-info", "silent").out
    assert "server  compas" in shared("session-info").out


# proves: b-mcp-cli-merge 127
def test_a_long_log_is_read_in_parts_that_say_where_they_stand(shared: Workshop) -> None:
    shared.ask("dispatch", "wordy", "x", "--thread", "w1", "--wait")
    execution = shared.ask("transcript", "w1")["executions"][0]["id"]
    numbers = [f"{number}\n" for number in range(1, 1501)]
    assert shared("log", execution).out == "".join(numbers), "a script that asks for all of it gets all of it"
    first = shared("log", execution, "--limit", "1000")
    assert first.out == "".join(numbers[:1000])
    place = len(first.out)
    assert f"there is more; --offset {place} reads on" in first.err
    rest = shared("log", execution, "--limit", "1000", "--offset", str(place))
    assert (rest.out, rest.err) == ("".join(numbers[1000:]), "")
    last = shared("log", execution, "--tail", "3", "--json").json()
    assert last["text"] == "1498\n1499\n1500\n"
    assert last["offset"] == len("".join(numbers[:1497]))
    assert shared("log", execution, "--offset", str(last["offset"])).out == last["text"]
    beyond = shared("log", execution, "--offset", str(last["next_offset"] + 1000))
    assert (beyond.code, beyond.out, beyond.err) == (0, "", "")
    lines = shared("log", execution, "--unit", "lines", "--offset", "1490", "--limit", "5")
    assert lines.out == "".join(numbers[1490:1495])
    assert "there is more; --offset 1495 --unit lines reads on" in lines.err
    assert shared("log", execution, "--unit", "lines", "--tail", "3", "--json").json()["next_line"] == 1500
    refused = shared("log", execution, "--limit", "0")
    assert (refused.code, refused.out) == (2, "")
    assert "--limit has to be at least 1, found" in refused.err


def test_what_an_agent_did_is_read_from_a_number_on(shared: Workshop) -> None:
    shared.ask("dispatch", "handy", "x", "--thread", "e1", "--wait")
    whole = shared("execution-events", "e1").out.splitlines()
    assert shared("execution-events", "e1", "--after", "1").out.splitlines() == whole[2:]
    for args, says in (
        (("e1", "--limit", "-1"), "--limit has to be at least 1, found -1"),
        (("nobody",), "there is no execution, and no thread, called 'nobody'"),
    ):
        result = shared("execution-events", *args)
        assert (result.code, result.out) == (2, "")
        assert says in result.err
