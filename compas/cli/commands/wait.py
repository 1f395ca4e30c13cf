"""`wait`, in all its spellings: for a message or a merge, as it is and as it was (b-mcp-cli-merge 111, 112)."""

import argparse
from collections.abc import Sequence
from typing import Any

import msgspec

from compas.api.operation import Operation
from compas.api.waiting import WAIT, WAIT_MERGE, WaitMergeResponse, WaitResponse
from compas.cli.arguments import CommandParser, add_parameters, request_from
from compas.cli.asking import open_caller, style_here
from compas.cli.render.waiting import wait_merge_text, wait_text
from compas.cli.terminal import write, write_json
from compas.client.caller import Caller

_SPELLINGS = (
    "`compas wait --thread-id T` and `compas wait message --thread-id T` are the same; "
    "`compas wait merge --op-id M` is `compas wait-merge --op-id M`."
)


def main(command: str, args: Sequence[str]) -> int:
    """Run `wait` or `wait-merge`; the exit code says how it ended."""
    operation, rest = chosen(command, list(args))
    parser = CommandParser(command, operation.doc, f"{operation.details} {_SPELLINGS}")
    add_parameters(parser, operation)
    parser.add_client_options()
    given = parser.parse_args(rest)
    request = request_from(operation, given, parser)
    with open_caller(given) as caller:
        return wait_and_write(caller, operation, request, given)


def chosen(command: str, args: list[str]) -> tuple[Operation[Any, Any], list[str]]:
    """Return which wait is meant, and the arguments without the word that says so.

    The word comes first, or behind options that all commands share.
    """
    if command == "wait-merge":
        return WAIT_MERGE, args
    index = 0
    while index < len(args) and (width := _shared_option(args[index])):
        index += width
    word = args[index] if index < len(args) else ""
    if word in ("message", "merge"):
        return (WAIT_MERGE if word == "merge" else WAIT), args[:index] + args[index + 1 :]
    return WAIT, args


def _shared_option(argument: str) -> int:
    """Return how many arguments a shared option takes with its value; 0 when this is none."""
    if argument == "--config":
        return 2
    return 1 if argument in ("--json", "--no-start") or argument.startswith("--config=") else 0


def wait_and_write(
    caller: Caller, operation: Operation[Any, Any], request: msgspec.Struct, given: argparse.Namespace
) -> int:
    """Wait, write how it ended, and return the exit code: 0 found or merged, 1 not."""
    response = caller.wait(operation, request)
    if given.json:
        write_json(response)
    elif isinstance(response, WaitMergeResponse):
        write(wait_merge_text(response, style_here()))
    else:
        write(wait_text(response, style_here()))
    return exit_code(response)


def exit_code(response: WaitResponse | WaitMergeResponse) -> int:
    """Return 0 when what was waited for came, 1 when it did not, or when the merge ended badly."""
    is_good = response.found and (isinstance(response, WaitResponse) or response.status == "completed")
    return 0 if is_good else 1
