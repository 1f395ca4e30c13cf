"""A stage for every test, on one fork server for all of them."""

import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import trio

from compas.runner.launcher import Launcher, fork_server_command
from tests.kit.ceiling import CEILING
from tests.kit.runner.runner_stage import Stage


@pytest.fixture(scope="session")
def fork_server() -> Iterator[socket.socket]:
    """Start it once: it costs more than most of the tests. How it is opened and closed has tests of its own."""
    ours, theirs = socket.socketpair()
    with ours, theirs, subprocess.Popen(fork_server_command(), stdin=theirs, env={}) as server:
        theirs.close()
        yield ours
        ours.close()
        assert server.wait(timeout=CEILING) == 0


@pytest.fixture
async def stage(tmp_path: Path, fork_server: socket.socket) -> AsyncIterator[Stage]:
    """Give each test a place to run agents."""
    with trio.socket.from_stdlib_socket(fork_server.dup()) as channel:
        on_stage = Stage(Launcher(channel), tmp_path)
        yield on_stage
        on_stage.clear()
