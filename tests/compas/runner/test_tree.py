"""Trees that are ended by what was recorded of them: all of it, and nobody else."""

import json
import os
import signal
from pathlib import Path

import msgspec
import pytest
import trio

from compas.runner.attachment import open_attachment
from compas.runner.force import end_by_force, sweep
from compas.runner.judgement import Finished, Vanished, judge
from compas.runner.messages import Exit, Started
from compas.runner.tree import RecordedTree, recorded_tree
from tests.kit.ceiling import CEILING
from tests.kit.runner.runner_stage import Stage, marked_processes, token_of

pytestmark = pytest.mark.system

CHILDREN = """
import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print(os.getpid(), flush=True)
        os.execve('/bin/sleep', ['sleep', '600'], {})
    signal.pause()
signal.pause()
"""
WAITS = "import signal\nprint('ready', flush=True)\nsignal.pause()"


def started_of(directory: Path) -> Started:
    return msgspec.json.decode((directory / "started.json").read_bytes(), type=Started)


def known_of(directory: Path) -> RecordedTree:
    return recorded_tree(directory.name, started_of(directory))


async def first_line(stage: Stage, directory: Path) -> str:
    with trio.fail_after(CEILING):
        async with open_attachment(directory) as attachment:
            return (await anext(attachment)).text.strip()


def is_alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] not in "ZX"


@pytest.mark.parametrize("stopped", [False, True])
async def test_everything_is_ended_with_a_runner_that_works_and_one_that_does_not(stage: Stage, stopped: bool) -> None:
    directory = await stage.start(CHILDREN)
    hidden = int(await first_line(stage, directory))
    known = known_of(directory)
    if stopped:
        os.kill(known.runner_pid, signal.SIGSTOP)
    ended = await end_by_force(directory, known, kind="stopped", reason="enough", now=5.0)
    assert (ended.kind, ended.nothing_left) == ("stopped", True)
    assert ended.reason.startswith("enough")
    assert [pid for pid in (hidden, known.agent_pid, known.runner_pid) if is_alive(pid)] == []
    assert marked_processes(token_of(directory)) == []
    assert isinstance(judge(directory, known), Finished)


async def test_a_record_with_a_strangers_number_or_our_own_ends_nobody(stage: Stage) -> None:
    directory = await stage.start(WAITS)
    known = known_of(directory)
    others = await stage.start(WAITS)
    other = known_of(others)
    reused = RecordedTree(
        execution="nobody-has-this-name",
        mark="0" * 32,
        boot_id=known.boot_id,
        runner_pid=other.runner_pid,
        runner_start_time=other.runner_start_time + 1,
        agent_pid=other.agent_pid,
        agent_start_time=other.agent_start_time - 1,
    )
    own = msgspec.structs.replace(
        reused, runner_pid=os.getpid(), agent_pid=os.getppid(), runner_start_time=own_start(os.getpid())
    )
    for tree in (reused, own):
        assert (await sweep(directory, tree)).ended == 0
    assert is_alive(other.agent_pid)
    for each, tree in ((directory, known), (others, other)):
        await end_by_force(each, tree, kind="stopped", reason="end of the test", now=1.0)


def own_start(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])


async def test_another_executions_token_in_a_forged_record_leads_nowhere(stage: Stage) -> None:
    victim, forger = await stage.start(WAITS), await stage.start(WAITS)
    known = known_of(victim)
    forged = json.loads((forger / "started.json").read_bytes()) | {"token": token_of(victim)}
    own = known_of(forger)
    (forger / "started.json").write_text(json.dumps(forged | {"agent_pid": 0, "runner_pid": 0}))
    await end_by_force(forger, None, kind="lost", reason="forged", now=1.0)
    assert is_alive(known.agent_pid)
    for each, tree in ((victim, known), (forger, own)):
        await end_by_force(each, tree, kind="stopped", reason="end of the test", now=1.0)


@pytest.mark.parametrize("name", ["exit.json", "started.json", "lock"])
@pytest.mark.parametrize("put", ["pipe", "directory", "link", "nonsense"])
def test_what_an_agent_puts_in_the_place_of_a_file_holds_nobody_up(tmp_path: Path, name: str, put: str) -> None:
    place = tmp_path / name
    match put:
        case "pipe":
            os.mkfifo(place)
        case "directory":
            place.mkdir()
        case "link":
            (tmp_path / "elsewhere").write_text("{}")
            place.symlink_to("elsewhere")
        case _:
            place.write_bytes(b"\xff{")
    known = RecordedTree(execution="nobody-has-this-name", mark="0" * 32)
    assert isinstance(judge(tmp_path, known), Vanished)


async def test_whoever_is_connected_hears_the_truth_although_an_exit_is_there(stage: Stage) -> None:
    directory = await stage.start(WAITS)
    with trio.fail_after(CEILING):
        async with open_attachment(directory) as attachment:
            await anext(attachment)
            forged = Exit(kind="exited", exit_code=0, ended_at=1.0)
            (directory / "exit.json").write_bytes(msgspec.json.encode(forged))
            (directory / "runner.sock").unlink()
            await attachment.stop("enough")
            assert [chunk async for chunk in attachment] == []
    assert attachment.exit is not None
    assert attachment.exit.kind == "stopped"
    assert attachment.exit.reason.startswith("enough")
