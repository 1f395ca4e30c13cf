"""Runs a repository's own command, such as its setup: bounded, in a session of its own, its output kept redacted."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import trio

from compas.errors import CompasError
from compas.output.kept import LOG_LIMIT, KeptOutput, open_output_log
from compas.output.redact import Redactor
from compas.runner.messages import MIN_GRACE_SECS
from compas.runner.processes import TOKEN_VARIABLE
from compas.runner.strays import end_strays

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
    with open_output_log(str(command.log)) as log:
        process = await _start(command)
        output = KeptOutput(log, Redactor(command.redaction_patterns) if command.redact else None)
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


async def _follow(process: trio.Process, output: KeptOutput) -> None:
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
