"""Runs the commands that are one operation and nothing more: parse, ask, write the answer."""

import argparse
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from compas.api.activity import ExecutionEventsResponse
from compas.api.catalogue import BY_NAME
from compas.api.history import DiffRequest, LogChunkItem, LogResponse
from compas.api.operation import Operation
from compas.api.threads import StatusRequest, StatusResponse
from compas.cli.arguments import CommandParser, add_parameters, request_from
from compas.cli.asking import open_caller, style_here
from compas.cli.render import (
    agents,
    batches,
    diagnosis,
    figures,
    history,
    looking,
    merging,
    supervision,
    tasks,
    threads,
    verdicts,
    worktrees,
)
from compas.cli.render.text import Style, counted
from compas.cli.terminal import tell, write, write_json

Render = Callable[[Any, Style], str]

RENDERERS: dict[str, Render] = {
    "transcript": threads.transcript_text,
    "poll": looking.poll_text,
    "read": looking.read_text,
    "abandon": threads.abandon_text,
    "reopen": threads.reopen_text,
    "verdict": verdicts.verdict_text,
    "approve": verdicts.approve_text,
    "request_changes": verdicts.request_changes_text,
    "batch_status": batches.batch_status_text,
    "abandon_batch": batches.abandon_batch_text,
    "tasks": tasks.tasks_text,
    "merge": merging.merge_text,
    "merge_status": merging.merge_status_text,
    "merge_cancel": merging.merge_cancel_text,
    "worktrees": worktrees.worktrees_text,
    "worktree_remove": worktrees.removed_text,
    "commit": worktrees.commit_text,
    "why": history.why_text,
    "diagnose": diagnosis.diagnose_text,
    "session_info": diagnosis.session_info_text,
    "list_agents": agents.agents_text,
    "metrics": figures.metrics_text,
    "tool_stats": figures.tool_stats_text,
    "health": supervision.health_text,
    "events": history.event_text,
    "log": history.chunk_text,
    "execution_events": history.activity_text,
}
"""How each operation's answer, or each item of its stream, is written; `status` and `diff` look at the request too."""


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
            return threads.thread_text(row, style)
        case StatusRequest(), StatusResponse():
            return threads.status_text(response, style)
        case DiffRequest(stat=only_stat), _:
            return history.diff_text(response, style, only_stat=only_stat)  # type: ignore[arg-type]
        case _:
            return RENDERERS[operation.name](response, style)


def _stream(operation: Operation[Any, Any], request: msgspec.Struct, given: argparse.Namespace) -> None:
    style = style_here()
    render = RENDERERS[operation.name]

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
