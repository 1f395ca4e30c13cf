"""What hosts executions promises, whether it forks processes or plays functions."""

import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
import trio

from compas.clock import wall_clock
from compas.orchestrator.machine.runners import LocalRunners, Runners
from compas.orchestrator.machine.slots import Slot
from compas.runner import attachment
from compas.runner.attachment import AttachmentLost, AttachmentRefused
from compas.runner.judgement import Died, Finished, NeverStarted, Running, SettleError, Vanished
from compas.runner.launcher import ForkServerGone, Launcher, LaunchError, open_fork_server
from compas.runner.logformat import parse_lines
from compas.runner.messages import Exit, Spec
from compas.runner.strays import end_strays
from compas.runner.tree import RecordedTree, Swept, recorded_tree
from tests.kit.ceiling import CEILING
from tests.kit.orchestrator.fake_runners import Console, FakeRunners, open_fake_runners

STEPS = """
import json, os, signal, sys, time
for verb, value in json.loads(sys.argv[1]):
    if verb in ("stdout", "stderr"):
        print(value, file=getattr(sys, verb), flush=True)
    elif verb == "cat":
        print(open(value).read(), flush=True)
    elif verb == "hang":
        signal.pause()
    elif verb == "exit":
        sys.exit(value)
"""
Step = tuple[str, object]


class Stage:
    """Runners of one kind, and what a test needs beside their interface."""

    def __init__(
        self, runners: Runners, root: Path, kill: Callable[[str], Awaitable[None]], *, secs_to_begin: int
    ) -> None:
        """`secs_to_begin` is long enough for an agent to have said something, also on a slow machine."""
        self.runners = runners
        self.kill = kill
        self.secs_to_begin = secs_to_begin
        self._root = root

    def spec(self, execution: str, *steps: Step, **fields: object) -> Spec:
        """Describe an agent that takes these steps."""
        filled: dict[str, object] = {
            "token": f"token-{os.urandom(8).hex()}",
            "epoch": 1,
            "argv": (sys.executable, "-I", "-S", "-c", STEPS, json.dumps(steps)),
            "cwd": str(self._root),
            "env": {"PATH": os.defpath},
            "drain_secs": 0.0,
            "grace_secs": 2.0,
        }
        return Spec(execution=execution, **(filled | fields))

    async def start(self, execution: str, *steps: Step, **fields: object) -> None:
        """Prepare and launch."""
        await self.runners.prepare(self.spec(execution, *steps, **fields))
        await self.runners.launch(execution)

    async def finish(self, execution: str, epoch: int = 1) -> tuple[list[tuple[str, str]], Exit]:
        """Read everything from the beginning to the exit."""
        text = ""
        async with self.runners.attach(execution, epoch) as connection:
            async for chunk in connection:
                text += chunk.text
        assert connection.exit is not None
        return list(parse_lines(text)), connection.exit


@asynccontextmanager
async def _local(root: Path) -> AsyncIterator[Stage]:
    slot: Slot[Launcher] = Slot("fork server", ForkServerGone)
    runners = LocalRunners(root, slot)

    async def kill(execution: str) -> None:
        started = runners.started(execution)
        assert started is not None
        ended = os.pidfd_open(started.runner_pid)
        os.kill(started.runner_pid, signal.SIGKILL)
        await trio.lowlevel.wait_readable(ended)  # its lock is gone then
        os.close(ended)

    async with open_fork_server() as launcher, trio.open_nursery() as nursery:
        nursery.start_soon(slot.occupy, launcher)
        try:
            yield Stage(runners, root, kill, secs_to_begin=5)
        finally:
            nursery.cancel_scope.cancel()
            _clear(root)


def _clear(root: Path) -> None:
    """End what a failed test has left running."""
    for directory in root.iterdir():
        if (directory / "started.json").exists() and not (directory / "exit.json").exists():
            end_strays(json.loads((directory / "spec.json").read_text())["token"])


async def _play(spec: Spec, console: Console) -> int:
    for verb, value in json.loads(spec.argv[-1]):
        if verb in ("stdout", "stderr"):
            await console.print(value, verb)
        elif verb == "cat":
            await console.print(spec.files[Path(value).name])
        elif verb == "hang":
            await trio.sleep_forever()
        else:
            return int(value)
    return 0


