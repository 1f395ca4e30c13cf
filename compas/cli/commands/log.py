"""`log`: what an execution does, step by step, for people at a terminal; as it was printed, for everybody else."""

import argparse
import sys
from collections import deque
from collections.abc import Sequence

from actors.remote.errors import RequestFailed
from compas.cli.arguments import CommandParser, add_parameters, request_from
from compas.cli.asking import open_caller, style_here
from compas.cli.commands.operation import Request, stream
from compas.cli.operations import operation, whole
from compas.cli.render.activity import step_text
from compas.cli.render.executions import chosen_text
from compas.cli.render.text import Style
from compas.cli.terminal import tell, write
from compas.client.answer import Answer
from compas.client.caller import Caller

_DETAILS = (
    "On a terminal, what an agent does is shown step by step where its CLI tells it; --raw shows what it printed. "
    "Scripts get that anyway, and steps with --steps. --limit and --tail count steps where steps are shown."
)
MOST_STEPS = 10_000
"""What the supervisor gives at a time."""
_OF_THE_TEXT = ("offset", "unit")
"""Parameters that only make sense for what was printed."""


def main(command: str, args: Sequence[str]) -> int:
    """Run `log`."""
    asked = operation("log")
    parser = CommandParser(command, asked.doc, _DETAILS)
    add_parameters(parser, asked)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--raw", action="store_true", help="what it printed, as it is")
    form.add_argument("--steps", action="store_true", help="what it does, step by step, also where no terminal is")
    parser.add_client_options()
    given = parser.parse_args(args)
    request = request_from(asked, given, parser)
    is_of_text = _is_of_text(given)
    if given.steps and (given.json or is_of_text):
        parser.error("--steps takes neither --json (`compas execution-events` does) nor --offset and --unit")
    is_watched = sys.stdout.isatty() and not given.json
    with open_caller(given) as caller:
        if not (is_watched or given.steps):
            stream(caller, asked, request, given)
            return 0
        known = operation("executions")
        which = {name: request[name] for name in ("execution_id", "which")}
        listed = whole(caller.call(known.name, which, is_write=False), known.answer)
        one = listed.executions[listed.chosen - 1]
        request.update(execution_id=one.execution_id, which=None)
        style = style_here()
        if is_watched:
            write(chosen_text(listed, style))
        has_shown = False
        if one.has_steps and not (given.raw or is_of_text):
            has_shown = _show_steps(caller, request, style)
        if not has_shown:
            stream(caller, asked, request, given)
        if is_watched and len(listed.executions) > 1:
            tell(f"this was execution {listed.chosen} of {len(listed.executions)}; --execution N shows another one")
    return 0


def _is_of_text(given: argparse.Namespace) -> bool:
    return any(getattr(given, name) is not None for name in _OF_THE_TEXT)


def _show_steps(caller: Caller, request: Request, style: Style) -> bool:
    """Write an execution's steps; return whether there was any, and say why where there was none."""
    asked = operation("execution_events")
    limit, tail = request["limit"], request["tail"]
    last: deque[str] | None = None if tail is None else deque(maxlen=tail)
    count = 0

    def show(item: Answer) -> None:
        nonlocal count
        text = step_text(whole(item, str(asked.item)), style)
        if text is None:
            return
        count += 1
        if last is None:
            write(text)
        else:
            last.append(text)

    wanted: Request = {one.wire_name: one.default for one in asked.parameters}
    wanted.update(execution_id=request["execution_id"], follow=request["follow"])
    if limit is not None:
        wanted["limit"] = min(limit, MOST_STEPS)
    try:
        answer = caller.stream(asked.name, wanted, show)
        while answer.get("more") and limit is None:
            answer = caller.stream(asked.name, {**wanted, "after": answer.next_after}, show)
    except RequestFailed as error:
        if error.code != "telemetry_unavailable":
            raise
        tell(f"its steps cannot be read ({error.message}); this is what it printed:")
        return False
    for text in last or ():
        write(text)
    if not count:
        tell("it has no steps to show; this is what it printed:")
    elif answer.get("more"):
        tell(f"there is more; --limit shows more than {limit}")
    return count > 0
