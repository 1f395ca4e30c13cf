"""Registers compas in Claude Code, by Claude Code's own command, and reads back what it has registered."""

import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from compas.backends.claude.profile import PROFILE
from compas.setup.editors.editor import Editor
from compas.setup.errors import SetupError
from compas.setup.new_file import keep_copy
from compas.setup.registration import NAME, Entry, standing
from compas.setup.tool_process import SECONDS, Finished, run_tool

COMMAND = PROFILE.command
_SCOPE = "user"
"""Its own word for: in all of this user's projects."""
_REMOVING = (COMMAND, "mcp", "remove", NAME, "-s", _SCOPE)


class _Settings(msgspec.Struct, frozen=True, kw_only=True):
    servers: dict[str, msgspec.Raw] | None = msgspec.field(name="mcpServers", default=None)


class _Server(msgspec.Struct, frozen=True, kw_only=True):
    command: str = ""
    args: tuple[str, ...] = ()


class ClaudeCode:
    """Claude Code of this user. Its file is only ever read here: its own command writes it."""

    by_hand = f"`{shlex.join(_REMOVING)}`"
    after_registering = "A Claude Code that is running sees it after a restart; /mcp shows it there."

    def __init__(self, environ: Mapping[str, str], seconds: float = SECONDS) -> None:
        """Each command that is run may take `seconds`."""
        self._environ = environ
        self._seconds = seconds
        self.path = shutil.which(COMMAND, path=environ.get("PATH", ""))
        """Where its command is; None when it is not installed."""
        place = environ.get("CLAUDE_CONFIG_DIR") or environ.get("HOME") or str(Path.home())
        self.file = Path(place).absolute() / ".claude.json"
        """Where it keeps what is registered for this user."""

    def registered(self) -> Entry | None:
        """Return what is registered under our very name for this user, without starting anything.

        Raises SetupError when its file cannot be read.
        """
        try:
            content = self.file.read_bytes().removeprefix(b"\xef\xbb\xbf")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SetupError(f"cannot read {self.file}: {error.strerror}") from error
        if not content.strip():
            return None
        try:
            servers = msgspec.json.decode(content, type=_Settings).servers or {}
            raw = servers.get(NAME)
            if raw is None:
                return None
            server = msgspec.json.decode(raw, type=_Server)
        except msgspec.DecodeError as error:
            raise SetupError(
                f"{self.file} is not what Claude Code writes ({error}); run `claude` to repair it"
            ) from error
        return Entry(command=server.command, args=server.args, raw=msgspec.Raw(bytes(raw)))

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
        copy = keep_copy(self.file)
        self.remove()
        try:
            _expect(self._run(_adding_json(_changed(old, wanted))))
            self._verify(wanted)
        except SetupError as error:
            raise SetupError(f"{error}\n{self._put_back(old, copy)}") from error
        return copy

    def _put_back(self, old: Entry, copy: Path) -> str:
        """Register what was there, and say whether that went well."""
        try:
            if self.registered() is not None:
                self._run(_REMOVING)
            _expect(self._run(_adding_json(bytes(old.raw))))
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


def build(environ: Mapping[str, str]) -> Editor:
    """Return Claude Code as it is in this environment."""
    return ClaudeCode(environ)


def _adding(wanted: Entry) -> list[str]:
    own = ["mcp", "add", "--scope", _SCOPE, "--transport", "stdio", NAME, "--", wanted.command, *wanted.args]
    return [COMMAND, *own]


def _adding_json(entry: bytes) -> list[str]:
    return [COMMAND, "mcp", "add-json", "--scope", _SCOPE, NAME, entry.decode()]


def _expect(finished: Finished) -> None:
    if finished.code:
        raise SetupError(finished.in_words())


def _changed(old: Entry, wanted: Entry) -> bytes:
    """Return the old entry's JSON with the wanted command."""
    fields = msgspec.json.decode(old.raw, type=dict[str, msgspec.Raw])
    new = {"type": "stdio", "command": wanted.command, "args": wanted.args}
    return msgspec.json.encode({**fields, **new})
