"""Starts a supervisor detached from whoever needs it, and waits until it is ready (design §2)."""

import os
import select
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from compas.client.detach import ALREADY_RUNNING, ERROR, LISTENING, READY
from compas.client.environment import supervisor_environment
from compas.client.errors import StartError
from compas.client.place import Place

if TYPE_CHECKING:
    import subprocess

READY_SECONDS = 60.0
"""It listens before it opens the log, so this is for the interpreter alone, on a machine that is very busy."""
_TAIL_BYTES = 4000
_TAIL_LINES = 15


def supervisor_command(config: Path, *, idle_exit: bool = True) -> list[str]:
    """Return the command line that runs a supervisor for this config, and with `idle_exit` ends when it is idle."""
    # -P: the supervisor's directory is `/`, and nothing there may be mistaken for a module.
    run = [sys.executable, "-P", "-m", "compas", "run", "--detached", "--config", str(config)]
    return [*run, "--idle-exit"] if idle_exit else run


def start_supervisor(
    place: Place, environ: Mapping[str, str], command: Sequence[str] | None = None, seconds: float = READY_SECONDS
) -> None:
    """Start a supervisor and return once it is ready, or once it says that another one is running.

    It has `seconds` to listen, and then as long as its log takes to open. It gets a session of its own, the directory
    `/`, no descriptor but `--ready-fd`, and the environment of `supervisor_environment`. `command` replaces the
    program; `--ready-fd N` is added to it. Raises StartError.
    """
    check_config(place.config)
    report, ready = os.pipe()
    try:
        process = _spawn(place, environ, command or supervisor_command(place.config), ready)
        os.close(ready)
        ready = -1
        said = _last_line(report, seconds)
    finally:
        os.close(report)
        if ready >= 0:
            os.close(ready)
    if said is None:
        process.kill()  # it hangs before it left us; its child, if there is one, goes on
        process.wait()
        raise StartError(
            f"the supervisor was started and did not listen within {seconds:g} s; "
            f"try again, or run `compas run` to see what keeps it{_tail(place.log)}"
        )
    process.wait()  # the process that was started leaves a child behind and ends
    if said.startswith(ERROR):
        raise StartError(f"the supervisor could not start: {said.removeprefix(ERROR)}")
    if said != READY and not said.startswith(ALREADY_RUNNING):
        raise StartError(f"the supervisor ended while it started{_tail(place.log)}")


def check_config(config: Path) -> None:
    """Refuse to start for a config file that is not there. Raises StartError."""
    try:
        config.stat()
    except (FileNotFoundError, NotADirectoryError) as err:
        raise StartError(
            f"there is no configuration at {config}; `compas init` writes one, or name yours with --config or "
            "COMPAS_CONFIG"
        ) from err
    except OSError as err:
        raise StartError(f"cannot look at the configuration {config}: {err.strerror}") from err


def _spawn(place: Place, environ: Mapping[str, str], command: Sequence[str], ready: int) -> "subprocess.Popen[bytes]":
    import subprocess  # most commands find a supervisor and need not wait for this import

    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        log = os.open(place.log, flags, 0o600)
    except OSError as err:
        raise StartError(f"cannot write the supervisor's start-up log {place.log}: {err.strerror}") from err
    try:
        return subprocess.Popen(
            [*command, "--ready-fd", str(ready)],
            cwd="/",
            env=supervisor_environment(environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=(ready,),
        )
    except OSError as err:
        raise StartError(f"cannot start {command[0]}: {err.strerror}") from err
    finally:
        os.close(log)


def _last_line(fd: int, seconds: float) -> str | None:
    """Return how the start went, "" when the supervisor ended without a word, or None when it said nothing in time."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    said = b""
    patience: float | None = seconds * 1000
    while True:
        if not poll.poll(patience):
            return None
        if not (piece := os.read(fd, 4096)):
            return ""
        said += piece
        *lines, _ = said.decode(errors="replace").split("\n")
        if lines and lines[-1] != LISTENING:
            return lines[-1].strip()
        if lines:
            patience = None


def _tail(log: Path) -> str:
    """Return the end of the start-up log as the end of a sentence."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            lines = file.read().decode(errors="replace").strip().splitlines()[-_TAIL_LINES:]
    except OSError as err:
        return f"; its start-up log {log} cannot be read: {err.strerror}"
    if not lines:
        return f"; its start-up log {log} is empty"
    return f"; its start-up log {log} ends with:\n  " + "\n  ".join(lines)
