"""Registers compas in Codex, in whose config.toml the entry of compas alone is changed (decision 0028)."""

from collections.abc import Mapping
from pathlib import Path

from compas.backends.codex.profile import PROFILE
from compas.setup.editors.by_file import CommandAndArgs, FileEditor, home
from compas.setup.editors.editor import Editor
from compas.setup.registration import NAME
from compas.setup.settings.dialect import Value
from compas.setup.settings.settings_file import SettingsFile
from compas.setup.settings.toml import Toml

LONGEST_CALL_SECS = 3600
"""Codex gives a tool up after minutes by itself, and `orch_wait` lasts as long as an agent works."""
PASSED_ON = (
    *("XDG_RUNTIME_DIR", "COMPAS_RUNTIME_DIR", "COMPAS_STATE_DIR", "COMPAS_CONFIG"),
    *("COMPAS_EXECUTION", "COMPAS_CALLER"),
)
"""Codex starts its servers with few variables. Without the first ones they look for the supervisor where it is not;
without the last two a Codex that is an agent at work is taken for the operator."""
_SEEN = "A Codex that is running sees it after a restart; /mcp shows it there."
_TRUSTED = "Codex reads it once this directory is trusted, which it asks for. " + _SEEN


def build(environ: Mapping[str, str], project: Path | None = None) -> Editor:
    """Return Codex as it is in this environment, for all of a user's projects or for one."""
    settings = SettingsFile(_place(environ, project) / "config.toml", Toml(), ("mcp_servers", NAME))
    also: dict[str, Value] = {"tool_timeout_sec": LONGEST_CALL_SECS}
    seen = _TRUSTED if project else _SEEN
    return FileEditor(PROFILE, environ, settings, CommandAndArgs(), seen, also, ("env_vars", PASSED_ON))


def skills(environ: Mapping[str, str], project: Path | None = None) -> Path:
    """Return where it reads skills, for all of a user's projects or for one."""
    return _place(environ, project) / "skills"


def _place(environ: Mapping[str, str], project: Path | None) -> Path:
    user = Path(environ.get("CODEX_HOME") or home(environ) / ".codex").absolute()
    return user if project is None else project / ".codex"
