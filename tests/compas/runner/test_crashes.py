"""A runner that dies at any of its failpoints: the agent ran at most once, and the files tell what to do."""

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import trio

from compas.runner.attachment import AttachmentLost, open_attachment
from compas.runner.judgement import (
    Died,
    Finished,
    NeverStarted,
    Rebooted,
    Running,
    SettleError,
    cancel_never_started,
    judge,
    settle_dead,
)
from compas.runner.launcher import LaunchError, open_fork_server
from compas.runner.messages import Exit, Started
from compas.runner.processes import descendants, list_processes
from tests.kit.ceiling import CEILING
from tests.kit.runner.runner_stage import Stage, marked_processes, token_of

pytestmark = pytest.mark.system

NOW = 2_000_000_000.0
MARK_AND_WAIT = """
import os, signal
with open('ran', 'a') as file: file.write('x')
if os.fork() == 0: os.setsid(); signal.pause()
print('ready', flush=True)
signal.pause()
"""
MARK = "open('ran', 'a').write('x')\nprint('done')"


@pytest.fixture
def runs(tmp_path: Path) -> Callable[[], int]:
    def count() -> int:
        path = tmp_path / "ran"
        return len(path.read_text()) if path.exists() else 0

    return count


async def runner_gone(directory: Path) -> None:
    """Wait until the runner that started the agent has ended: its socket closes before it gives up its lock."""
    try:
        ended = os.pidfd_open(started_of(directory).runner_pid)
    except ProcessLookupError:
        return
    try:
        with trio.fail_after(CEILING):
            await trio.lowlevel.wait_readable(ended)
    finally:
        os.close(ended)


async def launch_with_failpoint(directory: Path, name: str) -> str:
    os.environ["COMPAS_FAILPOINT"] = name
    try:
        async with open_fork_server() as launcher:
            with trio.fail_after(CEILING):
                return (await launcher.launch(directory)).answer
    finally:
        del os.environ["COMPAS_FAILPOINT"]


async def test_a_runner_that_dies_before_it_records_the_agent_leaves_it_to_another(
    stage: Stage, runs: Callable[[], int]
) -> None:
    directory = stage.prepare(MARK)
    with pytest.raises(LaunchError, match="judge the execution again"):
        await launch_with_failpoint(directory, "runner.locked")
    assert judge(directory) == NeverStarted()
    assert (runs(), marked_processes(token_of(directory))) == (0, [])
    assert (await stage.launcher.launch(directory)).answer == "started"
    _, ended = await stage.finish(directory)
    assert (ended.kind, runs()) == ("exited", 1)


@pytest.mark.parametrize(("failpoint", "possible_runs"), [("runner.recorded", {0}), ("runner.released", {0, 1})])
async def test_a_runner_that_dies_around_the_release_is_settled_as_lost(
    stage: Stage, runs: Callable[[], int], failpoint: str, possible_runs: set[int]
) -> None:
    directory = stage.prepare(MARK_AND_WAIT)
    with pytest.raises(LaunchError):
        await launch_with_failpoint(directory, failpoint)
    await runner_gone(directory)
    assert isinstance(judge(directory), Died)
    ended = await settle_dead(directory, now=NOW)
    assert (ended.kind, ended.ended_at, ended.nothing_left) == ("lost", NOW, True)
    assert marked_processes(token_of(directory)) == []
    assert runs() in possible_runs
    assert judge(directory) == Finished(ended)
    assert (await stage.launcher.launch(directory)).answer == "present"
    assert runs() in possible_runs


async def test_a_runner_that_dies_before_it_writes_the_exit_is_settled_as_lost(
    stage: Stage, runs: Callable[[], int]
) -> None:
    directory = stage.prepare(MARK + "\nif __import__('os').fork() == 0: __import__('signal').pause()")
    assert await launch_with_failpoint(directory, "runner.agent_ended") == "started"
    with pytest.raises(AttachmentLost):
        await stage.finish(directory)
    await runner_gone(directory)
    assert isinstance(judge(directory), Died)
    ended = await settle_dead(directory, now=NOW)
    assert (ended.kind, ended.log_bytes, runs()) == ("lost", len("done\n"), 1)
    assert await stage.finish(directory) == ("done\n", ended)
    assert marked_processes(token_of(directory)) == []


async def test_a_runner_that_dies_after_it_wrote_the_exit_has_finished(stage: Stage, runs: Callable[[], int]) -> None:
    directory = stage.prepare(MARK)
    assert await launch_with_failpoint(directory, "runner.exit_written") == "started"
    log, ended = await stage.finish(directory)
    assert (log, ended.kind, ended.exit_code, runs()) == ("done\n", "exited", 0, 1)
    assert judge(directory) == Finished(ended)


async def test_a_killed_runner_leaves_strays_that_settling_ends(stage: Stage, runs: Callable[[], int]) -> None:
    directory = await stage.start(MARK_AND_WAIT)
    with trio.fail_after(CEILING):
        async with open_attachment(directory) as attachment:
            await anext(attachment)
            os.kill(started_of(directory).runner_pid, 9)
            with pytest.raises(AttachmentLost):
                await anext(attachment)
    await runner_gone(directory)
    verdict = judge(directory)
    assert verdict == Died(started_of(directory))
    assert len(marked_processes(token_of(directory))) == 2
    ended = await settle_dead(directory, now=NOW)
    assert (ended.kind, ended.leftovers_ended, ended.nothing_left, runs()) == ("lost", 2, True, 1)
    assert marked_processes(token_of(directory)) == []
    assert await settle_dead(directory, now=NOW + 1) == ended


