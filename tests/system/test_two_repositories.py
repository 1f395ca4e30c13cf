"""Two repositories of one config: what is dispatched from inside one is done there, merged there, and stays there."""

import sys
from pathlib import Path

import pytest
import trio
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.kit.ceiling import CEILING
from tests.kit.system.workshop import Step, Workshop

pytestmark = pytest.mark.system

COMPAS = f"'{sys.executable}' -P -m compas"
WORK: tuple[Step, ...] = (
    {"run": "pwd -P > where.txt && git add -A && git commit -q -m work"},
    {"reply": "Done."},
)


def second(workshop: Workshop, name: str = "lib") -> Path:
    """Make another repository beside that of the workshop."""
    path = workshop.root / name
    workshop.git("init", "-q", str(path), cwd=workshop.root)
    (path / "README").write_text("begin\n")
    workshop.git("add", "README", cwd=path)
    workshop.git("commit", "-q", "-m", "begin", cwd=path)
    return path


def configure(workshop: Workshop, *agents: dict[str, object], listed: tuple[str, ...] = ("lib",)) -> None:
    dev = workshop.agent("dev", WORK, workspace="worktree")
    workshop.configure([dev, *agents], repositories=[{"path": path} for path in listed])


def work(workshop: Workshop, cwd: Path, thread: str, *more: str) -> str | None:
    """Have a thread worked in, called from a directory; return the repository that was told."""
    posted = workshop.ask("dispatch", "dev", "work", "--thread", thread, *more, cwd=cwd)
    assert workshop("wait", "--thread-id", thread, "--since", posted["reference"]).code == 0
    found = posted.get("repository")
    assert found is None or isinstance(found, str)
    return found


def worked_in(repository: Path, thread: str) -> bool:
    return (repository / ".compas-worktrees" / thread / "where.txt").is_file()


def test_each_repository_gets_the_work_of_those_who_stand_in_it_and_both_are_merged_at_once(
    workshop: Workshop,
) -> None:
    lib = second(workshop)
    configure(workshop)
    (lib / "deep").mkdir()
    (workshop.root / "link").symlink_to(lib / "deep", target_is_directory=True)
    assert work(workshop, workshop.repo, "a") == str(workshop.repo)
    assert work(workshop, lib, "b") == str(lib)
    assert work(workshop, workshop.root / "link", "c") == str(lib)
    assert work(workshop, lib / ".compas-worktrees" / "b", "d") == str(lib)
    assert work(workshop, workshop.repo, "e", "--repository", "lib") == str(lib)
    assert work(workshop, workshop.root, "f", "--repository", "./link") == str(lib)
    assert work(workshop, workshop.root, "g") == str(workshop.repo)
    here, there = "ag", "bcdef"
    assert all(worked_in(workshop.repo, thread) and not worked_in(lib, thread) for thread in here)
    assert all(worked_in(lib, thread) and not worked_in(workshop.repo, thread) for thread in there)
    shown = {row["thread_id"]: row["repository"] for row in workshop.ask("status")["threads"]}
    assert shown == {**dict.fromkeys(here, str(workshop.repo)), **dict.fromkeys(there, str(lib))}
    assert any(line.split()[:2] == ["f", "lib"] for line in workshop("status").out.splitlines())
    assert str(lib) in workshop("why", "b").out
    assert str(lib) in workshop.ask("diff", "b")["text"], "what the agent wrote is where it stood"

    ops = [workshop.ask("merge", thread, cwd=workshop.root)["op_id"] for thread in ("a", "b")]
    assert all(workshop("wait-merge", "--op-id", op).code == 0 for op in ops)
    assert (workshop.repo / "where.txt").read_text() == f"{workshop.repo / '.compas-worktrees' / 'a'}\n"
    assert (lib / "where.txt").read_text() == f"{lib / '.compas-worktrees' / 'b'}\n"
    for thread, repository in (("a", workshop.repo), ("b", lib)):
        assert workshop("close", thread).code == 0
        assert "compas/" + thread in workshop.git("branch", "--list", "compas/*", cwd=repository)


def test_a_thread_keeps_its_repository_and_a_name_of_another_is_refused(workshop: Workshop) -> None:
    lib = second(workshop)
    configure(workshop)
    work(workshop, lib, "t1")
    again = workshop.ask("dispatch", "dev", "more", "--thread", "t1", cwd=workshop.repo)
    assert again["repository"] == str(lib)
    refused = workshop("dispatch", "dev", "more", "--thread", "t1", "--repository", "repo")
    assert refused.code == 2
    assert f"thread t1 works in {lib}" in refused.err


def test_who_stands_in_an_unlisted_repository_gets_the_default_and_is_told(workshop: Workshop) -> None:
    other = second(workshop, "other")
    second(workshop)
    configure(workshop)
    done = workshop("dispatch", "dev", "work", "--thread", "t1", "--wait", cwd=other)
    assert done.code == 0
    assert f"note: {other} is not listed in the config, so the work is done in {workshop.repo}" in done.err
    assert worked_in(workshop.repo, "t1")
    shown = workshop("dispatch", "dev", "more", "--thread", "t2", cwd=other).out
    assert "compas init" in shown
    refused = workshop("dispatch", "dev", "work", "--repository", str(other))
    assert (refused.code, "lists no repository" in refused.err) == (2, True)
    # It lists it, and from then on what is dispatched there is done there; the running supervisor hears of it.
    assert workshop("init", cwd=other).code == 0
    assert workshop("reload").code == 0
    assert work(workshop, other, "t3") == str(other)


