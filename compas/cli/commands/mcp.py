"""`mcp-server`: the MCP gateway, which an editor runs; the one command that loads the MCP library."""

import os
from collections.abc import Sequence

from compas.cli.arguments import CommandParser
from compas.cli.asking import place_for

_DETAILS = (
    "Speaks MCP on standard input and output, for an editor or a coding CLI that starts it. It ends with that; the "
    "supervisor and its agents go on."
)


def main(command: str, args: Sequence[str]) -> int:
    """Serve until the editor leaves."""
    parser = CommandParser(command, "Offer compas to an editor as MCP tools.", _DETAILS)
    parser.add_argument("--no-start", action="store_true", help="start no supervisor when none is running")
    given = parser.parse_args(args)

    from compas.gateway.app import run_gateway  # its imports take longer than most commands do

    run_gateway(lambda: place_for(given), os.environ, may_start=not given.no_start)
    return 0
