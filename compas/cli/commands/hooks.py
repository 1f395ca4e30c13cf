"""`hooks` and `hook-test`, which is `hooks test` too: a hook that failed is an exit status."""

from collections.abc import Sequence

from compas.cli.arguments import CommandParser, add_parameters, request_from
from compas.cli.asking import open_caller, style_here
from compas.cli.operations import operation, whole
from compas.cli.render.hooks import hook_test_text, hooks_text
from compas.cli.terminal import write, write_json

LIST, TEST = "hooks", "hook_test"


def main(command: str, args: Sequence[str]) -> int:
    """Run `hooks` or `hook-test`; return 1 when a hook that was tried did not succeed."""
    is_test = command == "hook-test" or args[:1] == ["test"]
    rest = args[1:] if command != "hook-test" and is_test else args
    asked = operation(TEST if is_test else LIST)
    parser = CommandParser("hooks test" if is_test and command != "hook-test" else command, asked.doc, asked.details)
    add_parameters(parser, asked)
    parser.add_client_options()
    given = parser.parse_args(rest)
    request = request_from(asked, given, parser)
    with open_caller(given) as caller:
        answer = caller.call(asked.name, request, is_write=asked.is_write)
    response = whole(answer, asked.answer)
    if given.json:
        write_json(answer)
    else:
        write((hook_test_text if is_test else hooks_text)(response, style_here()))
    return 1 if is_test and response.outcome != "succeeded" else 0
