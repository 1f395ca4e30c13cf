"""`dispatch`: gives an agent a task, and with `--wait` waits for the answer as well."""

from collections.abc import Sequence
from typing import Any

from compas.cli.arguments import CommandParser, add_parameters, read_text, request_from
from compas.cli.asking import open_caller, style_here
from compas.cli.operations import Operation, operation, whole
from compas.cli.render.dispatch import dispatch_text
from compas.cli.terminal import tell, write, write_json
from compas.cli.waiting import add_wait, exit_code, wait_and_write, wait_limit
from compas.client.answer import Answer

Request = dict[str, Any]


def main(command: str, args: Sequence[str]) -> int:
    """Run `dispatch`; with `--wait` the exit code says how its chain ended."""
    asked, waited = operation("dispatch"), operation("wait")
    details = asked.details + (
        " With --wait the exit status is 0 when the answer came and nobody asks for changes, 1 when none came or the "
        "chain of handoffs failed or ended with changes requested, 2 after an error."
    )
    parser = CommandParser(command, asked.doc, details)
    add_parameters(parser, asked)
    add_wait(parser, "wait for the answer, of the whole chain, and write it")
    parser.add_client_options()
    given = parser.parse_args(args)
    limit = wait_limit(given, parser, waited)
    given.body = read_text(given.body)
    request = request_from(asked, given, parser)
    with open_caller(given) as caller:
        answer = caller.call(asked.name, request, is_write=True)
        response = whole(answer, asked.answer)
        if limit is None:
            if given.json:
                write_json(answer)
            else:
                write(dispatch_text(response, style_here()))
            return 0
        tell(f"waiting for the answer to {response.reference} in thread {response.thread_id}")
        if response.warning:
            tell(f"warning: {response.warning}")
        if response.note:
            tell(f"note: {response.note}")
        found = wait_and_write(caller, waited, {**limit, **answer_to(response)}, given)
    return _code(waited, found)


def _code(waited: Operation, found: Answer) -> int:
    """Return 0 when the answer came and its chain ended well; else 1, and say why."""
    code = exit_code(waited.name, found)
    if code == 0:
        from compas.domain.chain_end import Step, why_not_good

        chain = whole(found, waited.answer).chain
        if reason := why_not_good(Step(step.agent, step.status, step.verdict) for step in chain):
            tell(f"the chain did not end well: {reason}")
            return 1
    return code


def answer_to(response: Answer) -> Request:
    """Return which answer to wait for: what comes of a dispatched message, once all of it is over.

    Of an agent that hands nothing on, the chain is its own work: it tells a failure from an answer.
    """
    return {"thread_id": response.thread_id, "since_reference": response.reference, "await_chain": True}
