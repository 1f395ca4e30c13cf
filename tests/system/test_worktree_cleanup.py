"""Worktrees at their end, in a real repository: what goes, what stays, what is said, and that no work is lost."""

import json
from pathlib import Path

import pytest

from tests.kit.ceiling import CEILING
from tests.kit.system.workshop import Workshop

pytestmark = pytest.mark.system

COMMIT = {"run": "git add -A && git commit -q -m work"}


def tree(workshop: Workshop, thread: str = "t1", repo: str = "repo") -> Path:
    return workshop.root / repo / ".compas-worktrees" / thread


def configure(workshop: Workshop, *turns: list[dict[str, object]], **keys: object) -> None:
    workshop.configure([workshop.agent("dev", *turns, workspace="worktree")], **keys)


def work(workshop: Workshop, thread: str = "t1") -> None:
    workshop.ask("dispatch", "dev", "work", "--thread", thread, "--wait")


# proves: a-core 73, b-mcp-cli-merge 123
def test_commits_of_an_abandoned_thread_can_be_reached_and_come_back_when_it_is_taken_up(workshop: Workshop) -> None:
    turn = [{"write": "a.txt", "text": "a\n"}, COMMIT, {"reply": "Done."}]
    configure(workshop, turn, [{"run": "cat a.txt >&2"}, {"reply": "Again."}])
    work(workshop)
    tip = workshop.git("rev-parse", "compas/t1")
    workshop.ask("abandon", "t1")
    removed = workshop.until("worktree.removed")["data"]
    assert (removed["fate"], removed["tip"]) == ("archived", tip)
    assert not tree(workshop).exists()
    assert workshop.git("rev-parse", removed["archive"]) == tip
    assert workshop.git("branch", "--list", "compas/*") == ""
    assert "a.txt" in workshop("diff", "t1").out, "what was done can still be looked at"
    work(workshop)
    assert workshop.git("rev-parse", "compas/t1") == tip
    assert "[stderr] a\n" in workshop("log", "t1").out


# proves: b-mcp-cli-merge 124
def test_ignored_files_that_go_with_a_worktree_are_named(workshop: Workshop) -> None:
    (workshop.repo / ".gitignore").write_text(".env*\nbuild/\n")
    workshop.git("add", ".gitignore")
    workshop.git("commit", "-q", "-m", "ignores")
    (workshop.repo / ".env").write_text("KEY=1\n")
    turn = [{"write": "build/out.o", "text": "x"}, {"write": ".env.local", "text": "y"}, {"reply": "Done."}]
    configure(workshop, turn, repositories=[{"path": "repo", "copy": [".env"]}])
    work(workshop)
    workshop.ask("close", "t1")
    removed = workshop.until("worktree.removed")["data"]
    assert removed["ignored"] == [".env", ".env.local", "build/"]
    assert "ignored files went with it: .env, .env.local, build/" in workshop("why", "t1").out
    assert ".env.local" in (workshop.state / "supervisor.log").read_text()
    assert (workshop.repo / ".env").read_text() == "KEY=1\n"


# proves: b-mcp-cli-merge 125
def test_a_thread_with_two_repositories_has_and_loses_a_worktree_in_each(workshop: Workshop) -> None:
    other = workshop.root / "other"
    workshop.git("clone", "-q", str(workshop.repo), str(other), cwd=workshop.root)
    turn = [{"write": "a.txt", "text": "a\n"}, {"reply": "Done."}]
    agents = [
        workshop.agent("dev", turn, workspace="worktree", commit="auto"),
        workshop.agent("ops", turn, workspace="worktree", commit="auto", workdir="other"),
    ]
    workshop.configure(agents)
    for alias in ("dev", "ops"):
        workshop.ask("dispatch", alias, "work", "--thread", "t1", "--wait")
    listed = workshop.ask("worktrees", "t1")["worktrees"]
    assert [one["repository"] for one in listed] == [str(workshop.repo), str(other)]
    assert [(one["ahead"], one["state"]) for one in listed] == [(1, "clean"), (1, "clean")]
    for command in ("worktree-remove", "merge", "commit"):
        assert f"({workshop.repo}, {other}); name one with --repository" in workshop(command, "t1").err
    assert f"has no worktree of {workshop.root};" in workshop("merge", "t1", "--repository", "..", cwd=other).err
    # By its name from wherever the command is given, or through a link.
    (workshop.root / "link").symlink_to("other")
    for named in ("repo", str(workshop.root / "link")):
        merged = workshop.ask("merge", "t1", "--repository", named, cwd=workshop.root)
        assert workshop.ask("wait-merge", "--op-id", merged["op_id"])["status"] == "completed"
    assert workshop.ask("close", "t1")["status"] == "Completed"
    first = workshop.until("worktree.removed")
    workshop.until("worktree.removed", after=first["position"])
    for repo in (workshop.repo, other):
        assert (repo / "a.txt").exists()
        assert workshop.git("worktree", "list", "--porcelain", cwd=repo).count("worktree ") == 1
        assert workshop.git("branch", "--list", "compas/*", cwd=repo) == ""


