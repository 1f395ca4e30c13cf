"""`close`: ends a thread, with `--merge` together with the merge of its branch."""

from collections.abc import Sequence

from compas.cli.arguments import CommandParser, add_parameters, request_from
from compas.cli.asking import open_caller, style_here
from compas.cli.operations import operation, whole
from compas.cli.render.lifecycle import close_text
from compas.cli.terminal import write, write_json


def main(command: str, args: Sequence[str]) -> int:
    """Run `close`."""
    asked = operation("close")
    parser = CommandParser(command, asked.doc, asked.details)
    add_parameters(parser, asked, without=("merge",))
    parser.add_argument("--merge", action="store_true", help="merge its branch first, and close it once that is done")
    parser.add_argument("--target", metavar="BRANCH", help="with --merge: branch to merge into")
    parser.add_argument("--strategy", metavar="STRATEGY", help="with --merge: merge, rebase or squash")
    parser.add_argument(
        "--force", action="store_true", help="with --merge: merge it whatever reviewers say, on the operator's word"
    )
    accepts = "with --merge: keep a target that was moved there by nobody compas knows"
    parser.add_argument("--accept-target", metavar="COMMIT", help=accepts)
    parser.add_client_options()
    given = parser.parse_args(args)
    for flag in ("target", "strategy", "accept-target"):
        if getattr(given, flag.replace("-", "_")) is not None and not given.merge:
            parser.error(f"--{flag} says how to merge, but --merge is not given")
    if given.force and not given.merge:
        parser.error("--force says how to merge, but --merge is not given")
    merge = None
    if given.merge:
        merge = {
            "target_branch": given.target,
            "strategy": given.strategy,
            "force": given.force,
            "accept_target": given.accept_target,
        }
    request = request_from(asked, given, parser, merge=merge)
    with open_caller(given) as caller:
        answer = caller.call(asked.name, request, is_write=True)
    if given.json:
        write_json(answer)
    else:
        write(close_text(whole(answer, asked.answer), style_here()))
    return 0
