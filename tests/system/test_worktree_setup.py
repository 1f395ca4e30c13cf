"""A worktree is made usable before its agent runs: files, ports, setup; and what happens when that fails."""

import json
from typing import Any

import pytest

from compas.domain.ports import FIRST, LAST
from tests.kit.ceiling import CEILING
from tests.kit.system.workshop import Workshop

pytestmark = pytest.mark.system

SEEN = "env | grep ^COMPAS_PORT_ | sort | tr '\\n' ' ' >&2; cat .env >&2"


def ignore(workshop: Workshop, *names: str) -> None:
    (workshop.repo / ".gitignore").write_text("".join(f"{name}\n" for name in names))
    workshop.git("add", ".gitignore")
    workshop.git("commit", "-q", "-m", "ignores")


def configure(workshop: Workshop, **repository: object) -> None:
    seen = [{"run": SEEN}, {"reply": "Seen."}]
    workshop.configure(
        [
            workshop.agent("dev", seen, seen, workspace="worktree"),
            workshop.agent("rev", seen, seen),
        ],
        repositories=[{"path": "repo", **repository}],
    )


def steps(workshop: Workshop, thread: str = "t1") -> list[str]:
    about = ("worktree.", "setup.", "execution.requested")
    return [one["type"] for one in workshop.events(thread) if one["type"].startswith(about)]


def event(workshop: Workshop, kind: str, thread: str = "t1") -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in reversed(workshop.events(thread)) if one["type"] == kind)
    return found


def test_an_agent_finds_its_files_its_ports_and_what_the_setup_made(workshop: Workshop) -> None:
    ignore(workshop, ".env", "made")
    (workshop.repo / ".env").write_text("KEY=operator\n")
    configure(
        workshop,
        copy=[".env", "missing"],
        ports=2,
        setup={"run": "echo from setup $COMPAS_PORT_1 $COMPAS_THREAD >> made; echo said"},
    )
    workshop.ask("dispatch", "dev", "look", "--thread", "t1", "--wait")
    tree = workshop.repo / ".compas-worktrees" / "t1"
    said = workshop("log", "t1").out
    ports = [int(word.partition("=")[2]) for word in said.split() if word.startswith("COMPAS_PORT_")]
    assert len(ports) == 2
    assert all(FIRST <= port <= LAST for port in ports)
    assert "KEY=operator" in said
    assert (tree / "made").read_text() == f"from setup {ports[0]} t1\n"
    (log,) = workshop.state.glob("worktrees/*/setup.log")
    assert log.read_text() == "said\n"
    assert "copy: missing does not exist" in json.dumps(event(workshop, "worktree.furnished"))
    assert "copy: missing does not exist" in workshop("why", "t1").out

    # Nothing of it is done again for the next execution, be it of the agent that only inherits the place.
    workshop.ask("dispatch", "rev", "look", "--thread", "t1", "--wait")
    assert f"COMPAS_PORT_2={ports[1]}" in workshop("log", "t1").out
    assert (tree / "made").read_text().count("\n") == 1
    assert steps(workshop) == [
        "worktree.planned",
        "worktree.ready",
        "worktree.furnished",
        "setup.started",
        "setup.ended",
        "execution.requested",
        "execution.requested",
    ]


def test_a_failed_setup_fails_the_execution_in_words_and_is_run_again(workshop: Workshop) -> None:
    ignore(workshop, "ran")
    configure(workshop, setup={"run": "echo x >> ran; echo no network >&2; test -e ../../works"})
    answer = workshop("dispatch", "dev", "look", "--thread", "t1", "--wait", "--json").json()
    assert (answer["intent"], answer["thread_status"]) == ("error", "Failed")
    (log,) = workshop.state.glob("worktrees/*/setup.log")
    for part in ("could not be set up, so nothing was started", "ended with 1", "no network", str(log)):
        assert part in answer["body"]
    assert "execution.requested" not in steps(workshop)
    (workshop.repo / "works").touch()
    assert workshop.ask("dispatch", "dev", "again", "--thread", "t1", "--wait")["body"] == "Seen."
    workshop.ask("dispatch", "dev", "again", "--thread", "t1", "--wait")
    assert (workshop.repo / ".compas-worktrees" / "t1" / "ran").read_text() == "x\nx\n"


def test_a_setup_that_takes_too_long_is_ended_and_fails_the_execution(workshop: Workshop) -> None:
    configure(workshop, setup={"run": "setsid sleep 600 & sleep 600", "timeout_secs": 1})
    answer = workshop("dispatch", "dev", "look", "--thread", "t1", "--wait", "--json").json()
    assert "did not end within 1 s and was ended with all it had started" in answer["body"]
    assert not [one for one in workshop.processes() if "sleep 600" in one.command]


