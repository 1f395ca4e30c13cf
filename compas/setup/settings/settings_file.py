"""Reads and changes one entry of a settings file; a change that would touch what else the file says is not written."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from compas.setup.errors import SetupError
from compas.setup.new_file import replace, write_new
from compas.setup.settings.dialect import Dialect, Value


class SettingsFile:
    """A settings file of another program, and the place of one entry in it.

    Everything raises SetupError, with the file's name in it; the file is then as it was.
    """

    def __init__(self, path: Path, dialect: Dialect, place: Sequence[str]) -> None:
        """Say which file it is, in which language, and by which keys the entry is found there."""
        self.path = path
        self.place = tuple(place)
        self._dialect = dialect

    def entry(self) -> Mapping[str, Any] | None:
        """Return what the entry says, None when there is no entry or no file."""
        return self._find(self._parse(self._read() or ""))

    def add(self, fields: Mapping[str, Value]) -> Path | None:
        """Write a new entry; return the copy of the file as it was, None when there was none."""
        return self._change(lambda text: self._dialect.put(text, self.place, fields), fields)

    def change(self, fields: Mapping[str, Value]) -> Path | None:
        """Write some fields of the entry, and leave the others; return the copy of the file as it was."""

        def changed(text: str) -> str:
            for name, value in fields.items():
                text = self._dialect.put(text, (*self.place, name), value)
            return text

        return self._change(changed, {**(self.entry() or {}), **fields})

    def remove(self) -> Path | None:
        """Cut the entry out; return the copy of the file as it was."""
        return self._change(lambda text: self._dialect.drop(text, self.place), None)

    def _change(self, change: Callable[[str], str], wanted: Mapping[str, Any] | None) -> Path | None:
        before = self._read()
        held = self._parse(before or "")
        self._find(held)
        others = _others(held, self.place)
        try:
            after = change(before or "")
            held = self._dialect.parse(after)
        except ValueError as error:
            raise self._by_hand(str(error)) from error
        if self._find(held) != wanted or _others(held, self.place) != others:
            raise self._by_hand("what else it says would change, too")
        try:
            if before is not None:
                return replace(self.path, after, keeps_access=True)
            write_new(Path(os.path.realpath(self.path)), after)
        except OSError as error:
            raise SetupError(f"cannot write {self.path}: {error.strerror}") from error
        return None

    def _find(self, held: object) -> Mapping[str, Any] | None:
        for position, key in enumerate(self.place):
            names = self._names(held, position)
            if key not in names:
                return None
            held = names[key]
        return self._names(held, len(self.place))

    def _names(self, held: object, position: int) -> dict[str, Any]:
        if isinstance(held, dict):
            return held
        where = ".".join(self.place[:position]) or "the whole"
        raise SetupError(f"{self.path}: {where} is {_kind(held)}, where names should be; correct it with a text editor")

    def _by_hand(self, why: str) -> SetupError:
        place = ".".join(self.place)
        return SetupError(f"{self.path} was not touched ({why}); change {place} in it with a text editor")

    def _read(self) -> str | None:
        try:
            return self.path.read_bytes().decode()
        except FileNotFoundError:
            return None
        except UnicodeDecodeError as error:
            raise SetupError(f"{self.path} is not in UTF-8 ({error}); save it in UTF-8") from error
        except OSError as error:
            raise SetupError(f"cannot read {self.path}: {error.strerror}") from error

    def _parse(self, text: str) -> object:
        try:
            return self._dialect.parse(text)
        except ValueError as error:
            raise SetupError(f"{self.path} cannot be understood ({error}); correct it with a text editor") from error


def _others(held: object, place: Sequence[str]) -> object:
    """Return what is held apart from the entry at a place, and from what would hold nothing without it."""
    if not isinstance(held, Mapping) or place[0] not in held:
        return held
    others = {key: value for key, value in held.items() if key != place[0]}
    inner = _others(held[place[0]], place[1:]) if len(place) > 1 else {}
    return {**others, place[0]: inner} if inner else others


def _kind(held: object) -> str:
    match held:
        case list():
            return "a list"
        case str():
            return "a text"
        case None:
            return "null"
        case _:
            return "a value"
