"""`dispatch`: gives an agent a task, and with `--wait` waits for the answer as well."""

import argparse
from collections.abc import Sequence
from typing import Any

from compas.cli.arguments import CommandParser, add_parameters, read_text, request_from
from compas.cli.asking import open_caller, style_here
from compas.cli.commands.wait import wait_and_write
from compas.cli.operations import operation, whole
from compas.cli.render.dispatch import dispatch_text
from compas.cli.terminal import tell, write, write_json
from compas.client.answer import Answer

Request = dict[str, Any]


def main(command: str, args: Sequence[str]) -> int:
    """Run `dispatch`; with `--wait` the exit code is that of the wait."""
    asked = operation("dispatch")
    details = asked.details + " With --wait the exit status is that of `wait`: 0 found, 1 not found, 2 error."
    parser = CommandParser(command, asked.doc, details)
    add_parameters(parser, asked)
    parser.add_argument("--wait", action="store_true", help="wait for the answer, of the whole chain, and write it")
    parser.add_argument(
        "--timeout", type=float, metavar="SECONDS", help="with --wait: seconds to wait at most (default: 120)"
    )
    parser.add_client_options()
    given = parser.parse_args(args)
    if given.timeout is not None and not given.wait:
        parser.error("argument --timeout: it limits --wait, which is not given")
    waiting = _wait_request(given, parser)
    given.body = read_text(given.body)
    request = request_from(asked, given, parser)
    with open_caller(given) as caller:
        answer = caller.call(asked.name, request, is_write=True)
        response = whole(answer, asked.answer)
        if waiting is None:
            if given.json:
                write_json(answer)
            else:
                write(dispatch_text(response, style_here()))
            return 0
        tell(f"waiting for the answer to {response.reference} in thread {response.thread_id}")
        if response.warning:
            tell(f"warning: {response.warning}")
        return wait_and_write(caller, operation("wait"), {**waiting, **answer_to(response)}, given)


def answer_to(response: Answer) -> Request:
    """Return which answer to wait for: what comes of a dispatched message."""
    return {
        "thread_id": response.thread_id,
        "since_reference": response.reference,
        "await_chain": response.await_chain,
    }


def _wait_request(given: argparse.Namespace, parser: argparse.ArgumentParser) -> Request | None:
    """Check the time limit before anything is dispatched: nobody wants a task twice for a wrong number."""
    if not given.wait:
        return None
    limit = argparse.Namespace(timeout_secs=given.timeout)
    return request_from(operation("wait"), limit, parser, thread_id="")
