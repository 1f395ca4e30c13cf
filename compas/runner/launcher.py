"""The supervisor's side of the fork server: starts it, asks it for runners, ends it."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
import trio

from compas import failpoints
from compas.errors import CompasError
from compas.runner.forkserver import LENGTH_BYTES, Launch
from compas.runner.messages import Started
from compas.runner.process import PRESENT, STARTED

_BOOT = "import sys; sys.path += sys.argv[1:]; from compas.runner.forkserver import main; main()"
_CLOSE_LIMIT_SECS = 5.0
_REPORT_LIMIT_BYTES = 8192


class LaunchError(CompasError):
    """No runner could be started, or it is not known whether one was: judge the execution again."""


class ForkServerGone(LaunchError):  # noqa: N818 - named for what happened, like trio's own
    """The fork server itself has ended: open a new one. Any other LaunchError is one runner's matter."""


class Launched(NamedTuple):
    """How a launch went, and what the new runner says of its processes; None when no agent was started by it."""

    answer: Literal["started", "present"]
    started: Started | None = None


class Launcher:
    """Starts runners; see `open_fork_server`."""

    def __init__(self, channel: trio.socket.SocketType) -> None:
        self._channel = channel
        self._sending = trio.Lock()

    async def launch(self, directory: Path, withheld: Mapping[str, str] | None = None) -> Launched:
        """Start a runner for a prepared execution, whose directory is an absolute path.

        `withheld` is what its agent's environment has beside what its `spec.json` says: it is told to the runner alone,
        and stands in no file.
        Idempotent: when the execution has or had a runner, the new one leaves and the answer is "present".
        On "started" the agent runs, or `exit.json` says why it could not. If cancelled, it may have been
        started nonetheless.

        Raises:
            ForkServerGone: Nothing was started.
            LaunchError: The fork server or the runner ended before it said how it went.
        """
        launch = Launch(path=os.fsencode(directory), withheld=dict(withheld or {}))
        report = await self._ask(msgspec.msgpack.encode(launch))
        if report.startswith(STARTED):
            record = report.removeprefix(STARTED)
            return Launched("started", msgspec.json.decode(record, type=Started) if record else None)
        if report == PRESENT:
            return Launched("present")
        found = report.decode("utf-8", "replace") or "it ended without a word"
        raise LaunchError(f"tried to start a runner for {directory}: {found}; judge the execution again")

    async def orphans(self) -> list[tuple[int, int]]:
        """Return pid and start time of what runners have left that died. Raises ForkServerGone."""
        report = await self._ask(b"")
        try:
            return msgspec.json.decode(report, type=list[tuple[int, int]])
        except msgspec.DecodeError as err:
            raise ForkServerGone("the fork server ended before it said what dead runners left") from err

    async def _ask(self, content: bytes) -> bytes:
        reading, writing = os.pipe()
        async with trio.lowlevel.FdStream(reading) as stream:
            try:
                await self._request(content, writing)
            finally:
                os.close(writing)
            report = b""
            while len(report) < _REPORT_LIMIT_BYTES and (data := await stream.receive_some()):
                report += data
        return report

    async def _request(self, content: bytes, report: int) -> None:
        message = len(content).to_bytes(LENGTH_BYTES, "big") + content
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, report.to_bytes(4, sys.byteorder))
        async with self._sending:
            try:
                sent = await self._channel.sendmsg([message], [rights])
                while sent < len(message):
                    sent += await self._channel.send(message[sent:])
            except (OSError, trio.ClosedResourceError) as err:
                raise ForkServerGone(f"the fork server is gone ({err!r}): open a new one") from err


def fork_server_command() -> list[str]:
    """Return what starts a fork server, whose stdin has to be its channel."""
    # Site packages are off in there, so that no .pth file of this machine can slow it down or break it.
    places = [str(Path(module).parent.parent) for module in (failpoints.__file__, msgspec.__file__)]
    return [sys.executable, "-I", "-S", "-c", _BOOT, *dict.fromkeys(places)]


@contextlib.asynccontextmanager
async def open_fork_server() -> AsyncIterator[Launcher]:
    """Start a fork server; it ends with the block, or with this process, and its runners go on."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    # A clean environment: it is the runners' own, and must not carry the mark of another execution.
    environment = {"LC_ALL": "C.UTF-8", "PATH": os.defpath}
    if failpoints.VARIABLE in os.environ:
        environment[failpoints.VARIABLE] = os.environ[failpoints.VARIABLE]
    with theirs, trio.socket.from_stdlib_socket(ours) as channel:
        server = await trio.lowlevel.open_process(
            fork_server_command(),
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            env=environment,
            cwd="/",
            start_new_session=True,
        )
        theirs.close()
        try:
            yield Launcher(channel)
        finally:
            channel.close()
            with trio.CancelScope(deadline=trio.current_time() + _CLOSE_LIMIT_SECS, shield=True) as limit:
                await server.wait()
            if limit.cancelled_caught:
                server.kill()
