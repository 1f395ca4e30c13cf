"""Registers compas in an editor whose settings file compas edits itself."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from compas.backends.profile import BackendProfile
from compas.setup.errors import SetupError
from compas.setup.registration import Entry
from compas.setup.settings.dialect import Value
from compas.setup.settings.settings_file import SettingsFile


class Form(Protocol):
    """How an editor's file says which command starts a server."""

    def fields(self, entry: Entry) -> Mapping[str, Value]:
        """Return what an entry is written as."""
        ...

    def entry(self, fields: Mapping[str, Any]) -> Entry:
        """Return the entry that is written there. Raises ValueError for what starts nothing."""
        ...


class CommandAndArgs:
    """The usual form: a command, and a list of its arguments."""

    def fields(self, entry: Entry) -> Mapping[str, Value]:
        """Return the two fields."""
        return {"command": entry.command, "args": list(entry.args)}

    def entry(self, fields: Mapping[str, Any]) -> Entry:
        """Return the entry; without a command, as of a server elsewhere, it has none."""
        command, args = fields.get("command", ""), fields.get("args") or []
        is_enabled = fields.get("enabled") is not False
        return Entry(command=text_of(command), args=texts_of(args), is_enabled=is_enabled)


class FileEditor:
    """An editor by its settings file, which is written whether the editor is installed or not."""

    by_hand = "a text editor"

    def __init__(
        self,
        profile: BackendProfile,
        environ: Mapping[str, str],
        settings: SettingsFile,
        form: Form,
        after_registering: str,
        new_only: Mapping[str, Value] | None = None,
        passes_on: tuple[str, Sequence[str]] = ("", ()),
    ) -> None:
        """Say which editor it is, where its settings are, and their form; `new_only` is what a new entry has also.

        `passes_on` is the field for the variables that a server gets, and those that it has to get.
        """
        self.path = shutil.which(profile.command, path=environ.get("PATH", ""))
        """Where its command is; None when it is not installed."""
        self.file = settings.path
        """Where it keeps what is registered."""
        self.after_registering = after_registering
        """How its tools come into sight."""
        self._settings = settings
        self._form = form
        self._new_only = new_only or {}
        self._passing, self._needed = passes_on

    def registered(self) -> Entry | None:
        """Return what is registered under our very name. Raises SetupError when its file cannot be read."""
        fields = self._settings.entry()
        if fields is None:
            return None
        try:
            entry = self._form.entry(fields)
            passed = texts_of(fields.get(self._passing) or []) if self._passing else ()
        except ValueError as error:
            raise SetupError(f"{self.file}: {self._place} has {error}; correct it with a text editor") from error
        return msgspec.structs.replace(entry, lacks=tuple(name for name in self._needed if name not in passed))

    def adding(self, wanted: Entry) -> str:
        """Say what is written, and where."""
        return f"write {self._place} into {self.file}: {wanted.in_words()}"

    def removing(self) -> str:
        """Say what is cut out, and where."""
        return f"cut {self._place} out of {self.file}"

    def add(self, wanted: Entry) -> Path | None:
        """Write the entry; return a copy of the file as it was, if there was one. Raises SetupError."""
        return self._settings.add({**self._form.fields(wanted), **self._new_only, **self._passed_on([])})

    def remove(self) -> Path | None:
        """Cut the entry out; return a copy of the file as it was. Raises SetupError."""
        return self._settings.remove()

    def replace(self, old: Entry, wanted: Entry) -> Path | None:
        """Change the command of the entry, and what it needs to get passed on; return a copy of the file.

        Raises SetupError.
        """
        fields = self._settings.entry() or {}
        passed = self._passed_on(texts_of(fields.get(self._passing) or [])) if old.lacks else {}
        return self._settings.change({**self._form.fields(wanted), **passed})

    def _passed_on(self, there: Sequence[str]) -> dict[str, Value]:
        """Return the field of variables with those that are there and all that are needed."""
        return {self._passing: list(dict.fromkeys((*there, *self._needed)))} if self._passing else {}

    @property
    def _place(self) -> str:
        return ".".join(self._settings.place)


def home(environ: Mapping[str, str]) -> Path:
    """Return the user's home directory."""
    return Path(environ.get("HOME") or Path.home())


def text_of(held: object) -> str:
    """Return a text. Raises ValueError."""
    if isinstance(held, str):
        return held
    raise ValueError(f"{held!r} where a text should be")


def texts_of(held: object) -> tuple[str, ...]:
    """Return a list of texts. Raises ValueError."""
    if isinstance(held, list):
        return tuple(map(text_of, held))
    raise ValueError(f"{held!r} where a list of texts should be")
