"""`demo`: parses its options, then loads the demonstration."""

from collections.abc import Sequence

from compas.cli.arguments import CommandParser


def main(command: str, args: Sequence[str]) -> int:
    """Run the demonstration and return its exit code."""
    parser = CommandParser(command, "Show it all, from dispatch to merge, on a throw-away repository.")
    parser.add_argument("--keep", action="store_true", help="keep the repository and the state when it is over")
    given = parser.parse_args(args)
    from compas.cli.demo.run import main as demonstrate  # loads what only the demonstration needs

    return demonstrate(given)