def test_abandoning_the_thread_ends_a_setup_at_once(workshop: Workshop) -> None:
    begun = workshop.fifo("begun")
    configure(workshop, setup={"run": f"echo > '{begun}'; sleep 600"})
    workshop.ask("dispatch", "dev", "look", "--thread", "t1")
    begun.read_text()
    assert workshop.ask("abandon", "t1")["executions_cancelled"] == 1
    workshop.ask("dispatch", "rev", "look", "--thread", "t2", "--wait")
    assert finish_of_sleepers(workshop) == []
    (run,) = workshop.ask("transcript", "t1")["executions"]
    assert (run["status"], run["started_at"]) == ("cancelled", None)


def finish_of_sleepers(workshop: Workshop) -> list[object]:
    """Return the sleepers that outlive the supervisor's orderly end."""
    assert workshop("stop").code == 0
    return [one for one in workshop.processes() if "sleep 600" in one.command]


def test_a_worktree_that_was_deleted_is_made_again_and_set_up_again(workshop: Workshop) -> None:
    ignore(workshop, "made", ".env")
    (workshop.repo / ".env").write_text("KEY=1\n")
    configure(workshop, copy=[".env"], setup={"run": "touch made"})
    workshop.ask("dispatch", "dev", "look", "--thread", "t1", "--wait")
    tree = workshop.repo / ".compas-worktrees" / "t1"
    workshop.run(["rm", "-r", str(tree)])
    workshop.ask("dispatch", "rev", "look", "--thread", "t1", "--wait")
    assert (tree / "made").exists()
    assert (tree / ".env").exists()
    assert "KEY=1" in workshop("log", "t1").out
    assert steps(workshop).count("setup.ended") == 2


def ports_of(workshop: Workshop, thread: str) -> tuple[int, ...]:
    leased = [one for one in workshop.events() if one["type"] == "ports.leased"]
    (found,) = [one for one in leased if one["data"]["thread"] == thread]
    return tuple(found["data"]["ports"])


def test_two_threads_at_once_have_a_worktree_and_ports_of_their_own_also_after_a_restart(workshop: Workshop) -> None:
    workshop.configure(
        [workshop.agent("dev", [{"reply": "One."}], [{"reply": "Two."}], workspace="worktree", max_concurrent=2)],
        repositories=[{"path": "repo", "ports": 3, "setup": {"run": "env > ../../env-$COMPAS_THREAD"}}],
    )
    posted = [workshop.begin("dispatch", "dev", "work", "--thread", f"t{n}", "--wait", "--json") for n in (1, 2)]
    assert [process.wait(CEILING) for process in posted] == [0, 0]
    one, two = ports_of(workshop, "t1"), ports_of(workshop, "t2")
    assert len({*one, *two}) == 6
    assert workshop("stop").code == 0
    workshop.ask("dispatch", "dev", "more", "--thread", "t3", "--wait")
    assert not {*one, *two} & {*ports_of(workshop, "t3")}
    assert f"COMPAS_PORT_3={one[2]}" in (workshop.repo / "env-t1").read_text()


def test_a_checkout_hook_that_fails_after_the_fact_is_said_and_stops_nobody(workshop: Workshop) -> None:
    hook = workshop.repo / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no lfs here >&2\nexit 2\n")
    hook.chmod(0o755)
    workshop.configure([workshop.agent("dev", [{"reply": "Done."}], workspace="worktree")])
    workshop.ask("dispatch", "dev", "look", "--thread", "t1", "--wait")
    said = workshop("why", "t1").out
    assert "the hook post-checkout ended with 2" in said
    assert "no lfs here" in said


def test_what_was_laid_into_the_worktree_is_not_merged_with_its_work(workshop: Workshop) -> None:
    ignore(workshop, "node_modules/")
    (workshop.repo / "node_modules").mkdir()
    (workshop.repo / "local.json").write_text("{}\n")
    work = [{"run": "echo work > work.txt"}, {"reply": "Done."}]
    workshop.configure(
        [workshop.agent("dev", work, workspace="worktree", commit="auto")],
        repositories=[{"path": "repo", "link": ["node_modules"], "copy": ["local.json"]}],
    )
    workshop.ask("dispatch", "dev", "work", "--thread", "t1", "--wait")
    workshop.ask("merge", "t1", "--wait")
    assert workshop.git("ls-files").split() == [".gitignore", "README", "work.txt"]
    assert (workshop.repo / "node_modules").is_dir()
    assert not (workshop.repo / "node_modules").is_symlink()
