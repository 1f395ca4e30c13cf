"""Registers compas in Gemini CLI, in whose settings.json the entry of compas alone is changed (decision 0028)."""

from collections.abc import Mapping
from pathlib import Path

from compas.backends.gemini.profile import PROFILE
from compas.setup.editors.by_file import CommandAndArgs, FileEditor, home
from compas.setup.editors.editor import Editor
from compas.setup.registration import NAME
from compas.setup.settings.jsonc import Json
from compas.setup.settings.settings_file import SettingsFile

_SEEN = "A Gemini CLI that is running sees it after a restart, in folders that it trusts; /mcp shows it there."


def build(environ: Mapping[str, str], project: Path | None = None) -> Editor:
    """Return Gemini CLI as it is in this environment, for all of a user's projects or for one."""
    settings = SettingsFile(_place(environ, project) / "settings.json", Json(comments=True), ("mcpServers", NAME))
    return FileEditor(PROFILE, environ, settings, CommandAndArgs(), _SEEN)


def skills(environ: Mapping[str, str], project: Path | None = None) -> Path:
    """Return where it reads skills, for all of a user's projects or for one."""
    return _place(environ, project) / "skills"


def _place(environ: Mapping[str, str], project: Path | None) -> Path:
    return (project or Path(environ.get("GEMINI_CLI_HOME") or home(environ)).absolute()) / ".gemini"
