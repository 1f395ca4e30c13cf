"""Checks that the editors that are installed know this compas, and makes them know it where that is wished."""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from compas.backends.profile import BackendProfile
from compas.setup.check import Check, failed, passed, warned
from compas.setup.config_place import command
from compas.setup.editors.catalogue import SUPPORTED, build_editor
from compas.setup.editors.registering import register
from compas.setup.errors import SetupError
from compas.setup.registration import Entry, own_program, standing, wanted_entry


def check_editors(config: Path, called: str, environ: Mapping[str, str], *, is_fixing: bool) -> Iterator[Check]:
    """Check each editor that is installed; with `is_fixing`, register what is missing and say how that went.

    `called` is how this command was started. A repair that fails is a failure (c-config-dashboard 90).
    """
    for profile in SUPPORTED:
        yield from _check(profile, config, called, environ, is_fixing=is_fixing)


def _check(
    profile: BackendProfile, config: Path, called: str, environ: Mapping[str, str], *, is_fixing: bool
) -> Iterator[Check]:
    editor, name = build_editor(profile, environ), f"MCP in {profile.name}"
    if editor.path is None:
        return
    try:
        found = editor.registered()
        if is_fixing and not _is_fine(found, config, called, environ):
            yield passed(name, register(editor, wanted_entry(own_program(called), config, environ)).text)
            return
    except (SetupError, OSError) as error:
        yield failed(name, f"could not be registered: {error}" if is_fixing else str(error))
        return
    hint = command(f"setup-mcp --tool {profile.name}", config, environ)
    if found is None:
        yield warned(name, f"is not registered, so {profile.title} has no tools of compas", hint)
    elif not _starts(found, environ):
        yield failed(name, f"is registered as {found.in_words()}, which is not there", hint)
    elif not _is_fine(found, config, called, environ):
        yield warned(name, f"is registered for another compas or config: {found.in_words()}", hint)
    else:
        yield passed(name, f"is registered: {found.in_words()}")


def _is_fine(found: Entry | None, config: Path, called: str, environ: Mapping[str, str]) -> bool:
    """Tell whether what is registered is this compas with this config.

    A source tree has no command that could be registered; then any entry of our kind that starts will do.
    """
    try:
        program = own_program(called)
    except SetupError:
        program = ("compas",)
        return found is not None and standing(found, wanted_entry(program, config, environ)) != "foreign"
    return standing(found, wanted_entry(program, config, environ)) == "current"


def _starts(entry: Entry, environ: Mapping[str, str]) -> bool:
    return shutil.which(os.path.expanduser(entry.command), path=environ.get("PATH", "")) is not None
