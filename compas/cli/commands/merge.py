"""`merge`: merges a thread's branch, and with `--wait` waits until that is over."""

from collections.abc import Sequence

from compas.cli.arguments import CommandParser, add_parameters, request_from
from compas.cli.asking import open_caller, style_here
from compas.cli.operations import operation, whole
from compas.cli.render.merges import merge_text
from compas.cli.terminal import tell, write, write_json
from compas.cli.waiting import add_wait, exit_code, wait_and_write, wait_limit


def main(command: str, args: Sequence[str]) -> int:
    """Run `merge`; with `--wait` the exit code is that of `wait-merge`."""
    asked, waited = operation("merge"), operation("wait_merge")
    details = asked.details + " With --wait the exit status is that of `wait-merge`: 0 completed, 1 not, 2 error."
    parser = CommandParser(command, asked.doc, details)
    add_parameters(parser, asked)
    add_wait(parser, "wait until it is over, and write how it ended")
    parser.add_client_options()
    given = parser.parse_args(args)
    limit = wait_limit(given, parser, waited)
    request = request_from(asked, given, parser)
    with open_caller(given) as caller:
        answer = caller.call(asked.name, request, is_write=True)
        response = whole(answer, asked.answer)
        if limit is None:
            if given.json:
                write_json(answer)
            else:
                write(merge_text(response, style_here()))
            return 0
        tell(f"waiting for merge {response.op_id} of {response.source_branch} into {response.target_branch}")
        if response.warning:
            tell(f"warning: {response.warning}")
        ended = wait_and_write(caller, waited, {**limit, "op_id": response.op_id}, given)
    return exit_code(waited.name, ended)
