import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import IO

import msgspec
import pytest
import trio
import trio.testing

from actors.remote.errors import SessionLost, VersionRefused
from actors.remote.process import HostSettings, ProcessExit, ProcessHost, ProcessStartError, open_process_host
from actors.remote.versions import Versions
from tests.kit.ceiling import CEILING
from tests.kit.places import REPOSITORY

pytestmark = pytest.mark.system

PROGRAM = [sys.executable, str(REPOSITORY / "tests" / "kit" / "actors" / "remote_playground.py")]


@pytest.fixture
def output() -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as file:
        yield file


@pytest.fixture
def settings(output: IO[bytes]) -> HostSettings:
    return HostSettings(client="test/1", start_seconds=CEILING, grace_seconds=CEILING, log_fd=output.fileno())


def _open(
    settings: HostSettings, *, exit_seconds: float = CEILING, **options: Callable[[ProcessExit], None]
) -> AbstractAsyncContextManager[ProcessHost]:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), "MARK": "kept"}
    return open_process_host([*PROGRAM, str(exit_seconds)], name="playground", env=env, settings=settings, **options)


def _what_it_has_open(pid: int) -> list[str]:
    return [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()]


async def _gone(pid: int) -> None:
    """Wait until a process that is not our child has ended."""
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        await trio.lowlevel.wait_readable(pidfd)
    finally:
        os.close(pidfd)


async def test_a_hosted_process_serves_and_ends_with_its_block(settings: HostSettings) -> None:
    with trio.fail_after(CEILING):
        async with _open(settings) as host:
            assert host.session.welcome.server == "playground/1"
            assert await host.session.request("add", {"a": 1, "b": 2}, dict) == {"sum": 3}
            seen = await host.session.request("process", None, dict)
            assert seen == {"pid": host.pid, "session": host.pid, "parent": os.getpid()}
    assert await host.wait_exited() == ProcessExit(name="playground", pid=host.pid, code=0)


async def test_the_child_inherits_its_channel_and_nothing_else(settings: HostSettings) -> None:
    with tempfile.TemporaryFile() as secret, trio.fail_after(CEILING):
        os.set_inheritable(secret.fileno(), True)
        async with _open(settings) as host:
            environment = await host.session.request("environment", None, dict)
            assert environment["MARK"] == "kept"
            assert "ACTORS_CHANNEL_FD" not in environment
            opened = _what_it_has_open(host.pid)
            assert os.readlink(f"/proc/self/fd/{secret.fileno()}") not in opened
            assert opened.count("/dev/null") == 1


async def test_a_killed_child_fails_its_requests_at_once_and_is_told(settings: HostSettings) -> None:
    told: list[ProcessExit] = []
    with trio.fail_after(CEILING):
        async with _open(settings, on_exit=told.append) as host, trio.open_nursery() as nursery:

            async def ask() -> None:
                with pytest.raises(SessionLost):
                    await host.session.request("hang", None, int)

            async with host.session.open_stream("hang", None, str) as hanging:
                assert await anext(hanging) == "hanging"
                nursery.start_soon(ask)
                os.kill(host.pid, signal.SIGKILL)
                with pytest.raises(SessionLost):
                    await anext(hanging)
            exit_ = await host.wait_exited()
    assert exit_ == ProcessExit(name="playground", pid=host.pid, signal=signal.SIGKILL)
    assert str(exit_) == f"the process playground (pid {host.pid}) was killed by SIGKILL"
    assert told == [exit_]


async def test_a_child_that_is_stopped_can_be_killed(settings: HostSettings) -> None:
    with trio.fail_after(CEILING):
        async with _open(settings) as host:
            os.kill(host.pid, signal.SIGSTOP)
            host.kill()
            exit_ = await host.wait_exited()
            host.kill()
    assert exit_.signal == signal.SIGKILL


async def test_a_child_that_ignores_goodbye_and_sigterm_is_killed(
    settings: HostSettings, caplog: pytest.LogCaptureFixture
) -> None:
    short = msgspec.structs.replace(settings, grace_seconds=0.2)
    with trio.fail_after(CEILING):
        async with (
            _open(short) as host,
            host.session.open_stream("stubborn", None, str) as deaf,
        ):
            assert await anext(deaf) == "deaf"
        exit_ = await host.wait_exited()
    assert exit_.signal == signal.SIGKILL
    assert "sending SIGTERM" in caplog.text
    assert "sending SIGKILL" in caplog.text


