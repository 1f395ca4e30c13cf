"""Registers compas in Claude Code: by its own command where that is installed, and else in its file."""

import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from compas.backends.claude.profile import PROFILE
from compas.setup.editors.by_file import CommandAndArgs, FileEditor, home
from compas.setup.editors.editor import Editor
from compas.setup.errors import SetupError
from compas.setup.new_file import keep_copy
from compas.setup.registration import NAME, Entry, standing
from compas.setup.settings.dialect import Value
from compas.setup.settings.jsonc import Json
from compas.setup.settings.settings_file import SettingsFile
from compas.setup.tool_process import SECONDS, Finished, run_tool

COMMAND = PROFILE.command
_PLACE = ("mcpServers", NAME)
_SCOPE = "user"
"""Its own word for: in all of this user's projects."""
_REMOVING = (COMMAND, "mcp", "remove", NAME, "-s", _SCOPE)
_SEEN = "A Claude Code that is running sees it after a restart; /mcp shows it there."
_APPROVED = "Claude Code asks once in this directory whether it may start it. " + _SEEN


class _WithType(CommandAndArgs):
    def fields(self, entry: Entry) -> Mapping[str, Value]:
        return {"type": "stdio", **super().fields(entry)}


class ClaudeCode:
    """Claude Code of this user. Its file is only ever read here: its own command writes it."""

    by_hand = f"`{shlex.join(_REMOVING)}`"
    after_registering = _SEEN

    def __init__(self, environ: Mapping[str, str], seconds: float = SECONDS) -> None:
        """Each command that is run may take `seconds`."""
        self._environ = environ
        self._seconds = seconds
        self.path = shutil.which(COMMAND, path=environ.get("PATH", ""))
        """Where its command is; None when it is not installed."""
        self._settings = _users(environ)
        self.file = self._settings.path
        """Where it keeps what is registered for this user."""
        self.registered = FileEditor(PROFILE, environ, self._settings, _WithType(), _SEEN).registered

    def adding(self, wanted: Entry) -> str:
        """Say which command registers the entry."""
        return f"run `{shlex.join(_adding(wanted))}`"

    def removing(self) -> str:
        """Say which command removes what is registered under our name."""
        return f"run {self.by_hand}"

    def add(self, wanted: Entry) -> None:
        """Register the entry where there is none, and read it back. Raises SetupError."""
        _expect(self._run(_adding(wanted)))
        self._verify(wanted)

    def remove(self) -> None:
        """Remove what is registered, and see that it is gone. Raises SetupError."""
        finished = self._run(_REMOVING)
        _expect(finished)
        if (left := self.registered()) is not None:
            raise SetupError(f"`{finished.command}` went well, but {self.file} still has {left.in_words()}")

    def replace(self, old: Entry, wanted: Entry) -> Path:
        """Register the entry in place of the old one, keeping what else that said, such as its environment.

        Returns a copy of the file as it was. When the new entry is refused, the old one is put back.
        Raises SetupError and OSError.
        """
        fields = self._settings.entry() or {}
        copy = keep_copy(self.file)
        self.remove()
        try:
            _expect(self._run(_adding_json({**fields, **_WithType().fields(wanted)})))
            self._verify(wanted)
        except SetupError as error:
            raise SetupError(f"{error}\n{self._put_back(old, fields, copy)}") from error
        return copy

    def _put_back(self, old: Entry, fields: Mapping[str, Value], copy: Path) -> str:
        """Register what was there, and say whether that went well."""
        try:
            if self.registered() is not None:
                self._run(_REMOVING)
            _expect(self._run(_adding_json(fields)))
            self._verify(old)
        except SetupError as error:
            return f"the old entry is gone, too ({error}); {self.file} as it was is in {copy}"
        return "the old entry was put back"

    def _verify(self, wanted: Entry) -> None:
        found = self.registered()
        if standing(found, wanted) != "current":
            has = "nothing of it" if found is None else found.in_words()
            raise SetupError(f"{COMMAND} ended well, but {self.file} has {has} instead of {wanted.in_words()}")

    def _run(self, command: Sequence[str]) -> Finished:
        assert self.path is not None, "whoever changes something has looked whether it is installed"
        return run_tool([self.path, *command[1:]], self._environ, self._seconds)


def build(environ: Mapping[str, str], project: Path | None = None) -> Editor:
    """Return Claude Code as it is in this environment, for all of a user's projects or for one."""
    if project is not None:
        settings = SettingsFile(project / ".mcp.json", Json(), _PLACE)
        return FileEditor(PROFILE, environ, settings, _WithType(), _APPROVED)
    own = ClaudeCode(environ)
    return own if own.path else FileEditor(PROFILE, environ, _users(environ), _WithType(), _SEEN)


def skills(environ: Mapping[str, str], project: Path | None = None) -> Path:
    """Return where it reads skills, for all of a user's projects or for one."""
    user = Path(environ.get("CLAUDE_CONFIG_DIR") or home(environ) / ".claude").absolute()
    return (user if project is None else project / ".claude") / "skills"


def _users(environ: Mapping[str, str]) -> SettingsFile:
    place = Path(environ.get("CLAUDE_CONFIG_DIR") or home(environ)).absolute()
    return SettingsFile(place / ".claude.json", Json(), _PLACE)


def _adding(wanted: Entry) -> list[str]:
    own = ["mcp", "add", "--scope", _SCOPE, "--transport", "stdio", NAME, "--", wanted.command, *wanted.args]
    return [COMMAND, *own]


def _adding_json(fields: Mapping[str, Value]) -> list[str]:
    return [COMMAND, "mcp", "add-json", "--scope", _SCOPE, NAME, msgspec.json.encode(fields).decode()]


def _expect(finished: Finished) -> None:
    if finished.code:
        raise SetupError(finished.in_words())
