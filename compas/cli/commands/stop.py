"""`stop` and `restart`: end the supervisor, wait until it is gone, and say what became of the agents."""

import argparse
import contextlib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from actors.remote.errors import RequestFailed, SessionLost
from compas.cli.arguments import CommandParser
from compas.cli.asking import open_caller, place_for, standing_place
from compas.cli.operations import operation, whole
from compas.cli.render.supervision import stop_text, stopped_text
from compas.cli.terminal import tell, write, write_json
from compas.client.errors import NotRunningError, StartError
from compas.client.locks import is_free, wait_until_free
from compas.client.place import Place
from compas.client.reach import EXECUTION_VARIABLE
from compas.client.start import check_config, start_supervisor

if TYPE_CHECKING:
    from compas.api.supervision import StopResponse

Mode = Literal["drain", "now", "detach", "restart"]

_STOP_DETAILS = (
    "Without an option it starts nothing more, lets running agents finish, and ends then. "
    "Interrupting this command does not take the stop back."
)
_RESTART_DETAILS = "Agents run on; the new supervisor takes them over. When none is running, one is started."


def main(command: str, args: Sequence[str]) -> int:
    """Run `stop`; that no supervisor is running is no error."""
    parser = CommandParser(command, operation("stop").doc, _STOP_DETAILS)
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--now", dest="mode", action="store_const", const="now", help="end running agents")
    modes.add_argument(
        "--detach",
        dest="mode",
        action="store_const",
        const="detach",
        help="leave running agents to the next supervisor",
    )
    parser.add_argument("--json", action="store_true", help="write the answer as JSON")
    given = parser.parse_args(args)
    response = stop(given, given.mode or "drain")
    if given.json:
        write_json(response)
    elif response is None:
        write("no supervisor is running")
    else:
        write(stopped_text(response))
    return 0


def restart(command: str, args: Sequence[str]) -> int:
    """Run `restart`: stop with agents left running, then start a supervisor detached."""
    parser = CommandParser(command, "Replace the supervisor by a new one while agents run on.", _RESTART_DETAILS)
    given = parser.parse_args(args)
    place = place_for(given)
    if os.environ.get(EXECUTION_VARIABLE):
        raise NotRunningError(f"no supervisor is started from inside an execution ({EXECUTION_VARIABLE} is set)")
    check_config(place.config)  # before the old one is gone
    _check_content(given)
    response = stop(given, "restart")
    start_supervisor(place, os.environ)
    became = "" if response is None else f"{stopped_text(response)}\n"
    write(f"{became}a supervisor is running")
    return 0


def _check_content(given: argparse.Namespace) -> None:
    """Refuse to end a supervisor when the next one could not start with the config file as it is."""
    if is_free(standing_place(given).lock):
        return
    given.no_start = True
    # One that does not answer, or is too old to know how, is replaced without being asked.
    with contextlib.suppress(NotRunningError, SessionLost, RequestFailed), open_caller(given) as caller:
        found = whole(caller.call_once("reload", {}, is_write=operation("reload").is_write), operation("reload").answer)
        if not found.in_use:
            listed = "\n  ".join(found.errors)
            raise StartError(
                f"nothing was restarted, since {found.config} cannot be used; correct it first:\n  {listed}"
            )


def stop(given: argparse.Namespace, mode: Mode) -> "StopResponse | None":
    """Ask the supervisor to stop and return once it is gone; None when none was running."""
    place = standing_place(given)
    if is_free(place.lock):
        return None
    given.no_start = True
    try:
        with open_caller(given) as caller:
            asked = operation("stop")
            answer = caller.call_once(asked.name, {"mode": mode}, is_write=asked.is_write)
            response: StopResponse | None = whole(answer, asked.answer)
            assert response is not None
            tell(stop_text(response))
    except (NotRunningError, SessionLost):
        # It was ending already, or ended before its answer was out; in both cases its lock says when it is gone.
        response = None
    _await_end(place)
    return response


def _await_end(place: Place) -> None:
    """Return when the supervisor's lock is free. Ctrl-C ends the wait and not the stop."""
    wait_until_free(place.lock)
