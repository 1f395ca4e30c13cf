"""Checks that the editors that are installed know this compas, and makes them know it where that is wished."""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from compas.setup.check import Check, failed, passed, warned
from compas.setup.claude_code import ClaudeCode
from compas.setup.config_place import command
from compas.setup.editors import register
from compas.setup.errors import SetupError
from compas.setup.registration import Entry, own_program, standing, wanted_entry

_NAME = "MCP in claude"


def check_editors(config: Path, called: str, environ: Mapping[str, str], *, is_fixing: bool) -> Iterator[Check]:
    """Check Claude Code, when it is installed; with `is_fixing`, register what is missing and say how that went.

    `called` is how this command was started. A repair that fails is a failure (c-config-dashboard 90).
    """
    claude = ClaudeCode(environ)
    if claude.path is None:
        return
    try:
        found = claude.registered()
        if is_fixing and not _is_fine(found, config, called, environ):
            yield passed(_NAME, register(claude, wanted_entry(own_program(called), config, environ)).text)
            return
    except (SetupError, OSError) as error:
        yield failed(_NAME, f"could not be registered: {error}" if is_fixing else str(error))
        return
    hint = command("setup-mcp --tool claude", config, environ)
    if found is None:
        yield warned(_NAME, "is not registered, so Claude Code has no tools of compas", hint)
    elif not _starts(found, environ):
        yield failed(_NAME, f"is registered as {found.in_words()}, which is not there", hint)
    elif not _is_fine(found, config, called, environ):
        yield warned(_NAME, f"is registered for another compas or config: {found.in_words()}", hint)
    else:
        yield passed(_NAME, f"is registered: {found.in_words()}")


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
