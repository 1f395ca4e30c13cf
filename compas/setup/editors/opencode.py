"""Registers compas in OpenCode, in whose settings file the entry of compas alone is changed (decision 0028)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from compas.backends.opencode.profile import PROFILE
from compas.setup.editors.by_file import FileEditor, home, texts_of
from compas.setup.editors.editor import Editor
from compas.setup.errors import SetupError
from compas.setup.registration import NAME, Entry
from compas.setup.settings.dialect import Value
from compas.setup.settings.jsonc import Json
from compas.setup.settings.settings_file import SettingsFile

_NAMES = ("opencode.jsonc", "opencode.json")
"""It reads both; what the first says holds against the second."""
_SEEN = "An OpenCode that is running sees it after a restart; `opencode mcp list` shows it."


class _OneList:
    """A command and its arguments as one list."""

    def fields(self, entry: Entry) -> Mapping[str, Value]:
        return {"type": "local", "command": [entry.command, *entry.args]}

    def entry(self, fields: Mapping[str, Any]) -> Entry:
        words = texts_of(fields.get("command", []))
        is_enabled = fields.get("enabled") is not False
        return Entry(command=words[0] if words else "", args=words[1:], is_enabled=is_enabled)


def build(environ: Mapping[str, str], project: Path | None = None) -> Editor:
    """Return OpenCode as it is in this environment, for all of a user's projects or for one."""
    dialect = Json(comments=True, trailing_commas=True)
    files = [SettingsFile((project or _users(environ)) / name, dialect, ("mcp", NAME)) for name in _NAMES]
    return FileEditor(PROFILE, environ, _in_use(files), _OneList(), _SEEN, {"enabled": True})


def skills(environ: Mapping[str, str], project: Path | None = None) -> Path:
    """Return where it reads skills, for all of a user's projects or for one."""
    return (_users(environ) if project is None else project / ".opencode") / "skills"


def _users(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("XDG_CONFIG_HOME") or home(environ) / ".config").absolute() / "opencode"


def _in_use(files: Sequence[SettingsFile]) -> SettingsFile:
    """Return the file that has an entry, else the first that is there, else the last."""
    there = [file for file in files if file.path.exists()] or [files[-1]]
    return next(filter(_has_entry, there), there[0])


def _has_entry(file: SettingsFile) -> bool:
    try:
        return file.entry() is not None
    except SetupError:  # it is said where the file is used
        return False