def test_an_agent_that_dispatches_from_inside_its_worktree_stays_in_its_repository(workshop: Workshop) -> None:
    lib = second(workshop)
    env = {name: workshop.environ[name] for name in ("COMPAS_CONFIG", "COMPAS_RUNTIME_DIR", "PYTHONPATH", "PATH")}
    calls = [f"{COMPAS} dispatch dev part --thread part{number} --wait" for number in (1, 2)]
    steps: list[Step] = [{"run": calls[0]}, {"run": f"cd / && {calls[1]}"}, {"reply": "Both are done."}]
    configure(workshop, workshop.agent("boss", steps, workspace="worktree", env=env))
    answer = workshop.ask("dispatch", "boss", "all of it", "--thread", "whole", "--wait", cwd=lib)
    assert "Both are done" in answer["body"]
    assert worked_in(lib, "part1")
    assert worked_in(lib, "part2")


async def test_an_editor_dispatches_into_the_repository_that_it_was_opened_in(workshop: Workshop) -> None:
    lib = second(workshop)
    configure(workshop)
    arguments = ["-P", "-m", "compas", "mcp-server"]
    server = StdioServerParameters(command=sys.executable, args=arguments, env=workshop.environ, cwd=lib)
    with trio.fail_after(CEILING):
        async with stdio_client(server) as streams, ClientSession(*streams) as session:
            await session.initialize()
            sent = {"to": "dev", "body": "work", "thread_id": "t1", "wait": True}
            result = await session.call_tool("orch_dispatch", sent)
            assert not result.is_error, result.content
            assert result.structured_content["repository"] == str(lib)
            elsewhere = await session.call_tool("orch_dispatch", {**sent, "thread_id": "t2", "repository": "repo"})
            assert elsewhere.structured_content["repository"] == str(workshop.repo)
    assert worked_in(lib, "t1")
    assert worked_in(workshop.repo, "t2")


def test_a_repository_that_is_taken_out_of_the_config_keeps_what_was_done_in_it(workshop: Workshop) -> None:
    lib = second(workshop)
    configure(workshop)
    work(workshop, lib, "t1")
    configure(workshop, listed=())
    workshop("reload")
    refused = workshop("dispatch", "dev", "more", "--thread", "t1")
    assert refused.code == 2
    assert f"thread t1 works in {lib}, which the config does not list any more" in refused.err
    assert worked_in(lib, "t1")
    op = workshop.ask("merge", "t1")["op_id"]
    assert workshop("wait-merge", "--op-id", op).code == 0
    assert (lib / "where.txt").is_file()
    configure(workshop)
    workshop("reload")
    assert workshop("dispatch", "dev", "more", "--thread", "t1", "--wait").code == 0


def test_an_agent_whose_directory_is_below_the_root_starts_there_in_its_worktree(workshop: Workshop) -> None:
    service = workshop.repo / "services" / "api"
    service.mkdir(parents=True)
    (service / "main.txt").write_text("x\n")
    workshop.git("add", "-A")
    workshop.git("commit", "-q", "-m", "a service")
    (workshop.repo / "draft").mkdir()
    steps: list[Step] = [{"run": "pwd -P >&2; cat main.txt >&2; echo new > new.txt; echo top > ../../top.txt"}]
    agents = [
        workshop.agent("api", [*steps, {"reply": "Done."}], workspace="worktree", workdir="repo/services/api"),
        workshop.agent("draft", [{"reply": "No."}], workspace="worktree", workdir="repo/draft"),
        workshop.agent("away", [{"reply": "No."}], workspace="worktree", workdir="repo/services/api"),
    ]
    workshop.configure(agents)
    answer = workshop.ask("dispatch", "api", "work", "--thread", "t1", "--wait")
    tree = workshop.repo / ".compas-worktrees" / "t1"
    assert f"{tree}/services/api\n" in workshop("log", "t1").out
    assert (tree / "services" / "api" / "new.txt").is_file()
    assert "services/api/new.txt" in answer["body"]
    assert "top.txt" in answer["body"], "what it did anywhere in its worktree is told"

    nowhere = workshop("dispatch", "draft", "work", "--thread", "t2", "--wait", "--json").json()
    assert (nowhere["intent"], "draft below the root" in nowhere["body"]) == ("error", True)
    # A worktree in which an agent has put a link where the next one starts leads nobody out of it.
    outside = workshop.root / "outside"
    outside.mkdir()
    workshop.run(["rm", "-r", str(tree / "services" / "api")])
    (tree / "services" / "api").symlink_to(outside, target_is_directory=True)
    led = workshop("dispatch", "away", "work", "--thread", "t1", "--wait", "--json").json()
    assert (led["intent"], "services/api below the root" in led["body"]) == ("error", True)
