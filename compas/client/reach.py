"""The rules by which a client reaches a supervisor: it connects, waits for one that starts or ends, or starts one.

Imports nothing but the standard library and light modules of ours: the MCP relay starts in milliseconds.
"""

import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from actors.remote.errors import SessionLost, SocketAbsent, SocketRefused
from compas.client.errors import NotRunningError, UnreachableError
from compas.client.locks import is_free
from compas.client.place import Place

T = TypeVar("T")

EXECUTION_VARIABLE = "COMPAS_EXECUTION"
TOKEN_VARIABLES = ("COMPAS_CALLER", "COMPAS_RUN_TOKEN")
"""Set by a runner for its agent: whose calls these are. One may be hidden by the agent's CLI."""

DIRECTORY = "cwd"
"""What the greeting calls the directory that its caller stands in."""

PATIENCE_SECONDS = 30.0
"""How long a supervisor may hold its lock without listening, while it starts or ends."""
_STARTS = 3
_LOOKS = (0.02, 0.05, 0.1, 0.25, 0.5)
_LAST_LOOK = 1.0

Start = Callable[[], None]
"""Starts a supervisor and returns once it listens; see `start_supervisor`."""


def caller_meta(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what the greeting says about the caller: inside an execution, which one, and its token."""
    token = next((found for name in TOKEN_VARIABLES if (found := environ.get(name))), None)
    named = {"execution": environ.get(EXECUTION_VARIABLE), "token": token}
    return {name: value for name, value in named.items() if value}


def standing_meta(directory: str | None = None) -> dict[str, str]:
    """Return what the greeting says about where the caller stands: this directory, unless it is gone or no text."""
    try:
        directory = os.getcwd() if directory is None else directory
        directory.encode()
    except (OSError, UnicodeEncodeError):
        return {}
    return {DIRECTORY: directory}


def origin_meta(origin: str) -> dict[str, str]:
    """Return what the greeting says about the terminal or the editor that a person calls from, if there is one."""
    return {"origin": origin} if origin else {}


def start_rule(place: Place, environ: Mapping[str, str], *, is_allowed: bool = True) -> Start:
    """Return what to do when no supervisor is there: start one, or refuse and say why.

    Inside an execution none is started: it would run in the agent's sandbox, with its environment and its fate.
    """
    execution = environ.get(EXECUTION_VARIABLE)

    def refuse() -> None:
        if execution:
            raise NotRunningError(
                f"no supervisor is running for {place.config}, and none is started from inside an execution "
                f"({EXECUTION_VARIABLE} is {execution}); its operator starts it with `compas run`"
            )
        from compas.client.start import check_config

        check_config(place.config)
        raise NotRunningError(f"no supervisor is running for {place.config}; start one with `compas run`")

    return partial(_start_in_turn, place, environ) if is_allowed and not execution else refuse


def _start_in_turn(place: Place, environ: Mapping[str, str]) -> None:
    """Start a supervisor unless another client does: the next in turn finds its lock held and connects."""
    # Most clients find a supervisor, and need not wait for these imports.
    from compas.client.start import READY_SECONDS, check_config, start_supervisor
    from compas.client.waiting_locks import holding

    check_config(place.config)
    with holding(place.starting, READY_SECONDS + PATIENCE_SECONDS):
        if is_free(place.lock):
            start_supervisor(place, environ)


def reach_or_start(place: Place, dial: Callable[[Place], T], start: Start, *, patience: float = PATIENCE_SECONDS) -> T:
    """Return what `dial` does, once there is a supervisor that it reaches.

    `dial` is given the place to try, which is another one where the supervisor's mark says so (`standing`). It raises
    SocketAbsent, SocketRefused or SessionLost while there is none. `start` is called only then, and only while the
    supervisor's lock is free; any other trouble, such as a sandbox that forbids the socket, is raised as what it is.
    Blocking, and to be called from a worker thread where there is an event loop. Raises CompasError and WireError.
    """
    for _ in range(_STARTS):
        try:
            return dial(place)
        except (SocketAbsent, SocketRefused, SessionLost):
            pass  # nobody listens, or whoever did went away during the greeting
        from compas.client.standing import standing  # most clients find a supervisor, and need not wait for this

        there = standing(place)
        if not is_free(there.lock):
            reached = _await_change(there, dial, patience)
            if reached is not None:
                return reached
        start()
    try:
        return dial(place)
    except (SocketAbsent, SocketRefused, SessionLost) as err:
        raise UnreachableError(
            f"{_STARTS} supervisors were started for {place.config} and each was gone again; "
            f"look at its log, or run `compas run` to see it fail ({err})"
        ) from err


def _await_change(place: Place, dial: Callable[[Place], T], patience: float) -> T | None:
    """Wait while a supervisor holds its lock without listening; return None once it has ended.

    Its end wakes us at once, by the lock. Its socket's appearance has no event that every system's standard library
    could wait for, so that is looked for, ever more rarely. This is the moment between two system calls of a
    supervisor that someone starts by hand: clients that start one queue behind `starting` instead.
    """
    from compas.client.waiting_locks import watching

    deadline = time.monotonic() + patience
    looks = iter(_LOOKS)
    with watching(place.lock) as freed:
        while time.monotonic() < deadline:
            if freed.wait(next(looks, _LAST_LOOK)):
                return None
            try:
                return dial(place)
            except (SocketAbsent, SocketRefused, SessionLost):
                continue
    raise UnreachableError(
        f"a supervisor holds {place.lock} but has not listened on {place.socket} for {patience:g} s; "
        "it is ending slowly, or hangs: look at its log"
    )
