"""Runs a CLI's command to its end, which is bounded in seconds and bytes, and leaves nothing of it running."""

import os
import secrets
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO

import msgspec
import trio

from compas.backends.backend import ExitStatus
from compas.errors import CompasError
from compas.runner.processes import TOKEN_VARIABLE
from compas.runner.strays import end_strays

GRACE_SECS = 2.0
"""Between SIGTERM and SIGKILL."""
DRAIN_SECS = 1.0
"""How long output may come after the end of the process, from what it left behind."""
_REAP_SECS = 5.0
_PIECE = 65536


class CannotRunError(CompasError):
    """The command could not be started; the text says what was tried and what was found."""


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """A command that is over. `problem` says why it was ended, empty when it ended by itself; `is_late`, that it took
    too long."""

    status: ExitStatus
    seconds: float
    stdout: str
    stderr: str
    problem: str = ""
    is_late: bool = False


class _Output:
    """What a command prints, up to a limit; whatever is beyond it, ends it."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept = bytearray()
        self.is_flooded = False

    async def drain(self, stream: trio.abc.ReceiveStream, scope: trio.CancelScope) -> None:
        with suppress(trio.BrokenResourceError):
            while piece := await stream.receive_some(_PIECE):
                self._kept += piece[: self._limit - len(self._kept)]
                if len(self._kept) >= self._limit:
                    self.is_flooded = True
                    scope.cancel()
                    return

    def text(self) -> str:
        return self._kept.decode(errors="replace")


async def run_command(
    argv: Sequence[str], *, env: Mapping[str, str], cwd: str, stdin: str = "", seconds: float, limit: int
) -> Ran:
    """Run a command without a terminal, in a session of its own, for `seconds` and `limit` bytes a channel at most.

    Whatever it started has ended when this returns, also when it is cancelled. Raises CannotRunError.
    """
    token = secrets.token_urlsafe(24)
    with tempfile.TemporaryFile() as given:
        given.write(stdin.encode(errors="surrogateescape"))
        given.seek(0)
        process = await _start(argv, {**env, TOKEN_VARIABLE: token}, cwd, given)
    out, err = _Output(limit), _Output(limit)
    begun = trio.current_time()
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        with trio.move_on_after(seconds):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(out.drain, process.stdout, nursery.cancel_scope)
                nursery.start_soon(err.drain, process.stderr, nursery.cancel_scope)
                await process.wait()
                nursery.cancel_scope.deadline = trio.current_time() + DRAIN_SECS
        took, code = trio.current_time() - begun, process.returncode
    finally:
        with trio.CancelScope(shield=True):
            await _end(process, token)
    problem, is_flooded = "", out.is_flooded or err.is_flooded
    if is_flooded:
        problem = f"printed more than {limit} bytes and was ended"
    elif code is None:
        problem = f"did not end within {seconds:g} s and was ended"
    return Ran(
        status=_status(process.returncode),
        seconds=took,
        stdout=out.text(),
        stderr=err.text(),
        problem=problem,
        is_late=code is None and not is_flooded,
    )


async def _start(argv: Sequence[str], env: Mapping[str, str], cwd: str, stdin: IO[bytes]) -> trio.Process:
    try:
        return await trio.lowlevel.open_process(
            list(argv),
            env=dict(env),
            cwd=cwd,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as err:  # ValueError: a NUL in an argument
        why = err.strerror if isinstance(err, OSError) and err.strerror else str(err)
        raise CannotRunError(f"cannot start {argv[0]!r}: {why}") from err


async def _end(process: trio.Process, token: str) -> None:
    """End the group with a grace, then everything that carries the mark."""
    if process.returncode is None:
        _signal(process, signal.SIGTERM)
        with trio.move_on_after(GRACE_SECS):
            await process.wait()
    if process.returncode is None:
        _signal(process, signal.SIGKILL)
        with trio.move_on_after(_REAP_SECS):
            await process.wait()
    await trio.to_thread.run_sync(end_strays, token)
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            await stream.aclose()


def _signal(process: trio.Process, number: signal.Signals) -> None:
    # It leads its group, and has not been reaped: the number is nobody else's.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _status(code: int | None) -> ExitStatus:
    if code is None:
        return ExitStatus()
    return ExitStatus(code=code) if code >= 0 else ExitStatus(signal=-code)
