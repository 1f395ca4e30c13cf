"""`setup-mcp`: makes an editor know compas, or forget it, by the editor's own command."""

import argparse
import os
import sys
from collections.abc import Sequence

from compas.cli.arguments import CommandParser
from compas.cli.asking import config_path
from compas.cli.terminal import tell, write
from compas.errors import CompasError

FAILED = 1
DOC = "Make an editor know compas, or forget it."
_DETAILS = (
    "The editor then starts `compas mcp-server` by itself and has compas' operations as tools. "
    "Doing it twice changes nothing the second time."
)


def main(command: str, args: Sequence[str]) -> int:
    """Run `setup-mcp`; 0 when all is as wanted, 1 when something failed or cannot be done."""
    parser = CommandParser(command, DOC, _DETAILS)
    parser.add_argument("--tool", metavar="T", help="the editor: claude (default: every one that is installed)")
    parser.add_argument("--remove", action="store_true", help="make it forget compas")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done; nothing is started")
    given = parser.parse_args(args)
    try:
        return _set_up(given)
    except CompasError as error:
        tell(f"error: {error}")
        return FAILED


def _set_up(given: argparse.Namespace) -> int:
    from compas.setup.claude_code import ClaudeCode
    from compas.setup.editors import LATER, SUPPORTED, register, unregister
    from compas.setup.errors import SetupError
    from compas.setup.registration import own_program, wanted_entry

    name = given.tool and given.tool.casefold()
    if name in LATER:
        raise SetupError(f"{name} comes with a later version of compas; now there is: {', '.join(SUPPORTED)}")
    if name is not None and name not in SUPPORTED:
        choices = f"now there is {', '.join(SUPPORTED)}; later {', '.join(LATER)}"
        raise SetupError(f"there is no editor {given.tool!r} here: {choices}")
    claude = ClaudeCode(os.environ)
    if claude.path is None:
        if name is not None:
            raise SetupError(f"claude is not on PATH; {_install('claude')}")
        write("claude  is not installed, skipped; there is no other editor that this version can set up")
        return 0
    # What is removed is told by its name and kind, whatever command it has.
    program = ("compas",) if given.remove else own_program(sys.argv[0])
    act = unregister if given.remove else register
    done = act(claude, wanted_entry(program, config_path(given), os.environ), is_dry=given.dry_run)
    write(f"claude  {done.text}")
    if done.outcome == "changed" and not given.remove:
        write("A Claude Code that is running sees it after a restart; /mcp shows it there.")
    return 0


def _install(name: str) -> str:
    from compas.backends.profiles import BY_NAME

    return f"install it (`{BY_NAME[name].install}`), or correct PATH"