async def test_a_child_whose_thread_is_stuck_ends_by_itself(settings: HostSettings) -> None:
    with trio.fail_after(CEILING):
        async with (
            _open(settings, exit_seconds=0.1) as host,
            host.session.open_stream("thread", None, str) as stuck,
        ):
            assert await anext(stuck) == "in a thread"
        exit_ = await host.wait_exited()
    assert exit_.code == os.EX_TEMPFAIL


async def test_cancelling_the_block_ends_the_child_too(settings: HostSettings) -> None:
    hosts: list[ProcessHost] = []
    with trio.fail_after(CEILING):
        with trio.CancelScope() as scope:
            async with _open(settings) as host:
                hosts.append(host)
                scope.cancel()
                await trio.sleep_forever()
        assert (await hosts[0].wait_exited()).code == 0


async def test_a_grandchild_does_not_hold_the_channel_open(settings: HostSettings) -> None:
    grandchild = 0
    try:
        with trio.fail_after(CEILING):
            async with _open(settings) as host:
                grandchild = await host.session.request("spawn", None, int)
                os.kill(host.pid, signal.SIGKILL)
                await host.session.wait_lost()
    finally:
        if grandchild:
            os.kill(grandchild, signal.SIGKILL)


async def test_an_error_of_the_block_leaves_as_itself(settings: HostSettings) -> None:
    with trio.fail_after(CEILING), pytest.raises(ZeroDivisionError):
        async with _open(settings):
            raise ZeroDivisionError


async def test_a_program_that_crashes_at_once_is_a_failed_start(settings: HostSettings, output: IO[bytes]) -> None:
    with trio.fail_after(CEILING), pytest.raises(ProcessStartError, match="exited with code 1"):
        async with open_process_host([sys.executable, "-c", "1/0"], name="broken", settings=settings):
            pytest.fail("it cannot have started")
    output.seek(0)
    assert b"ZeroDivisionError" in output.read()


async def test_a_program_that_does_not_exist_is_a_failed_start(settings: HostSettings) -> None:
    with pytest.raises(ProcessStartError, match="/no/such/program"):
        async with open_process_host(["/no/such/program"], name="absent", settings=settings):
            pytest.fail("it cannot have started")


async def test_a_program_that_never_greets_is_a_failed_start_and_is_ended(settings: HostSettings) -> None:
    impatient = msgspec.structs.replace(settings, start_seconds=0.2, grace_seconds=0.1)
    with trio.fail_after(CEILING), pytest.raises(ProcessStartError, match="runs, but does not greet"):
        async with open_process_host(["sleep", "1000"], name="mute", settings=impatient):
            pytest.fail("it cannot have greeted")


async def test_versions_that_do_not_fit_are_said_to_be_that(settings: HostSettings) -> None:
    newer = msgspec.structs.replace(settings, versions=Versions(8, 9))
    with trio.fail_after(CEILING), pytest.raises(VersionRefused, match="upgrade the server playground/1"):
        async with _open(newer):
            pytest.fail("they have no version in common")


PARENT = """
import os, sys
import trio
from actors.remote.process import HostSettings, open_process_host

async def main():
    async with open_process_host(sys.argv[1:], name="kid", settings=HostSettings()) as host:
        print(host.pid, flush=True)
        os.kill(os.getpid(), 9)

trio.run(main)
"""


async def test_the_death_of_the_parent_ends_the_child() -> None:
    with trio.fail_after(CEILING):
        parent = await trio.lowlevel.open_process(
            [sys.executable, "-c", PARENT, *PROGRAM, "5"],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        )
        assert parent.stdout is not None
        async with parent.stdout:
            line = b""
            async for data in parent.stdout:
                line += data
        await parent.wait()
        child = int(line)
        try:
            await _gone(child)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)


def test_the_childs_program_started_by_hand_says_so() -> None:
    process = subprocess.Popen(
        [*PROGRAM, "5"], stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(REPOSITORY)}
    )
    _, complaint = process.communicate(timeout=CEILING)
    assert process.returncode == 1
    assert "started by a process host, not by hand" in complaint
