"""Runs another tool's command to its end, which is bounded: it can neither hang nor ask at the terminal."""

import contextlib
import os
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence

import msgspec

from compas.setup.errors import SetupError

SECONDS = 30.0
_SHOWN = 2000
"""Characters of output that an error shows at most: the end of them."""


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """A command that ended: its exit code (a signal's number is negative) and everything that it printed."""

    command: str
    code: int
    output: str

    def in_words(self) -> str:
        """Say how it ended, with what it printed."""
        return f"`{self.command}` ended with {self.code}: {self.output or 'it printed nothing'}"


def run_tool(command: Sequence[str], environ: Mapping[str, str], seconds: float = SECONDS) -> Finished:
    """Run the command without a terminal and without input.

    After `seconds` it and everything it started are killed. Raises SetupError for that, and when it cannot be started.
    """
    words = shlex.join(command)
    try:
        process = subprocess.Popen(
            command,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise SetupError(f"cannot start `{words}`: {error.strerror}") from error
    try:
        output, _ = process.communicate(timeout=seconds)
    except BaseException as error:  # Ctrl-C does not reach it, and it holds nothing that is worth waiting for
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        with process:
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
        raise SetupError(
            f"`{words}` did not end within {seconds:g} s and was killed; run it yourself to see what keeps it"
        ) from error
    return Finished(command=words, code=process.returncode, output=output.decode(errors="replace").strip()[-_SHOWN:])
