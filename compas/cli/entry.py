"""Where `compas` begins: an editor's relay starts at once, anything else by the command line's own code."""

import sys


def main() -> int:
    """Run the command and return its exit code."""
    if sys.argv[1:2] == ["mcp-server"]:
        from compas.relay.app import main as relay  # and nothing else: editors do not wait for their servers

        code = relay(sys.argv[2:])
        if code is not None:
            return code
    from compas.cli.main import main as command_line

    return command_line()
