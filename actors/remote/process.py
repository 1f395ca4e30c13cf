"""Starts a Python process with a channel to it, and ends it: goodbye, then SIGTERM, then SIGKILL."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Final

import msgspec
import trio

from actors.remote.background import open_background
from actors.remote.child import CHANNEL_VARIABLE
from actors.remote.errors import VersionRefused, WireError
from actors.remote.framing import MAX_FRAME, Encoding
from actors.remote.server import log
from actors.remote.session import Session, open_session
from actors.remote.sockets import transport_of
from actors.remote.transport import Transport
from actors.remote.versions import Versions

_REAP_SECONDS: Final = 10.0
"""How long SIGKILL may take; longer means the process hangs inside the kernel."""
_LAST_WORDS_SECONDS: Final = 1.0


class ProcessStartError(WireError):
    """The process could not be started, or ended or stayed silent instead of greeting."""


class ProcessExit(msgspec.Struct, frozen=True, kw_only=True):
    """How a hosted process ended: an exit code, or the signal that killed it."""

    name: str
    pid: int
    code: int | None = None
    signal: int | None = None

    def __str__(self) -> str:
        how = f"exited with code {self.code}" if self.signal is None else f"was killed by {_signal_name(self.signal)}"
        return f"the process {self.name} (pid {self.pid}) {how}"


class HostSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a hosted process is started and ended; seconds are of each step of the ladder."""

    client: str = "process-host"
    versions: Versions = Versions()
    start_seconds: float = 30.0
    grace_seconds: float = 5.0
    max_frame: int = MAX_FRAME
    log_fd: int | None = None
    """Where the child's stdout and stderr go; None is this process's stderr."""
    pass_fds: tuple[int, ...] = ()
    """Descriptors that the child has too, under the same numbers."""


DEFAULT_SETTINGS: Final = HostSettings()


class ProcessHost:
    """A running child process and the session with it. Made by `open_process_host`."""

    def __init__(self, name: str, process: trio.Process) -> None:
        self.name = name
        self.pid = process.pid
        self._process = process
        self._session: Session | None = None
        self._exit: ProcessExit | None = None
        self._exited = trio.Event()
        self._watching = trio.CancelScope(shield=True)

    def __repr__(self) -> str:
        return f"<ProcessHost {self.name} pid {self.pid} ({self._exit or 'running'})>"

    @property
    def session(self) -> Session:
        """Where requests to the process go; lost at once when it dies."""
        assert self._session is not None
        return self._session

    async def wait_exited(self) -> ProcessExit:
        """Wait until the process has ended, by itself or by force."""
        await self._exited.wait()
        assert self._exit is not None
        return self._exit

    def kill(self) -> None:
        """End the process and its group at once, as when it hangs; does nothing when it has ended."""
        self._signal(signal.SIGKILL)

    async def _greet(self, stack: AsyncExitStack, transport: Transport, settings: HostSettings) -> None:
        opening = open_session(
            transport,
            client=settings.client,
            versions=settings.versions,
            handshake_seconds=settings.start_seconds,
        )
        try:
            self._session = await stack.enter_async_context(opening)
        except VersionRefused:
            raise
        except WireError as error:
            with trio.move_on_after(_LAST_WORDS_SECONDS):
                await self._exited.wait()
            found = self._exit or f"the process {self.name} (pid {self.pid}) runs, but does not greet"
            raise ProcessStartError(f"{found}: {error}; what it printed says why") from error

    async def _watch(self, on_exit: Callable[[ProcessExit], None] | None) -> None:
        returncode = 0
        with self._watching:
            returncode = await self._process.wait()
        if self._watching.cancelled_caught:
            return
        code, signal_ = (returncode, None) if returncode >= 0 else (None, -returncode)
        self._exit = ProcessExit(name=self.name, pid=self.pid, code=code, signal=signal_)
        if self._session is not None:
            self._session.expect_end(str(self._exit))
        self._exited.set()
        if on_exit is not None:
            on_exit(self._exit)

    async def _end(self, grace: float) -> None:
        """Wait for the exit that the closed channel asks for, then signal the process group, twice if need be."""
        for signal_ in (signal.SIGTERM, signal.SIGKILL):
            with trio.move_on_after(grace):
                await self._exited.wait()
                return
            log.warning(
                "%r did not end within %g s; sending %s.",
                self,
                grace,
                signal_.name,
                extra={"action": "forced"},
            )
            self._signal(signal_)
        with trio.move_on_after(_REAP_SECONDS):
            await self._exited.wait()
            return
        log.error("%r survived SIGKILL; it hangs in the kernel and is left behind.", self, extra={"action": "left"})

    def _signal(self, signal_: signal.Signals) -> None:
        if self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal_)


@asynccontextmanager
async def open_process_host(
    command: Sequence[str] | str,
    *,
    name: str,
    env: Mapping[str, str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
    settings: HostSettings = DEFAULT_SETTINGS,
    on_exit: Callable[[ProcessExit], None] | None = None,
) -> AsyncIterator[ProcessHost]:
    """Start a Python module (a `str`) or an argv whose program calls `serve_parent`, and greet it.

    It has a session (setsid) of its own, no inherited descriptors but its channel and `pass_fds`, and /dev/null for
    stdin. It ends when its channel does, so also when this process dies. At the end of the block, cancelled or not:
    goodbye and a closed channel, `grace_seconds`, SIGTERM to its group, `grace_seconds`, SIGKILL to its group.
    A child that dies loses the session, which fails its requests with SessionLost; the block goes on.

    `on_exit` is called once, in a task of this block. Raises ProcessStartError or VersionRefused.
    """
    argv = [sys.executable, "-m", command] if isinstance(command, str) else list(command)
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = await _spawn(argv, theirs, name, env, cwd, settings)
        host = ProcessHost(name, process)
        async with open_background() as helpers:
            helpers.start_soon(host._watch, on_exit)
            try:
                async with AsyncExitStack() as stack:
                    transport = transport_of(ours, Encoding.MSGPACK, announces=True, max_frame=settings.max_frame)
                    await host._greet(stack, transport, settings)
                    yield host
            finally:
                with trio.CancelScope(shield=True):
                    await host._end(settings.grace_seconds)
                    host._watching.cancel()


async def _spawn(
    argv: list[str],
    channel: socket.socket,
    name: str,
    env: Mapping[str, str] | None,
    cwd: str | os.PathLike[str] | None,
    settings: HostSettings,
) -> trio.Process:
    fd, log_fd = channel.fileno(), settings.log_fd
    output = sys.__stderr__.fileno() if log_fd is None and sys.__stderr__ is not None else log_fd
    try:
        return await trio.lowlevel.open_process(
            argv,
            env={**(os.environ if env is None else env), CHANNEL_VARIABLE: str(fd)},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(fd, *settings.pass_fds),
            start_new_session=True,
        )
    except OSError as error:
        raise ProcessStartError(f"cannot start the process {name} ({argv[0]}): {error.strerror or error}") from error


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
