"""`schedules`: lists them, or has one of them run, paused, resumed or reset."""

from collections.abc import Sequence

from compas.cli.arguments import CommandParser
from compas.cli.asking import open_caller, style_here
from compas.cli.commands import operation as one_operation
from compas.cli.operations import operation, whole
from compas.cli.render.schedules import schedule_text, schedules_text
from compas.cli.terminal import write, write_json

ACTIONS = ("run", "pause", "resume", "reset")
_DETAILS = f"`compas schedules {'|'.join(ACTIONS)} NAME` is `compas schedule-run NAME`, and so on."


def main(command: str, args: Sequence[str]) -> int:
    """Run `schedules`; a word for what to do stands before the name."""
    at = next((index for index, word in enumerate(args) if word in ACTIONS), None)
    if at is not None:
        return one_operation.main(f"schedule-{args[at]}", [*args[:at], *args[at + 1 :]])
    asked = operation("schedules")
    parser = CommandParser(command, asked.doc, _DETAILS)
    parser.add_argument("name", metavar="NAME", nargs="?", help="only this schedule")
    parser.add_client_options()
    given = parser.parse_args(args)
    with open_caller(given) as caller:
        answer = caller.call(asked.name, {"name": given.name}, is_write=asked.is_write)
    if given.json:
        write_json(answer)
        return 0
    shown = whole(answer, asked.answer)
    is_one = given.name is not None and len(shown.schedules) == 1
    write(schedule_text(shown.schedules[0], style_here()) if is_one else schedules_text(shown, style_here()))
    return 0
