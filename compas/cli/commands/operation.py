"""Runs the commands that are one operation and nothing more: parse, ask, write the answer."""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from compas.cli.arguments import CommandParser, add_parameters, request_from
from compas.cli.asking import open_caller, style_here
from compas.cli.operations import Operation, operation, whole
from compas.cli.render.text import Style, counted
from compas.cli.terminal import tell, write, write_json
from compas.client.answer import Answer
from compas.client.caller import Caller

MOST_MESSAGES = 20
"""Of a conversation on a screen, unless another number is asked for: the newest ones."""

Render = Callable[[Any, Style], str]
Request = dict[str, Any]


def renderer(asked: Operation) -> Render:
    """Return what writes an operation's answer, or each item of its stream."""
    render: Render = getattr(import_module(f"compas.cli.render.{asked.area}"), f"{asked.name}_text")
    return render


def main(command: str, args: Sequence[str]) -> int:
    """Run the command of this name."""
    asked = operation(command.replace("-", "_"))
    parser = CommandParser(command, asked.doc, asked.details)
    add_parameters(parser, asked)
    parser.add_client_options()
    given = parser.parse_args(args)
    request = request_from(asked, given, parser)
    if asked.kind == "stream":
        with open_caller(given) as caller:
            stream(caller, asked, request, given)
        return 0
    if sys.stdout.isatty() and not given.json:
        request.update(_on_a_screen(asked.name, request))
    with open_caller(given) as caller:
        answer = caller.call(asked.name, request, is_write=asked.is_write)
    if given.json:
        write_json(answer)
    else:
        write(_text(asked, request, whole(answer, asked.answer), style_here()))
    return 0


def _on_a_screen(name: str, request: Request) -> Request:
    """Return what a list on a screen has to ask for beside; scripts get what they always got."""
    match name:
        case "status" if request["thread_id"] is None:
            return {"details": True, "diffs": True}
        case "batch_status":
            return {"details": True}
        case "transcript" if request["limit"] is None:
            return {"limit": MOST_MESSAGES}
        case _:
            return {}


def _text(asked: Operation, request: Request, answer: Answer, style: Style) -> str:
    """Write an answer; some are written as the request was meant."""
    match asked.name:
        case "status" if request["thread_id"] is not None and len(answer.threads) == 1:
            from compas.cli.render.threads import thread_text

            return thread_text(answer.threads[0], style)
        case "diff":
            from compas.cli.render.history import diff_text

            return diff_text(answer, style, only_stat=request["stat"])  # type: ignore[arg-type]
        case _:
            return renderer(asked)(answer, style)


def stream(caller: Caller, asked: Operation, request: Request, given: argparse.Namespace) -> None:
    """Write what is pushed as it comes, and at the end how to read on."""
    style = style_here()
    render = renderer(asked)
    assert asked.item is not None, "a stream has items"
    item_struct = asked.item

    def show(item: Answer) -> None:
        if given.json:
            write_json(item)
        else:
            # A piece of a log brings its own line ends.
            write(render(whole(item, item_struct), style), end="" if asked.name == "log" else "\n")

    answer = whole(caller.stream(asked.name, request, show), asked.answer)
    if asked.name == "log" and answer.more:
        unit = " --unit lines" if request.get("unit") == "lines" else ""
        tell(f"there is more; --offset {answer.next_offset}{unit} reads on")
    if asked.name == "execution_events" and answer.missed and not given.json:
        tell(f"{counted(answer.missed, 'event')} in between could not be kept")
