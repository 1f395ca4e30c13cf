"""`dashboard`: parses its options, starts the supervisor where it may, and loads the screen."""

import os
import signal
from collections.abc import Sequence

from compas.cli.arguments import CommandParser
from compas.cli.asking import place_for
from compas.cli.terminal import give_up_output, tell

LONGEST_INTERVAL = 3600
"""Seconds; what the original took."""

_DETAILS = (
    "Keys: docs/hotkeys.md, or ? in the dashboard. Leaving it ends nothing: agents and supervisor go on, and a "
    "supervisor that was started for it ends by itself when there is nothing left to do. COMPAS_THEME=dark, light or "
    "terminal chooses the colours, NO_COLOR leaves them away."
)


def main(command: str, args: Sequence[str]) -> int:
    """Run the dashboard until its person leaves it."""
    parser = CommandParser(command, "Show what happens, live.", _DETAILS)
    parser.add_argument("--standalone", action="store_true", help="start no supervisor when none is running")
    parser.add_argument("--poll-interval", metavar="N", help="checked and ignored: nothing is polled")
    parser.add_argument("--with-worker", action="store_true", help="accepted and ignored: it is the default")
    given = parser.parse_args(args)
    if given.poll_interval is not None:
        if not (given.poll_interval.isdecimal() and 1 <= int(given.poll_interval) <= LONGEST_INTERVAL):
            parser.error(
                f"--poll-interval {given.poll_interval!r} is no whole number of seconds from 1 to {LONGEST_INTERVAL}; "
                "leave it away: nothing is polled"
            )
        tell("note: --poll-interval does nothing; the dashboard is told of every event as it happens")
    if given.with_worker:
        tell("note: --with-worker does nothing; a supervisor is started by itself, unless --standalone forbids it")
    place = place_for(given)
    from compas.dashboard.app import run_dashboard  # urwid and trio take longer to load than most commands run

    code = run_dashboard(place, os.environ, may_start=not given.standalone)
    if code == 128 + signal.SIGHUP:
        give_up_output()  # the terminal is gone, and what was last drawn with it
    return code
