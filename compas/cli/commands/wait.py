"""`wait`, in all its spellings: for a message or a merge, as it is and as it was (b-mcp-cli-merge 111, 112)."""

from collections.abc import Sequence
from typing import NamedTuple

from compas.cli.arguments import CommandParser, add_parameters, request_from
from compas.cli.asking import open_caller
from compas.cli.operations import operation
from compas.cli.waiting import MERGE, MESSAGE, add_porcelain, exit_code, wait_and_write

_SPELLINGS = (
    "`compas wait T`, `compas wait --thread-id T` and `compas wait message --thread-id T` are the same, "
    "and so are `compas wait-merge M`, `compas wait-merge --op-id M` and `compas wait merge --op-id M`."
)


class Key(NamedTuple):
    """What a wait is for: the field of its request, and how it is given."""

    field: str
    flag: str
    noun: str


_KEYS = {
    MESSAGE: Key("thread_id", "--thread-id", "THREAD"),
    MERGE: Key("op_id", "--op-id", "MERGE"),
}


def main(command: str, args: Sequence[str]) -> int:
    """Run `wait` or `wait-merge`; the exit code says how it ended."""
    name, rest = chosen(command, list(args))
    asked = operation(name)
    parser = CommandParser(command, asked.doc, f"{asked.details} {_SPELLINGS}")
    key = _KEYS[name]
    add_parameters(parser, asked, without=(key.field, "progress"))
    (doc,) = [parameter.doc for parameter in asked.parameters if parameter.name == key.field]
    parser.add_argument("place", nargs="?", metavar=key.noun, help=doc)
    parser.add_argument(key.flag, metavar=key.noun, dest="named", help=f"the same as {key.noun}")
    add_porcelain(parser)
    parser.add_client_options()
    given = parser.parse_args(rest)
    if (given.place is None) == (given.named is None):
        parser.error(f"{key.noun} is {'missing' if given.place is None else f'given twice, also as {key.flag}'}")
    request = request_from(asked, given, parser, **{key.field: given.place or given.named})
    with open_caller(given) as caller:
        return exit_code(name, wait_and_write(caller, asked, request, given))


def chosen(command: str, args: list[str]) -> tuple[str, list[str]]:
    """Return which wait is meant, and the arguments without the word that says so.

    The word comes first, or behind options that all commands share.
    """
    if command == "wait-merge":
        return MERGE, args
    index = 0
    while index < len(args) and (width := _shared_option(args[index])):
        index += width
    word = args[index] if index < len(args) else ""
    if word in ("message", "merge"):
        return (MERGE if word == "merge" else MESSAGE), args[:index] + args[index + 1 :]
    return MESSAGE, args


def _shared_option(argument: str) -> int:
    """Return how many arguments a shared option takes with its value; 0 when this is none."""
    if argument == "--config":
        return 2
    return 1 if argument in ("--json", "--no-start", "--porcelain") or argument.startswith("--config=") else 0