def test_worktrees_are_listed_with_what_is_in_them(workshop: Workshop) -> None:
    turn = [{"write": "a.txt", "text": "a\n"}, COMMIT, {"write": "b.txt", "text": "b\n"}, {"reply": "Done."}]
    configure(workshop, turn)
    work(workshop)
    workshop.git("commit", "-q", "--allow-empty", "-m", "meanwhile")
    (one,) = workshop.ask("worktrees", "--sizes")["worktrees"]
    assert (one["state"], one["uncommitted"], one["files"]) == ("dirty", 1, ["b.txt"])
    assert (one["ahead"], one["behind"], one["thread_status"]) == (1, 1, "Active")
    assert one["size_bytes"] > 0
    text = workshop("worktrees").out
    assert "dirty (1 file)" in text
    assert str(tree(workshop)) in text
    workshop.run(["rm", "-r", str(tree(workshop))])
    tree(workshop).mkdir()
    assert workshop.ask("worktrees")["worktrees"][0]["state"] == "missing"


def test_what_an_agent_left_is_committed_with_the_repositorys_hooks(workshop: Workshop) -> None:
    configure(workshop, [{"write": "a.txt", "text": "a\n"}, {"reply": "Done."}])
    work(workshop)
    hook = workshop.repo / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho not today >&2\nexit 1\n")
    hook.chmod(0o755)
    refused = workshop("commit", "t1", "Add a")
    assert refused.code != 0
    assert "not today" in refused.err
    hook.unlink()
    made = workshop.ask("commit", "t1", "Add a")
    assert (made["files"], made["branch"]) == (1, "compas/t1")
    assert workshop.git("log", "-1", "--format=%s %an", "compas/t1") == "Add a Op"
    assert "there is nothing to commit" in workshop("commit", "t1").err


def test_a_teardown_runs_before_the_worktree_goes_and_keeps_it_when_it_fails(workshop: Workshop) -> None:
    repository = {
        "path": "repo",
        "ports": 1,
        "setup": {"run": "echo $COMPAS_PORT_1 > ../../port"},
        "teardown": {"run": "echo down $COMPAS_PORT_1 $COMPAS_THREAD >> ../../down; test -e ../../works"},
    }
    configure(workshop, [{"reply": "Done."}], repositories=[repository])
    work(workshop)
    workshop.ask("close", "t1")
    kept = workshop.until("worktree.kept")["data"]
    assert "its teardown failed" in kept["reason"]
    assert tree(workshop).exists()
    assert "teardown failed" in json.dumps(workshop.ask("worktrees"))
    (workshop.repo / "works").touch()
    gone = workshop.ask("worktree-remove", "t1")
    assert gone["branch_fate"] == "deleted"
    port = (workshop.repo / "port").read_text().strip()
    assert (workshop.repo / "down").read_text() == f"down {port} t1\n" * 2
    assert not tree(workshop).exists()


def test_force_removes_a_worktree_whose_teardown_fails_and_keeps_its_changes_in_a_snapshot(workshop: Workshop) -> None:
    repository = {"path": "repo", "teardown": {"run": "echo no such service; exit 7"}}
    configure(workshop, [{"reply": "Done."}], repositories=[repository])
    work(workshop)
    (tree(workshop) / "mine").write_text("unsaved\n")
    assert "uncommitted changes" in workshop("worktree-remove", "t1").err
    gone = workshop.ask("worktree-remove", "t1", "--force")
    assert workshop.git("show", f"{gone['snapshot']}:mine") == "unsaved"
    assert "no such service" in gone["notes"][0]
    assert workshop("worktree-remove", "t1").code == 0, "a repeat says the same again"


def test_two_threads_at_once_come_and_go_without_touching_each_other(workshop: Workshop) -> None:
    turn = [{"write": "a.txt", "text": "a\n"}, {"reply": "Done."}]
    workshop.configure([workshop.agent("dev", turn, workspace="worktree", max_concurrent=2)])
    for begin in (("dispatch", "dev", "work", "--wait"), ("abandon",)):
        threads = [("--thread", f"t{n}") if begin[0] == "dispatch" else (f"t{n}",) for n in (1, 2)]
        processes = [workshop.begin(*begin, *thread) for thread in threads]
        assert [process.wait(CEILING) for process in processes] == [0, 0]
    for thread in ("t1", "t2"):
        assert (tree(workshop, thread) / "a.txt").read_text() == "a\n", "with changes, they stay"
        assert workshop.ask("worktree-remove", thread)["branch_fate"] == "deleted"
    assert workshop.ask("worktrees")["worktrees"] == []
