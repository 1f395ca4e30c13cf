"""`run`: the supervisor itself, in the foreground or detached; the one command that loads the orchestrator."""

import os
from collections.abc import Sequence

from compas.cli.arguments import CommandParser
from compas.cli.asking import config_path
from compas.cli.terminal import write
from compas.cli.values import whole_number
from compas.client.detach import ERROR, StartReport, leave_starter
from compas.client.place import place_of
from compas.client.start import start_supervisor, supervisor_command
from compas.errors import CompasError

_DETAILS = (
    "It runs until it is told to stop: with `compas stop`, or with Ctrl-C, which lets running agents finish. "
    "Commands start one by themselves when none is running; that one ends when nothing is left to do."
)


def main(command: str, args: Sequence[str]) -> int:
    """Run the supervisor; returns when it has ended."""
    parser = CommandParser(command, "Run the supervisor.", _DETAILS)
    parser.add_argument("--detached", action="store_true", help="run in the background; return once it is ready")
    parser.add_argument("--idle-exit", action="store_true", help="end when there is no work, no client and no schedule")
    # Where to tell the starter how it went: only a client that starts a supervisor has such a descriptor.
    parser.add_argument(
        "--ready-fd",
        type=whole_number,
        metavar="FD",
        help="write `listening`, `ready` or `error: …` to this descriptor",
    )
    given = parser.parse_args(args)
    config = config_path(given)
    if given.detached and given.ready_fd is None:
        place = place_of(config, os.environ)
        start_supervisor(place, os.environ, supervisor_command(config, idle_exit=given.idle_exit))
        write("the supervisor is running")
        return 0
    if given.detached:
        leave_starter()
    report = StartReport(given.ready_fd)
    try:
        from compas.orchestrator.app import run_supervisor  # its imports take longer than most commands do

        return run_supervisor(config, detached=given.detached, idle_exit=given.idle_exit, report=report.tell)
    except CompasError as error:
        report.tell(f"{ERROR}{error}")
        raise
