"""Runs a repository's own command, such as its setup: bounded, in a session of its own, its output kept redacted."""

import contextlib
import io
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
import trio

from compas.errors import CompasError
from compas.runner.lines import Line, LineSplitter
from compas.runner.messages import MIN_GRACE_SECS
from compas.runner.processes import TOKEN_VARIABLE
from compas.runner.redact import Redactor
from compas.runner.strays import end_strays

LOG_LIMIT = 4 * 1024 * 1024
"""Bytes of output that are kept; what comes after is counted."""
LINE_LIMIT = 64 * 1024
TAIL_LINES = 20
READ_BYTES = 64 * 1024


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What to run by `/bin/sh` in which directory, with exactly which environment.

    `token` marks its processes: the same command, run again after a crash, first ends what is left of the first run.
    """

    run: str
    cwd: str
    env: Mapping[str, str]
    token: str
    timeout_secs: float
    log: Path
    redact: bool = True
    redaction_patterns: Sequence[str] = ()


class CommandError(CompasError):
    """The command could not be run at all."""


class CommandEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How it ended. `code` is None when the time was up; a signal's number is negative. `tail` are its last lines."""

    code: int | None
    tail: str
    cut_bytes: int = 0

    @property
    def succeeded(self) -> bool:
        """Whether it ended by itself with 0."""
        return self.code == 0


async def run_command(command: Command) -> CommandEnd:
    """Run it to its end and return how it ended.

    When the time is up, and on cancelling, it and everything it has started are ended before this returns. After an
    end of its own, what it left running stays: a setup may start a service. Such a program must not keep its output.
    Raises CommandError, and OSError when its log cannot be written.
    """
    await trio.to_thread.run_sync(end_strays, command.token)
    with _open_log(command.log) as file:
        process = await _start(command)
        output = _Output(file.write, Redactor(command.redaction_patterns) if command.redact else None)
        ended = False
        try:
            with trio.move_on_after(command.timeout_secs):
                await _follow(process, output)
                ended = True
        finally:
            if not ended:
                await _end(process, command.token)
            output.finish()
            assert process.stdout is not None
            with trio.CancelScope(shield=True, deadline=trio.current_time() + 1):
                await process.stdout.aclose()
    return CommandEnd(code=process.returncode if ended else None, tail=output.tail(), cut_bytes=output.cut_bytes)


def _open_log(path: Path) -> io.FileIO:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return io.FileIO(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w")


async def _start(command: Command) -> trio.Process:
    try:
        return await trio.lowlevel.open_process(
            ["/bin/sh", "-c", command.run],
            cwd=command.cwd,
            env={**command.env, TOKEN_VARIABLE: command.token},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise CommandError(f"it could not be started in {command.cwd}: {error.strerror or error}") from error


async def _follow(process: trio.Process, output: "_Output") -> None:
    stream = process.stdout
    assert isinstance(stream, trio.lowlevel.FdStream)

    async def read() -> None:
        async for chunk in stream:
            output.feed(bytes(chunk))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        await process.wait()
        # What it left running may hold the pipe open for ever: what it said itself is in the pipe by now.
        nursery.cancel_scope.cancel()
    with contextlib.suppress(BlockingIOError, trio.ClosedResourceError):
        for _ in range(LOG_LIMIT // READ_BYTES):
            chunk = os.read(stream.fileno(), READ_BYTES)
            if not chunk:
                break
            output.feed(chunk)


async def _end(process: trio.Process, token: str) -> None:
    """End the process group, then whatever else carries the mark. Shielded; takes at most some seconds."""
    with trio.CancelScope(shield=True):
        _signal(process, signal.SIGTERM)
        with trio.move_on_after(MIN_GRACE_SECS):
            await process.wait()
        _signal(process, signal.SIGKILL)
        await trio.to_thread.run_sync(end_strays, token)
        await process.wait()


def _signal(process: trio.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS says EPERM for a group of zombies
        os.killpg(process.pid, number)


class _Output:
    """Takes what a command prints: redacted into its log up to a limit, and its last lines for an error."""

    def __init__(self, write: Callable[[bytes], object], redactor: Redactor | None) -> None:
        self._write = write
        self._redactor = redactor
        self._splitter = LineSplitter(LINE_LIMIT)
        self._written = 0
        self._last: list[str] = []
        self.cut_bytes = 0

    def feed(self, data: bytes) -> None:
        """Take in bytes."""
        self._take(self._splitter.feed(data))

    def finish(self) -> None:
        """Take in the last line, and say in the log what was cut."""
        self._take(self._splitter.finish())
        if self.cut_bytes:
            self._write(f"[compas: {self.cut_bytes} more bytes are not kept]\n".encode())

    def tail(self) -> str:
        """Return the last lines."""
        return "\n".join(self._last).strip()

    def _take(self, lines: list[Line]) -> None:
        texts = [line.content.decode("utf-8", "replace") for line in lines]
        if self._redactor is not None:
            texts = self._redactor.lines(texts)
        self.cut_bytes += sum(line.dropped for line in lines)
        for text in texts:
            data = f"{text}\n".encode()
            if self._written + len(data) > LOG_LIMIT:
                self.cut_bytes += len(data)
                continue
            self._write(data)
            self._written += len(data)
        self._last = [*self._last, *(text[:500] for text in texts)][-TAIL_LINES:]
