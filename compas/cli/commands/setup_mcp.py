"""`setup-mcp`: makes editors know compas, or forget it."""

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from compas.cli.arguments import CommandParser
from compas.cli.asking import config_path
from compas.cli.terminal import tell, write, write_json
from compas.cli.values import one_of
from compas.errors import CompasError

if TYPE_CHECKING:
    from compas.backends.profile import BackendProfile
    from compas.setup.editors.registering import Result

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
    parser.add_argument(
        "--tool", metavar="T", help=f"one editor, installed or not: {names} (default: every one that is installed)"
    )
    parser.add_argument(
        "--scope",
        type=one_of(("user", "project")),
        metavar="{user,project}",
        default="user",
        help="project: only in the repository you are in, by a file in it (default: user, in all projects)",
    )
    parser.add_argument(
        "--skill", action="store_true", help="give it the skill as well that says how to orchestrate agents"
    )
    parser.add_argument("--remove", action="store_true", help="make it forget compas; with --skill, the skill as well")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done; nothing is started")
    parser.add_argument("--json", action="store_true", help="write what came of it as one line of JSON")
    given = parser.parse_args(args)
    try:
        return _set_up(given)
    except CompasError as error:
        tell(f"error: {error}")
        return FAILED


def _set_up(given: argparse.Namespace) -> int:
    from compas.setup.editors.catalogue import build_editor, chosen, project_of, skills_of
    from compas.setup.editors.registering import attempt
    from compas.setup.registration import own_program, wanted_entry

    profiles = chosen(given.tool)
    project = project_of(Path.cwd()) if given.scope == "project" else None
    editors = [(profile, build_editor(profile, os.environ, project)) for profile in profiles]
    # What is removed is told by its name and kind, whatever command it has.
    program = ("compas",) if given.remove else own_program(sys.argv[0])
    wanted = wanted_entry(program, config_path(given), os.environ)
    results = [
        (profile, attempt(profile.name, editor, wanted, is_removing=given.remove, is_dry=given.dry_run))
        for profile, editor in editors
        if editor.path is not None or given.tool is not None
    ]
    skills = [
        (profile, _skill(profile, skills_of(profile, os.environ, project), given, is_installed=result.is_installed))
        for profile, result in results
        if given.skill
    ]
    if given.json:
        import msgspec

        write_json(msgspec.to_builtins([result for _, result in [*results, *skills]]))
    elif results:
        for profile, result in [*results, *skills]:
            _say(profile, result)
        for profile, result in results:
            _say_next(profile, result)
    else:
        names = ", ".join(profile.name for profile in profiles)
        write(f"{names}  are not installed, skipped; name one with --tool to set it up before it is")
    return FAILED if any(result.outcome == "failed" for _, result in [*results, *skills]) else 0


def _skill(profile: "BackendProfile", place: Path, given: argparse.Namespace, *, is_installed: bool) -> "Result":
    """Give an editor the skill, or take it away, and return what came of it."""
    from compas.setup.editors.registering import told
    from compas.setup.skill.placing import place_skill, take_skill

    act = partial(take_skill if given.remove else place_skill, place, is_dry=given.dry_run)
    return told(profile.name, place, act, is_installed=is_installed)


def _say(profile: "BackendProfile", result: "Result") -> None:
    if result.outcome == "failed":
        tell(f"error: {profile.name}: {result.text}")
    else:
        write(f"{profile.name}  {result.text}")


def _say_next(profile: "BackendProfile", result: "Result") -> None:
    if not result.is_installed and result.outcome != "failed":
        write(f"{profile.title} is not on PATH; to install it: {profile.install}")
    if result.next_step:
        write(result.next_step)
