"""Runs a repository's own command, such as its setup: bounded, in a session of its own, its output kept redacted."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import trio

from compas.errors import CompasError
from compas.output.kept import KeptOutput, open_output_log
from compas.output.redact import Redactor
from compas.runner.own_session import close_output, end, follow
from compas.runner.processes import TOKEN_VARIABLE
from compas.runner.strays import end_strays


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
                await follow(process, output.feed)
                ended = True
        finally:
            if not ended:
                await end(process, command.token)
            output.finish()
            await close_output(process)
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
