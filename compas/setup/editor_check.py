"""Checks that the editors of this user know this compas, and makes them know it where that is wished."""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from compas.backends.profile import BackendProfile
from compas.setup.check import Check, failed, passed, warned
from compas.setup.config_place import command
from compas.setup.editors.catalogue import SUPPORTED, build_editor, project_of
from compas.setup.editors.editor import Editor
from compas.setup.editors.registering import register
from compas.setup.errors import SetupError
from compas.setup.registration import Entry, own_program, standing, wanted_entry


def check_editors(config: Path, called: str, environ: Mapping[str, str], *, is_fixing: bool) -> Iterator[Check]:
    """Check each editor that is installed or has an entry; with `is_fixing`, mend that and say how it went.

    `called` is how this command was started. A repair that fails is a failure (c-config-dashboard 90).
    """
    for profile in SUPPORTED:
        for editor, found, is_project in _to_check(profile, environ):
            yield _check(profile, editor, found, is_project, config, called, environ, is_fixing=is_fixing)


_Found = Entry | None | SetupError


def _to_check(profile: BackendProfile, environ: Mapping[str, str]) -> Iterator[tuple[Editor, _Found, bool]]:
    """Yield an editor for all of a user's projects and for this one, as far as there is something to say of it.

    That nothing is registered is said once, when the editor is installed and knows compas in neither way.
    """
    user = build_editor(profile, environ)
    own = _read(user)
    try:
        project = build_editor(profile, environ, project_of(Path.cwd()))
    except (SetupError, OSError):
        here = None
    else:
        here = _read(project) if project.file != user.file else None
        if here is not None:
            yield project, here, True
    if own is not None or (here is None and user.path is not None):
        yield user, own, False


def _read(editor: Editor) -> _Found:
    try:
        return editor.registered()
    except SetupError as error:
        return error


def _check(
    profile: BackendProfile,
    editor: Editor,
    found: _Found,
    is_project: bool,
    config: Path,
    called: str,
    environ: Mapping[str, str],
    *,
    is_fixing: bool,
) -> Check:
    name = f"MCP in {profile.name}{' here' if is_project else ''}"
    if isinstance(found, SetupError):
        return failed(name, f"could not be registered: {found}" if is_fixing else str(found))
    is_fine = _is_fine(found, config, called, environ)
    if is_fixing and not is_fine:
        try:
            return passed(name, register(editor, wanted_entry(own_program(called), config, environ)).text)
        except (SetupError, OSError) as error:
            return failed(name, f"could not be registered: {error}")
    hint = command(f"setup-mcp --tool {profile.name}{' --scope project' if is_project else ''}", config, environ)
    if found is None:
        return warned(name, f"is not registered, so {profile.title} has no tools of compas", hint)
    if not _starts(found, environ):
        return failed(name, f"is registered as {found.in_words()}, which is not there", hint)
    if found.lacks:
        why = f"was registered by an earlier compas, and is not given {', '.join(found.lacks)}"
        return warned(name, why, f"{hint}, or `compas doctor --fix`")
    if not is_fine:
        return warned(name, f"is registered for another compas or config: {found.in_words()}", hint)
    if not found.is_enabled:
        return warned(name, "is registered, but switched off", f"set enabled to true in {editor.file}")
    return passed(name, f"is registered: {found.in_words()}")


def _is_fine(found: Entry | None, config: Path, called: str, environ: Mapping[str, str]) -> bool:
    """Tell whether what is registered is this compas with this config.

    A source tree has no command that could be registered; then any entry of our kind that starts will do.
    """
    try:
        program = own_program(called)
    except SetupError:
        program = ("compas",)
        is_ours = found is not None and standing(found, wanted_entry(program, config, environ)) != "foreign"
        return is_ours and found is not None and not found.lacks
    return standing(found, wanted_entry(program, config, environ)) == "current"


def _starts(entry: Entry, environ: Mapping[str, str]) -> bool:
    return shutil.which(os.path.expanduser(entry.command), path=environ.get("PATH", "")) is not None
