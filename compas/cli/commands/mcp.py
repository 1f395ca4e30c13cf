"""`mcp-server`: the relay that an editor runs."""

import os
from collections.abc import Sequence

from compas.cli.arguments import CommandParser
from compas.cli.values import one_of
from compas.relay.app import run_relay

_DETAILS = (
    "Speaks MCP on standard input and output, for an editor or a coding CLI that starts it. It ends with that; the "
    "supervisor and its agents go on."
)


def main(command: str, args: Sequence[str]) -> int:
    """Serve until the editor leaves."""
    parser = CommandParser(command, "Offer compas to an editor as MCP tools.", _DETAILS)
    parser.add_argument("--no-start", action="store_true", help="start no supervisor when none is running")
    parser.add_argument(
        "--tools",
        type=one_of(("core", "all")),
        metavar="{core,all}",
        help="which tools the editor is told of: those of the daily work, or every one (default: as the config says)",
    )
    given = parser.parse_args(args)
    run_relay(given.config, os.environ, may_start=not given.no_start, tools=given.tools)
    return 0
