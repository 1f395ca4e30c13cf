"""What the commands answer and how they exit, with real git, processes and a supervisor that these tests share."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.ceiling import CEILING
from tests.kit.system import process_tree
from tests.kit.system.workshop import Workshop, finish

pytestmark = pytest.mark.system

HOLD = """#!/bin/sh
echo $$ > {pid}
read line < {fifo}
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """Return a workshop for all tests here: each has threads and branches of its own in it."""
    runtime = Path(tempfile.mkdtemp(prefix="cs-", dir="/tmp"))
    process_tree.adopt_orphans(on=True)
    try:
        shop = Workshop(tmp_path_factory.mktemp("operations"), runtime)
        (shop.repo / "a").write_text("begin\n")
        shop.git("add", "a")
        shop.git("commit", "-q", "-m", "Add a")
        work = [{"run": "echo new > $COMPAS_THREAD.txt"}, {"reply": "Done."}]
        untidy = [{"write": "a", "text": "changed\n"}, {"reply": "Done."}]
        gate = str(shop.fifo("never-opened"))
        odd = [{"run": "printf 'one\\377two\\n'"}, {"reply": "Done."}]
        shop.configure(
            [
                shop.agent("dev", work, workspace="worktree", commit="auto"),
                shop.agent("untidy", untidy, workspace="worktree"),
                shop.agent("odd", odd),
                shop.agent("gated", [{"block": gate}]),
            ]
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


def work(shop: Workshop, thread: str, *more: str, agent: str = "dev") -> None:
    """Have an agent work in a thread."""
    answer = shop.ask("dispatch", agent, "work", "--thread", thread, "--wait", *more)
    assert answer["body"].startswith("Done."), answer


def diverge(shop: Workshop, branch: str, path: str, content: str = "theirs\n") -> None:
    """Commit a file on a new branch that starts at main, in a worktree of the operator's that is gone afterwards."""
    place = shop.root / branch
    shop.git("worktree", "add", "-q", "-b", branch, str(place), "main")
    (place / path).write_text(content)
    shop.git("add", path, cwd=place)
    shop.git("commit", "-q", "-m", f"Add {path}", cwd=place)
    shop.git("worktree", "remove", str(place))


# proves: b-mcp-cli-merge 23
@pytest.mark.parametrize("given", ["db:x", "x5", " 5", "db:db:5", "-1"])
def test_a_starting_point_that_is_no_number_is_refused_with_what_was_given(shared: Workshop, given: str) -> None:
    result = shared("wait", "--thread-id", "t1", f"--since={given}", "--timeout", "0")
    assert (result.code, result.out) == (2, "")
    assert f"'{given}' is no message reference" in result.err


# proves: b-mcp-cli-merge 81
def test_a_changed_file_with_a_name_of_one_letter_is_named_whole(shared: Workshop) -> None:
    work(shared, "untidy", agent="untidy")
    result = shared("merge", "untidy")
    assert (result.code, result.out) == (2, "")
    assert "uncommitted changes" in result.err
    assert [line.split()[-1] for line in result.err.splitlines() if line.startswith("  ")] == ["a"]


# proves: b-mcp-cli-merge 87
def test_a_merge_commit_is_the_operators_and_says_what_the_thread_is_about(shared: Workshop) -> None:
    diverge(shared, "release", "theirs.txt")
    for thread, about in (("described", ("--summary", "Add a file")), ("plain", ())):
        work(shared, thread, *about)
        merge = shared.ask("merge", thread, "--target", "release")
        merged = shared.ask("wait-merge", "--op-id", merge["op_id"])
        assert merged["status"] == "completed"
        said = shared.git("log", "-1", "--format=%s|%an|%ae|%cn", "release")
        subject = "Add a file" if about else "Merge compas/plain into release"
        assert said == f"{subject}|Op|op@example.org|Op"
        parents = shared.git("log", "-1", "--format=%P", "release").split()
        assert parents[1:] == [shared.git("rev-parse", f"compas/{thread}")]


# proves: b-mcp-cli-merge 108, b-mcp-cli-merge 109
def test_a_wait_for_a_merge_tells_in_its_exit_code_how_it_ended(shared: Workshop) -> None:
    fifo = shared.fifo("merge-gate")
    hook = shared.repo / ".git" / "hooks" / "pre-merge-commit"
    diverge(shared, "held", "theirs.txt")
    for thread in ("merged", "conflicting", "given-up"):
        work(shared, thread)
    diverge(shared, "other", "conflicting.txt")
    hook.write_text(HOLD.format(pid="/dev/null", fifo=fifo))
    hook.chmod(0o755)
    try:
        first = shared.ask("merge", "merged", "--target", "held")["op_id"]
        second = shared.ask("merge", "given-up", "--target", "held")["op_id"]
        waiting = shared("wait-merge", "--op-id", second, "--timeout", "1", "--json")
        assert waiting.code == 1
        found = waiting.json()
        assert (found["found"], found["last_status"], found["timeout_secs"]) == (False, "queued", 1)
        shared.ask("abandon", "given-up")
        fifo.write_text("go\n")
        ended = {name: finish(shared.begin("wait-merge", "--op-id", op)) for name, op in (("a", first), ("b", second))}
    finally:
        hook.unlink()
    third = shared.ask("merge", "conflicting", "--target", "other")["op_id"]
    results = [
        ended["a"],
        shared("wait-merge", "--op-id", third),
        ended["b"],
        shared("wait-merge", "--op-id", "nobody"),
    ]
    assert [result.code for result in results] == [0, 1, 1, 2]
    statuses = [result.out.splitlines()[3] for result in results[:3]]
    assert statuses == ["status=completed", "status=failed", "status=cancelled"]
    assert (results[3].out, "there is no merge operation 'nobody'" in results[3].err) == ("", True)


# proves: b-mcp-cli-merge 129
def test_a_log_with_bytes_that_are_no_text_can_be_read(shared: Workshop) -> None:
    work(shared, "odd", agent="odd")
    result = shared("log", "odd")
    assert result.code == 0
    assert "one\N{REPLACEMENT CHARACTER}two\n" in result.out


# proves: b-mcp-cli-merge 128
def test_a_log_that_is_gone_is_answered_with_what_was_recorded_or_with_an_error(shared: Workshop) -> None:
    work(shared, "forgotten", agent="odd")
    (run,) = shared.ask("transcript", "forgotten")["executions"]
    (shared.state / "executions" / run["id"] / "output.log").unlink()
    for options in ((), ("--follow",), ("--tail", "1")):
        result = shared("log", run["id"], *options)
        notice, *recorded = result.out.splitlines()
        assert (result.code, recorded) == (0, ["Done."])
        assert notice.startswith("[compas] the log is not there")
    by_lines = shared("log", run["id"], "--unit", "lines", "--offset", "0", "--limit", "1")
    assert (by_lines.out, by_lines.err) == ("Done.\n", ""), "what was printed, and no word of ours"
    shared.ask("dispatch", "gated", "work", "--thread", "cancelled")
    never = shared.ask("dispatch", "gated", "more", "--thread", "cancelled")["execution_id"]
    assert (shared("log", never).code, shared("log", never).out) == (0, ""), "nothing yet is no error"
    shared.ask("abandon", "cancelled")
    result = shared("log", never)
    assert (result.code, result.out) == (2, "")
    assert f"{never} is cancelled and has neither a log nor a recorded answer" in result.err


# proves: b-mcp-cli-merge 136
def test_without_a_supervisor_an_explanation_says_so_and_how_to_start_one(workshop: Workshop) -> None:
    workshop.configure([workshop.agent("dev")])
    for inside in ({}, {"COMPAS_EXECUTION": "01X"}):
        result = workshop("why", "t1", *(() if inside else ("--no-start",)), env=inside)
        assert (result.code, result.out) == (2, "")
        assert "no supervisor is running" in result.err
        assert "compas run" in result.err
    assert workshop.processes() == []


# proves: b-mcp-cli-merge 102
def test_a_merge_whose_hook_hangs_is_ended_and_never_completes(workshop: Workshop) -> None:
    turn = [{"run": "echo new > $COMPAS_THREAD.txt"}, {"reply": "Done."}]
    workshop.configure(
        [workshop.agent("dev", turn, workspace="worktree", commit="auto")], orchestration={"merge_timeout_secs": 15}
    )
    for thread in ("hanging", "next"):
        work(workshop, thread)
    diverge(workshop, "release", "theirs.txt")
    before = workshop.git("rev-parse", "release")
    fifo, pid = workshop.fifo("gate"), workshop.root / "hook.pid"
    hook = workshop.repo / ".git" / "hooks" / "pre-merge-commit"
    hook.write_text(HOLD.format(pid=pid, fifo=fifo))
    hook.chmod(0o755)
    hanging = workshop.ask("merge", "hanging", "--target", "release")["op_id"]
    ended = workshop("wait-merge", "--op-id", hanging, "--json")
    assert (ended.code, ended.json()["status"], ended.json()["error_code"]) == (1, "failed", "timeout")
    assert process_tree.wait_gone(int(pid.read_text()), CEILING), "the hook was left behind"
    assert workshop.git("rev-parse", "release") == before
    hook.unlink()
    following = workshop.ask("merge", "next", "--target", "release")["op_id"]
    assert workshop.ask("wait-merge", "--op-id", following)["status"] == "completed"
    assert workshop("wait-merge", "--op-id", hanging, "--json").json() == ended.json()
    kinds = [event["type"] for event in workshop.events("hanging")]
    assert (kinds.count("merge.failed"), kinds.count("merge.completed")) == (1, 0)
    assert "hanging.txt" not in workshop.git("ls-tree", "--name-only", "release").split()
    assert workshop.git("worktree", "list").count("\n") == 2, "the checkout and two threads, and no merge"


def test_a_thread_is_named_after_its_task_and_takes_no_branch_over(shared: Workshop) -> None:
    shared.git("branch", "compas/write-it-down", "main")
    answer = shared.ask("dispatch", "dev", "Write it down!", "--wait")
    assert answer["thread_id"] == "write-it-down-2"
    assert shared.git("rev-parse", "compas/write-it-down") == shared.git("rev-parse", "main")
    assert "write-it-down-2.txt" in shared.git("ls-tree", "--name-only", "compas/write-it-down-2")