@asynccontextmanager
async def _fake(root: Path) -> AsyncIterator[Stage]:
    async with open_fake_runners(_play, wall_clock) as runners:

        async def kill(execution: str) -> None:
            assert isinstance(runners, FakeRunners)
            runners.kill_runner(execution)

        yield Stage(runners, root, kill, secs_to_begin=1)


@pytest.fixture(params=[_fake, pytest.param(_local, marks=pytest.mark.system)], ids=["fake", "local"])
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    with trio.fail_after(CEILING):
        async with request.param(tmp_path) as opened:
            yield opened


async def test_what_was_never_prepared_never_started(stage: Stage) -> None:
    assert isinstance(stage.runners.judge("nobody"), NeverStarted)
    with pytest.raises(LaunchError):
        await stage.runners.launch("nobody")


async def test_a_launch_that_fails_harms_no_other(stage: Stage) -> None:
    for _ in range(3):
        with pytest.raises(LaunchError):
            await stage.runners.launch("nobody")
    await stage.start("e1", ("stdout", "hello"))
    assert (await stage.finish("e1"))[0] == [("stdout", "hello")]


async def test_the_first_description_stays(stage: Stage) -> None:
    first = stage.spec("e1", ("exit", 1))
    assert await stage.runners.prepare(first) == first
    assert await stage.runners.prepare(stage.spec("e1", ("exit", 2))) == first
    assert isinstance(stage.runners.judge("e1"), NeverStarted)
    assert stage.runners.started("e1") is None
    assert await stage.runners.token("e1") == first.token
    assert await stage.runners.token("nobody") is None


async def test_an_agent_prints_and_exits(stage: Stage) -> None:
    await stage.start("e1", ("stdout", "hällo"), ("exit", 3))
    lines, ended = await stage.finish("e1")
    assert lines == [("stdout", "hällo")]
    assert (ended.kind, ended.exit_code, ended.signal) == ("exited", 3, None)
    started = stage.runners.started("e1")
    assert started is not None
    assert ended.started_at == started.started_at
    assert stage.runners.judge("e1") == Finished(ended)


async def test_an_agent_can_read_the_files_that_come_with_its_description(stage: Stage) -> None:
    place = stage.runners.files_directory("e1")
    await stage.start("e1", ("cat", f"{place}/prompt.txt"), files={"prompt.txt": "Say hällo.", "other": ""})
    assert (await stage.finish("e1"))[0] == [("stdout", "Say hällo.")]


async def test_a_log_is_removed_and_nothing_else_of_its_execution(stage: Stage) -> None:
    for execution in ("e1", "e2"):
        await stage.start(execution, ("stdout", "said"), ("exit", 3))
        await stage.finish(execution)
    before = await stage.runners.logs()
    assert set(before) == {"e1", "e2"}
    await stage.runners.remove_logs(["e1", "gone"])
    assert await stage.runners.logs() == {"e2": before["e2"]}
    judged = stage.runners.judge("e1")
    assert isinstance(judged, Finished)
    assert judged.exit.exit_code == 3


async def test_all_of_an_execution_is_removed_unless_its_runner_lives(stage: Stage) -> None:
    await stage.start("e1", ("stdout", "said"), ("exit", 3))
    await stage.finish("e1")
    await stage.start("e2", ("stdout", "begun"), ("hang", ""))
    there = await stage.runners.records()
    assert (set(there), there["e1"]) == ({"e1", "e2"}, True)
    assert await stage.runners.size_of(["e1"]) > 0
    with trio.fail_after(CEILING):  # its runner ends a moment after its exit is known
        while await stage.runners.remove_records(["e1", "e2", "gone"]) != ("e1", "gone"):
            await trio.lowlevel.checkpoint()
    assert set(await stage.runners.records()) == {"e2"}
    assert stage.runners.started("e1") is None
    assert isinstance(stage.runners.judge("e2"), Running)
    await stage.runners.end("e2", None, kind="stopped", reason="the test is over", now=0.0)


async def test_error_output_is_marked(stage: Stage) -> None:
    await stage.start("e1", ("stderr", "careful"))
    assert (await stage.finish("e1"))[0] == [("stderr", "careful")]


