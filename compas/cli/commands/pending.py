"""`pending`: shows the threads in which it is the operator's turn; editors show it when a session begins."""

import argparse
import os
from collections.abc import Sequence

from actors.remote.errors import WireError
from compas.cli.arguments import CommandParser
from compas.cli.asking import open_caller, standing_place, style_here
from compas.cli.operations import operation, whole
from compas.cli.render.threads import Pending, pending_text
from compas.cli.terminal import write, write_json
from compas.cli.values import whole_number
from compas.client.answer import Answer
from compas.client.locks import is_free
from compas.domain.operators_turn import turn_in
from compas.errors import CompasError

DOC = "Show the threads that wait for you."
_DETAILS = "They have answered, failed or been reviewed, and nothing goes on in them by itself."
_MOST_READ = 200
"""Of the newest threads, whatever their state: how the branch of each stands to its review takes time to find out."""
_DEFAULT_LIMIT = 20


def main(command: str, args: Sequence[str]) -> int:
    """Run `pending`. No supervisor is started for it: without one, nobody knows."""
    parser = CommandParser(command, DOC, _DETAILS)
    parser.add_argument(
        "--limit", type=whole_number, default=_DEFAULT_LIMIT, metavar="N", help="threads to show at most (default: 20)"
    )
    parser.add_argument(
        "--quiet",
        action="store_true",
        help="say nothing where nothing waits or no supervisor runs, nor to an agent at work; for hooks of editors",
    )
    parser.add_argument("--json", action="store_true", help="write the threads as JSON")
    given = parser.parse_args(args)
    if given.limit < 1:
        parser.error(f"--limit has to be at least 1, found {given.limit}")
    given.no_start = True
    if not given.quiet:
        _show(given, _find(given))
        return 0
    if "COMPAS_EXECUTION" in os.environ:
        return 0
    try:
        found = [] if is_free(standing_place(given).lock) else _find(given)
    except (CompasError, WireError, OSError):
        return 0
    if found:
        _show(given, found)
    return 0


def _find(given: argparse.Namespace) -> list[Pending]:
    asked = operation("status")
    with open_caller(given) as caller:
        answer = whole(caller.call(asked.name, {"limit": _MOST_READ}, is_write=False), asked.answer)
    return [Pending(row, waits) for row in answer.threads if (waits := turn_in(row)) is not None]


def _show(given: argparse.Namespace, found: list[Pending]) -> None:
    limit: int = given.limit
    if given.json:
        rows = [{**thread, "waits": waits} for thread, waits in found[:limit]]
        write_json(Answer({"threads": rows, "total": len(found)}))
    else:
        write(pending_text(found, limit, style_here()))
