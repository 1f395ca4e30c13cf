"""Runs a program that is told something on its standard input: bounded in time, its output kept to the last bytes."""

import secrets
import subprocess
import tempfile
from collections.abc import Mapping
from typing import Final, Literal

import msgspec
import trio

from compas.output.redact import Redactor
from compas.runner.own_session import close_output, end, follow
from compas.runner.processes import TOKEN_VARIABLE
from compas.runner.strays import end_strays
from compas.search_path import find_program, missing_program

OUTPUT_BYTES: Final = 16 * 1024
"""How much of the end of what a program prints is kept."""


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """What to run, without a shell: `command` is a path, or a name that `env` has to have on its PATH.

    `redaction_patterns` are for what it prints; None keeps that as it is. `token` marks its processes; one that
    `is_again` run, after a crash, first has what is left of its first run ended.
    """

    command: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str]
    cwd: str
    stdin: bytes = b""
    timeout_secs: float
    redaction_patterns: tuple[str, ...] | None = ()
    token: str = ""
    is_again: bool = False


class ProgramEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How it ended. `code` is negative for a signal, and None where it did not end by itself.

    `output` is the end of what it printed, standard error included; `problem` says what kept it from being run.
    """

    how: Literal["ended", "timed_out", "not_started"]
    seconds: float = 0.0
    code: int | None = None
    output: str = ""
    problem: str = ""


class _Tail:
    """The last bytes of a stream, however long that is."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._has_lost = False

    def take(self, data: bytes) -> None:
        self._kept += data
        if len(self._kept) > 4 * OUTPUT_BYTES:
            self._cut()

    def text(self) -> str:
        """Return whole lines, where there are several: a cut line might hide half a secret from redaction."""
        self._cut()
        text = self._kept.decode("utf-8", "replace")
        return text.partition("\n")[2] or text if self._has_lost else text

    def _cut(self) -> None:
        if len(self._kept) > OUTPUT_BYTES:
            del self._kept[:-OUTPUT_BYTES]
            self._has_lost = True


async def run_program(program: Program) -> ProgramEnd:
    """Run it to its end and return how it ended; it has no terminal, and its input ends after what it is told.

    When the time is up, and on cancelling, it and everything it has started are ended before this returns: SIGTERM, a
    grace of some seconds, SIGKILL. After an end of its own, what it left running stays.
    """
    file = find_program(program.command, program.env.get("PATH", ""))
    if file is None:
        return ProgramEnd(how="not_started", problem=missing_program(program.command))
    token = program.token or secrets.token_urlsafe(24)
    if program.is_again:
        await trio.to_thread.run_sync(end_strays, token)
    began = trio.current_time()
    try:
        process = await _start(file, program, token)
    except (OSError, ValueError) as err:  # ValueError: a NUL in an argument
        why = err.strerror if isinstance(err, OSError) and err.strerror else str(err)
        return ProgramEnd(how="not_started", problem=f"{file} cannot be started: {why}")
    tail, ended = _Tail(), False
    try:
        with trio.move_on_after(program.timeout_secs):
            await follow(process, tail.take)
            ended = True
    finally:
        if not ended:
            await end(process, token)
        await close_output(process)
    redactor = None if program.redaction_patterns is None else Redactor(program.redaction_patterns)
    text = tail.text()
    return ProgramEnd(
        how="ended" if ended else "timed_out",
        seconds=trio.current_time() - began,
        code=process.returncode if ended else None,
        output=redactor.text(text) if redactor is not None else text,
    )


async def _start(file: str, program: Program, token: str) -> trio.Process:
    # A file and no pipe: a program that does not read it holds nobody up.
    with tempfile.TemporaryFile() as given:
        given.write(program.stdin)
        given.seek(0)
        return await trio.lowlevel.open_process(
            [file, *program.args],
            cwd=program.cwd,
            env={**program.env, TOKEN_VARIABLE: token},
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