async def test_a_repeated_launch_starts_nothing(stage: Stage) -> None:
    await stage.start("e1", ("stdout", "once"), ("hang", None))
    await stage.runners.launch("e1")
    async with stage.runners.attach("e1", 1) as connection:
        assert (await anext(aiter(connection))).text == "once\n"
        await connection.stop("enough")
        assert [chunk async for chunk in connection] == []
    await stage.runners.launch("e1")
    assert (await stage.finish("e1"))[0] == [("stdout", "once")]


async def test_everybody_who_attaches_gets_all_of_it(stage: Stage) -> None:
    await stage.start("e1", ("stdout", "one"), ("hang", None))
    async with stage.runners.attach("e1", 1) as first, stage.runners.attach("e1", 1) as second:
        one = await anext(aiter(first))
        other = await anext(aiter(second))
        assert one.text == other.text == "one\n"
        assert (one.offset, one.next_offset) == (0, 4)
        assert isinstance(stage.runners.judge("e1"), Running)
        await second.stop("enough")
        assert [chunk async for chunk in first] == []
        assert first.exit is not None
    assert (await stage.finish("e1"))[0] == [("stdout", "one")]


async def test_a_stopped_agent_says_why_it_was_stopped(stage: Stage) -> None:
    await stage.start("e1", ("hang", None))
    async with stage.runners.attach("e1", 1) as connection:
        await connection.stop("nobody needs it")
        assert [chunk async for chunk in connection] == []
        assert connection.exit is not None
        assert connection.exit.kind == "stopped"
        assert "nobody needs it" in connection.exit.reason
        await connection.stop("again")


async def test_an_agent_is_ended_at_its_deadline(stage: Stage) -> None:
    await stage.start("e1", ("stdout", "begun"), ("hang", None), timeout_secs=stage.secs_to_begin)
    lines, ended = await stage.finish("e1")
    assert (lines, ended.kind) == ([("stdout", "begun")], "timeout")
    assert ended.reason


async def test_what_is_cancelled_before_its_start_never_starts(stage: Stage) -> None:
    await stage.runners.prepare(stage.spec("e1", ("stdout", "never")))
    ended = await stage.runners.cancel("e1", "not wanted", 12.5)
    assert (ended.kind, ended.reason, ended.ended_at) == ("cancelled", "not wanted", 12.5)
    await stage.runners.launch("e1")
    assert stage.runners.started("e1") is None
    assert await stage.finish("e1") == ([], ended)
    assert await stage.runners.cancel("e1", "again", 13.5) == ended


async def test_what_was_never_prepared_can_be_cancelled(stage: Stage) -> None:
    ended = await stage.runners.cancel("e1", "not wanted", 12.5)
    assert stage.runners.judge("e1") == Finished(ended)


async def test_what_runs_is_neither_cancelled_nor_settled(stage: Stage) -> None:
    await stage.start("e1", ("hang", None))
    with pytest.raises(SettleError):
        await stage.runners.cancel("e1", "not wanted", 12.5)
    with pytest.raises(SettleError):
        await stage.runners.settle("e1", 12.5)


async def test_what_never_started_is_not_settled(stage: Stage) -> None:
    await stage.runners.prepare(stage.spec("e1"))
    with pytest.raises(SettleError):
        await stage.runners.settle("e1", 12.5)


async def test_an_agent_whose_runner_died_is_settled_as_lost(stage: Stage) -> None:
    await stage.start("e1", ("stdout", "begun"), ("hang", None))
    async with stage.runners.attach("e1", 1) as connection:
        assert (await anext(aiter(connection))).text == "begun\n"
        await stage.kill("e1")
        with pytest.raises(AttachmentLost):
            [chunk async for chunk in connection]
    assert isinstance(stage.runners.judge("e1"), Died)
    ended = await stage.runners.settle("e1", 2_000_000_000.0)
    assert (ended.kind, ended.ended_at) == ("lost", 2_000_000_000.0)
    assert await stage.runners.settle("e1", 2_000_000_001.0) == ended
    assert await stage.finish("e1") == ([("stdout", "begun")], ended)


async def test_nobody_attaches_to_what_never_started(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachment, "CONNECT_LIMIT_SECS", 0.1)
    await stage.runners.prepare(stage.spec("e1"))
    with pytest.raises(AttachmentLost):
        await stage.finish("e1")


