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
    from compas.setup.editors.catalogue import SUPPORTED

    names = ", ".join(profile.name for profile in SUPPORTED)
    parser = CommandParser(command, DOC, _DETAILS)
    parser.add_argument("--tool", metavar="T", help=f"the editor: {names} (default: every one that is installed)")
    parser.add_argument("--remove", action="store_true", help="make it forget compas")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done; nothing is started")
    given = parser.parse_args(args)
    try:
        return _set_up(given)
    except CompasError as error:
        tell(f"error: {error}")
        return FAILED


def _set_up(given: argparse.Namespace) -> int:
    from compas.setup.editors.catalogue import build_editor, chosen
    from compas.setup.editors.registering import register, unregister
    from compas.setup.errors import SetupError
    from compas.setup.registration import own_program, wanted_entry

    profiles = chosen(given.tool)
    editors = [(profile, build_editor(profile, os.environ)) for profile in profiles]
    installed = [(profile, editor) for profile, editor in editors if editor.path is not None]
    if not installed and given.tool is not None:
        (missing,) = profiles
        raise SetupError(f"{missing.command} is not on PATH; install it (`{missing.install}`), or correct PATH")
    if not installed:
        names = ", ".join(profile.name for profile in profiles)
        write(f"{names}  is not installed, skipped; there is no other editor that this version can set up")
        return 0
    # What is removed is told by its name and kind, whatever command it has.
    program = ("compas",) if given.remove else own_program(sys.argv[0])
    wanted = wanted_entry(program, config_path(given), os.environ)
    act = unregister if given.remove else register
    for profile, editor in installed:
        done = act(editor, wanted, is_dry=given.dry_run)
        write(f"{profile.name}  {done.text}")
        if done.outcome == "changed" and not given.remove:
            write(editor.after_registering)
    return 0
