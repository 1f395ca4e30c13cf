"""`reload`: have the config file taken up now; says what changed, what waits for a restart, and what is wrong."""

from collections.abc import Sequence

from compas.cli.arguments import CommandParser
from compas.cli.asking import open_caller, standing_place, style_here
from compas.cli.operations import operation, whole
from compas.cli.render.configuration import reload_text
from compas.cli.terminal import write, write_json
from compas.client.locks import is_free

REFUSED = 1


def main(command: str, args: Sequence[str]) -> int:
    """Run `reload`; 0 when the file is in force, 1 when it cannot be used. No supervisor is started for it."""
    asked = operation("reload")
    parser = CommandParser(command, asked.doc, asked.details)
    parser.add_argument("--json", action="store_true", help="write the answer as JSON")
    given = parser.parse_args(args)
    if is_free(standing_place(given).lock):
        write("null" if given.json else "no supervisor is running; the next one loads the config file as it starts")
        return 0
    given.no_start = True
    with open_caller(given) as caller:
        answer = caller.call(asked.name, {}, is_write=asked.is_write)
    if given.json:
        write_json(answer)
    else:
        write(reload_text(whole(answer, asked.answer), style_here()))
    return 0 if answer.in_use else REFUSED
