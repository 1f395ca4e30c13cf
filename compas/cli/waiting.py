"""Waits for what a command, or one before it, has begun: what is shown meanwhile, at its end, and as the exit code.

A person at a terminal sees the work move and reads the answer as text. Scripts get the original's `key=value` lines.
"""

import argparse
import shlex
import sys
from contextlib import suppress
from typing import Any

from actors.remote.errors import RequestFailed, WireError
from compas.cli.arguments import request_from
from compas.cli.asking import style_here
from compas.cli.operations import Operation, whole
from compas.cli.render.waiting import (
    merge_ended_text,
    message_found_text,
    step_text,
    wait_merge_text,
    wait_text,
)
from compas.cli.terminal import tell, write, write_json
from compas.cli.values import number
from compas.client.answer import Answer
from compas.client.caller import Caller
from compas.errors import CompasError

MESSAGE, MERGE = "wait", "wait_merge"
LONGEST_SECS = 2_592_000
"""The longest wait that the supervisor accepts, 30 days: what a command has begun itself, it waits for to the end."""

Request = dict[str, Any]


def add_wait(parser: argparse.ArgumentParser, doc: str) -> None:
    """Give a command the options to wait for what it has begun."""
    parser.add_argument("--wait", action="store_true", help=doc)
    parser.add_argument(
        "--timeout", type=number, metavar="SECONDS", help="with --wait: seconds to wait at most (default: no limit)"
    )
    add_porcelain(parser)


def add_porcelain(parser: argparse.ArgumentParser) -> None:
    """Let a script on a terminal have what it gets elsewhere."""
    parser.add_argument("--porcelain", action="store_true", help="write key=value lines on a terminal, too")


def wait_limit(given: argparse.Namespace, parser: argparse.ArgumentParser, asked: Operation) -> Request | None:
    """Return the request to wait, without what to wait for; None when nobody waits.

    It is checked before anything is begun: nobody wants a task twice for a wrong number.
    """
    if given.timeout is not None and not given.wait:
        parser.error("--timeout limits --wait, which is not given")
    if not given.wait:
        return None
    limit = LONGEST_SECS if given.timeout is None else given.timeout
    return request_from(asked, argparse.Namespace(timeout_secs=limit), parser)


def wait_and_write(caller: Caller, asked: Operation, request: Request, given: argparse.Namespace) -> Answer:
    """Wait, and write how it ended. A person who interrupts it is told how to wait again."""
    is_watched = sys.stdout.isatty() and not (given.json or given.porcelain)
    if is_watched and asked.name == MESSAGE:
        request = {**request, "progress": True}
    try:
        answer = caller.wait(asked.name, request, _show_steps if is_watched and sys.stderr.isatty() else _keep_quiet)
    except KeyboardInterrupt:
        if sys.stderr.isatty():  # a script that ends us knows what it does
            tell(f"\nthe work goes on; to wait again: {_again(asked.name, request)}")
        raise
    if given.json:
        write_json(answer)
    else:
        if is_watched and asked.name == MESSAGE and answer.found:
            # What to do next is a kindness: the answer is shown whether or not it can be had.
            with suppress(RequestFailed, WireError, CompasError):
                answer["next_step"] = caller.call("why", {"thread_id": answer.thread_id}).next_step
        write(_renderer(asked.name, is_watched=is_watched)(whole(answer, asked.answer), style_here()))
    return answer


def exit_code(name: str, answer: Answer) -> int:
    """Return 0 when what was waited for came, 1 when it did not, or when the merge ended badly."""
    is_good = answer.found and (name == MESSAGE or answer.status == "completed")
    return 0 if is_good else 1


def _renderer(name: str, *, is_watched: bool) -> Any:  # noqa: ANN401 - a renderer of one of two answers
    if name == MERGE:
        return merge_ended_text if is_watched else wait_merge_text
    return message_found_text if is_watched else wait_text


def _show_steps(item: Answer) -> None:
    style = style_here()
    for step in item.get("steps", ()):
        if step.status != "picked_up":  # it is at work in a moment
            tell(step_text(step, style))


def _keep_quiet(_: Answer) -> None:
    """Scripts are told nothing before the end."""


def _again(name: str, request: Request) -> str:
    """Return the command that waits for the same thing."""
    if name == MERGE:
        return shlex.join(["compas", "wait-merge", request["op_id"]])
    since = ["--since", request["since_reference"]] if request.get("since_reference") else []
    chain = ["--await-chain"] if request.get("await_chain") else []
    intent = ["--intent", request["intent"]] if request.get("intent") else []
    return shlex.join(["compas", "wait", request["thread_id"], *since, *intent, *chain])