async def test_an_older_supervisor_is_refused(stage: Stage) -> None:
    await stage.runners.begin(1)
    await stage.start("e1", ("stdout", "begun"), ("hang", None))
    await stage.runners.begin(2)
    async with stage.runners.attach("e1", 2) as newer:
        await anext(aiter(newer))
        with pytest.raises(AttachmentRefused, match="epoch 1 is over"):
            await stage.finish("e1", epoch=1)
        await newer.stop("enough")
        assert [chunk async for chunk in newer] == []


async def test_nobody_is_believed_to_be_a_supervisor_that_has_not_begun(stage: Stage) -> None:
    await stage.runners.begin(1)
    await stage.start("e1", ("stdout", "begun"), ("hang", None))
    for forged in (2, 2**62, -1, -(2**63)):
        with pytest.raises(AttachmentRefused):
            await stage.finish("e1", epoch=forged)
    async with stage.runners.attach("e1", 1) as own:
        assert (await anext(aiter(own))).text == "begun\n"
        await own.stop("enough")
        assert [chunk async for chunk in own] == []


async def test_a_supervisor_that_finds_no_record_still_reaches_what_it_started(stage: Stage) -> None:
    await stage.start("e1", ("stdout", "begun"), epoch=7)
    assert (await stage.finish("e1", epoch=7))[0] == [("stdout", "begun")]


def known_of(stage: Stage, execution: str) -> RecordedTree:
    started = stage.runners.started(execution)
    assert started is not None
    return recorded_tree(execution, started)


async def test_what_runs_is_ended_without_asking_and_stays_ended(stage: Stage) -> None:
    await stage.start("e1", ("stdout", "begun"), ("hang", None))
    async with stage.runners.attach("e1", 1) as connection:
        assert (await anext(aiter(connection))).text == "begun\n"
    known = known_of(stage, "e1")
    ended = await stage.runners.end("e1", known, kind="timeout", reason="it took too long", now=12.5)
    assert (ended.kind, ended.nothing_left) == ("timeout", True)
    assert "it took too long" in ended.reason
    again = await stage.runners.end("e1", known, kind="timeout", reason="it took too long", now=13.5)
    assert (again.kind, again.nothing_left) == ("timeout", True)
    assert isinstance(stage.runners.judge("e1", known), Finished)
    assert await stage.runners.launch("e1") is None
    assert (await stage.finish("e1"))[0] == [("stdout", "begun")]


async def test_nothing_is_left_to_sweep_after_an_end(stage: Stage) -> None:
    await stage.start("e1", ("stdout", "begun"))
    known = known_of(stage, "e1")
    await stage.runners.wait_agent_gone(known)
    await stage.finish("e1")
    assert await stage.runners.sweep("e1", known) == Swept(ended=0, nothing_left=True, was_at_work=False)


async def test_a_sweep_ends_what_is_at_work(stage: Stage) -> None:
    await stage.start("e1", ("hang", None))
    known = known_of(stage, "e1")
    swept = await stage.runners.sweep("e1", known)
    assert (swept.nothing_left, swept.was_at_work) == (True, True)
    await stage.runners.wait_agent_gone(known)
    assert (await stage.runners.sweep("e1", known)).was_at_work is False


async def test_a_launch_tells_what_the_runner_recorded(stage: Stage) -> None:
    await stage.runners.prepare(stage.spec("e1", ("hang", None)))
    started = await stage.runners.launch("e1")
    assert started is not None
    assert started == stage.runners.started("e1")
    assert await stage.runners.launch("e1") is None
    await stage.runners.end("e1", recorded_tree("e1", started), kind="stopped", reason="over", now=1.0)


async def test_what_the_log_knows_to_have_started_never_starts_again(stage: Stage) -> None:
    await stage.start("e1", ("stdout", "begun"))
    known = known_of(stage, "e1")
    await stage.finish("e1")
    other = msgspec.structs.replace(known, execution="e2")
    await stage.runners.prepare(stage.spec("e2", ("stdout", "never")))
    assert isinstance(stage.runners.judge("e2"), NeverStarted)
    assert isinstance(stage.runners.judge("e2", other), Vanished)
