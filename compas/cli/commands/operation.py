"""Runs the commands that are one operation and nothing more: parse, ask, write the answer."""

import argparse
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import msgspec

from compas.api.activity import ExecutionEventsResponse
from compas.api.areas import AREAS
from compas.api.catalogue import BY_NAME
from compas.api.history import DiffRequest, LogChunkItem, LogResponse
from compas.api.operation import Operation
from compas.api.threads import StatusRequest, StatusResponse
from compas.cli.arguments import CommandParser, add_parameters, request_from
from compas.cli.asking import open_caller, style_here
from compas.cli.render.history import diff_text
from compas.cli.render.text import Style, counted
from compas.cli.render.threads import status_text, thread_text
from compas.cli.terminal import tell, write, write_json

Render = Callable[[Any, Style], str]


def renderer(operation: str) -> Render:
    """Return what writes an operation's answer, or each item of its stream."""
    render: Render = getattr(import_module(f"compas.cli.render.{AREAS[operation]}"), f"{operation}_text")
    return render


def main(command: str, args: Sequence[str]) -> int:
    """Run the command of this name."""
    operation = BY_NAME[command.replace("-", "_")]
    parser = CommandParser(command, operation.doc, operation.details)
    add_parameters(parser, operation)
    parser.add_client_options()
    given = parser.parse_args(args)
    request = request_from(operation, given, parser)
    if operation.kind == "stream":
        _stream(operation, request, given)
        return 0
    with open_caller(given) as caller:
        response = caller.call(operation, request)
    if given.json:
        write_json(response)
    else:
        write(_text(operation, request, response, style_here()))
    return 0


def _text(operation: Operation[Any, Any], request: msgspec.Struct, response: msgspec.Struct, style: Style) -> str:
    match request, response:
        case StatusRequest(thread_id=str()), StatusResponse(threads=(row,)):
            return thread_text(row, style)
        case StatusRequest(), StatusResponse():
            return status_text(response, style)
        case DiffRequest(stat=only_stat), _:
            return diff_text(response, style, only_stat=only_stat)  # type: ignore[arg-type]
        case _:
            return renderer(operation.name)(response, style)


def _stream(operation: Operation[Any, Any], request: msgspec.Struct, given: argparse.Namespace) -> None:
    style = style_here()
    render = renderer(operation.name)

    def show(item: msgspec.Struct) -> None:
        if given.json:
            write_json(item)
        elif isinstance(item, LogChunkItem):
            write(render(item, style), end="")
        else:
            write(render(item, style))

    with open_caller(given) as caller:
        response = caller.stream(operation, request, show)
    if isinstance(response, LogResponse) and response.more:
        tell(f"there is more; --offset {response.next_offset} reads on")
    if isinstance(response, ExecutionEventsResponse) and response.missed and not given.json:
        tell(f"{counted(response.missed, 'event')} in between could not be kept")