def started_of(directory: Path) -> Started:
    return msgspec.json.decode((directory / "started.json").read_bytes(), type=Started)


# proves: a-core 150
async def test_settling_signals_nobody_who_merely_has_the_number_of_a_dead_agent(stage: Stage, tmp_path: Path) -> None:
    directory = stage.prepare()
    async with trio.open_nursery() as nursery:
        stranger = await nursery.start(trio.run_process, ["/bin/sleep", "60"])
        write_started(directory, agent_pid=stranger.pid)
        ended = await settle_dead(directory, now=NOW)
        assert (ended.kind, ended.leftovers_ended) == ("lost", 0)
        assert stranger.poll() is None
        nursery.cancel_scope.cancel()


async def test_another_boot_is_recognised_and_nothing_is_signalled(stage: Stage) -> None:
    directory = stage.prepare()
    started = write_started(directory, boot_id="another boot")
    assert judge(directory) == Rebooted(started)
    ended = await settle_dead(directory, now=NOW)
    assert (ended.kind, ended.started_at, ended.leftovers_ended) == ("rebooted", started.started_at, 0)
    assert judge(directory) == Finished(ended)


def write_started(directory: Path, **fields: object) -> Started:
    from compas.runner.machine import boot_id

    defaults = {
        "boot_id": boot_id(),
        "runner_pid": 999_999_999,
        "runner_start_time": 1,
        "agent_pid": 999_999_998,
        "agent_start_time": 1,
        "token": token_of(directory),
        "started_at": NOW - 60,
    }
    started = Started(**(defaults | fields))
    (directory / "started.json").write_bytes(msgspec.json.encode(started))
    return started


async def test_a_cancelled_execution_cannot_be_started_any_more(stage: Stage, runs: Callable[[], int]) -> None:
    directory = stage.prepare(MARK)
    ended = await cancel_never_started(directory, reason="no longer wanted", now=NOW)
    assert ended == Exit(kind="cancelled", reason="no longer wanted", ended_at=NOW)
    assert (await stage.launcher.launch(directory)).answer == "present"
    assert (judge(directory), runs()) == (Finished(ended), 0)
    assert await cancel_never_started(directory, reason="again", now=NOW + 1) == ended


async def test_a_running_execution_can_be_neither_settled_nor_cancelled_nor_run_twice(
    stage: Stage, runs: Callable[[], int]
) -> None:
    directory = await stage.start(MARK_AND_WAIT)
    with trio.fail_after(CEILING):
        async with open_attachment(directory) as attachment:
            async for _ in attachment:
                assert judge(directory) == Running()
                with pytest.raises(SettleError, match="attach"):
                    await settle_dead(directory, now=NOW)
                with pytest.raises(SettleError, match="stop it"):
                    await cancel_never_started(directory, reason="", now=NOW)
                assert (await stage.launcher.launch(directory)).answer == "present"
                await attachment.stop("enough")
    assert runs() == 1


async def test_an_execution_that_never_started_cannot_be_settled(stage: Stage) -> None:
    with pytest.raises(SettleError, match="launch or cancel"):
        await settle_dead(stage.prepare(), now=NOW)


async def test_a_runner_waits_for_a_judge_that_holds_the_lock(stage: Stage) -> None:
    from compas.runner import files

    directory = stage.prepare("print('ran')")
    answers = []
    async with trio.open_nursery() as nursery:
        with files.open_directory(directory) as descriptor, files.try_lock(descriptor) as is_held:
            assert is_held

            async def launch() -> None:
                answers.append((await stage.launcher.launch(directory)).answer)

            nursery.start_soon(launch)
            await trio.to_thread.run_sync(until_somebody_waits_for, directory / "lock")
            assert answers == []
    assert answers == ["started"]
    assert (await stage.finish(directory))[0] == "ran\n"


def until_somebody_waits_for(path: Path) -> None:
    """Look until the kernel lists a waiter, with an arrow: there is no event for it."""
    inode = f":{path.stat().st_ino} "
    for _ in range(100_000):
        if any("->" in row and inode in row for row in Path("/proc/locks").read_text().splitlines()):
            return
    raise AssertionError(f"nobody waits for {path}")


async def test_twenty_launches_of_one_execution_run_it_once(stage: Stage, runs: Callable[[], int]) -> None:
    directory = stage.prepare(MARK)
    answers = []

    async def launch() -> None:
        answers.append((await stage.launcher.launch(directory)).answer)

    with trio.fail_after(CEILING):
        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(launch)
    assert sorted(answers) == ["present"] * 19 + ["started"]
    assert (await stage.finish(directory))[1].kind == "exited"
    assert runs() == 1


async def test_a_fork_server_that_is_gone_is_reported(stage: Stage) -> None:
    directory = stage.prepare(MARK)
    before = {process.pid for process in descendants(os.getpid(), list_processes())}
    async with open_fork_server() as launcher:
        (server,) = {process.pid for process in descendants(os.getpid(), list_processes())} - before
        os.kill(server, 9)
        with pytest.raises(LaunchError), trio.fail_after(CEILING):
            await launcher.launch(directory)
    with pytest.raises(LaunchError, match="open a new one"):
        await launcher.launch(directory)
    assert judge(directory) == NeverStarted()
