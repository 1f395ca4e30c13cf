"""Turns the tree of a config file into the declared Structs, reporting everything that does not fit."""

import os
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import Any, TypeVar, get_origin

from compas.config.findings import KeyPath, Report, written
from compas.config.locate import LocateError
from compas.config.positions.nodes import Mapping, Node, Scalar, Sequence
from compas.config.positions.scalars import described, shown, typed
from compas.config.schema.declared import (
    Declared,
    bounds,
    choices,
    in_words,
    is_section,
    item_types,
    keys,
    spellings,
)
from compas.config.schema.forms import FORMS
from compas.config.schema.key import Effect, Key, Section
from compas.suggest import closest, did_you_mean

S = TypeVar("S", bound=Section)


class _Invalid(Exception):  # noqa: N818 - control flow inside this file: the error has been reported already
    pass


class Decoder:
    """Reads sections. What is invalid is reported and replaced by its default, so that checking can go on."""

    def __init__(self, report: Report, base: str, expand: Callable[[str], str]) -> None:
        self._report = report
        self._base = base
        self.has_relative_paths = False
        """Whether a path that was read depends on where the file is."""
        self._expand = expand

    def section(self, cls: type[S], node: Node, path: KeyPath) -> S:
        """Read one mapping as `cls`; every key of it gets its place in the report."""
        values: dict[str, Any] = {}
        if not isinstance(node, Mapping):
            self._report.error(path, f"found {_found(node)}; this has to be a mapping", at=node.at)
        else:
            for declared, at, value in self._known(cls, node, path):
                self._read(cls, declared, at, value, values)
        for name, declared in keys(cls).items():
            if declared.required and name not in values:
                if isinstance(node, Mapping):
                    self._report.error((*path, name), f"{name} is missing; {declared.key.doc}", at=node.at)
                values[name] = () if item_types(declared.types[0]) else ""
        return cls(**{keys(cls)[name].field: value for name, value in values.items()})

    def _known(self, cls: type[Section], node: Mapping, path: KeyPath) -> Iterator[tuple[Declared, KeyPath, Node]]:
        names = spellings(cls)
        seen: dict[str, str] = {}
        for text, key, value in self._entries(node, path):
            name = names.get(text)
            if name is None:
                self._unknown(cls, text, key, (*path, text))
                continue
            at = (*path, name)
            if name in seen:
                same = "is given twice" if text == seen[name] else f"and {seen[name]} mean the same"
                self._report.error(at, f"{text} {same}; keep one", at=key.at)
                continue
            seen[name] = text
            self._report.place(at, key.at)
            if text != name:
                self._report.warn(at, f"{text} is an old name that still loads; write {name}")
            yield keys(cls)[name], at, value

    def _entries(self, node: Mapping, path: KeyPath) -> Iterator[tuple[str, Scalar, Node]]:
        for key, value in node.entries:
            if not isinstance(key, Scalar):
                self._report.error(path, "a key has to be a word, not a list or mapping", at=key.at)
            elif key.plain and key.text == "<<":
                sentence = "merge keys (<<) are not expanded; use agent_defaults, or repeat a whole value by an alias"
                self._report.error((*path, "<<"), sentence, at=key.at)
            else:
                yield key.text, key, value

    def _unknown(self, cls: type[Section], text: str, key: Scalar, path: KeyPath) -> None:
        if text in cls.REMOVED:
            sentence = f"{text} is not a key here any more: {cls.REMOVED[text]}"
        else:
            names = spellings(cls)
            meant = closest(text, names)
            hint = f"did you mean {names[meant]!r}?" if meant else f"known are {', '.join(keys(cls))}"
            sentence = f"there is no key '{shown(text)}' here; {hint}"
        report = self._report.warn if cls.LENIENT else self._report.error
        report(path, sentence if not cls.LENIENT else f"ignored: {sentence}", at=key.at)

    def _read(self, cls: type[Section], declared: Declared, path: KeyPath, node: Node, values: dict[str, Any]) -> None:
        # Nothing (`key:` or `key: null`) counts as absent, so that a section may be commented out to its last key.
        if isinstance(node, Scalar) and node.plain and typed(node.text) is None:
            return
        try:
            values[declared.name] = self._value(declared.types, declared.key, node, path)
        except _Invalid:
            return
        if values[declared.name] != declared.default:
            self._say_effect(declared.key, path)

    def _say_effect(self, key: Key, path: KeyPath) -> None:
        if key.effect is Effect.LATER:
            self._report.warn(path, "accepted, but this version of compas does not act on it yet")
        elif key.effect is Effect.NEVER:
            self._report.warn(path, f"accepted, but has no effect: {key.why}")

    def _value(self, options: tuple[Any, ...], key: Key, node: Node, path: KeyPath) -> object:
        for option in options:
            if isinstance(node, Mapping) and is_section(option):
                return self.section(option, node, path)
            if isinstance(node, Mapping) and get_origin(option) is dict:
                return self._texts(key, node, path)
            if isinstance(node, Sequence) and (items := item_types(option)):
                return tuple(self._items(items, key, node, path))
            if isinstance(node, Scalar) and not (
                is_section(option) or item_types(option) or get_origin(option) is dict
            ):
                return self._scalar(option, key, node, path)
        raise self._refused(node, path, " or ".join(in_words(option, key) for option in options))

    def _items(self, options: tuple[Any, ...], key: Key, node: Sequence, path: KeyPath) -> Iterator[object]:
        for index, item in enumerate(node.items):
            at = (*path, index)
            self._report.place(at, item.at)
            try:
                yield self._value(options, key, item, at)
            except _Invalid:
                # A placeholder keeps the indexes of the items after it.
                yield self.section(options[0], item, at) if is_section(options[0]) else ""

    def _texts(self, key: Key, node: Mapping, path: KeyPath) -> dict[str, str]:
        texts: dict[str, str] = {}
        for text, name, value in self._entries(node, path):
            at = (*path, text)
            self._report.place(at, name.at)
            if text in texts:
                self._report.error(at, f"{text} is given twice; keep one", at=name.at)
                continue
            texts[text] = ""
            try:
                self._text(key, name, at)
                texts[text] = self._text(Key(doc=""), value, at)
            except _Invalid:
                continue
        return texts

    def _scalar(self, option: object, key: Key, node: Node, path: KeyPath) -> object:
        if not isinstance(node, Scalar):
            raise self._refused(node, path, in_words(option, key))
        if option is str:
            return self._text(key, node, path)
        value = typed(node.text) if node.plain else node.text
        if words := choices(option):
            if value not in words:
                raise self._refused(node, path, in_words(option, key) + did_you_mean(node.text, words))
            return value
        low, high = bounds(key)
        kinds = bool if option is bool else int if option is int else (int, float)
        if not isinstance(value, kinds) or (option is not bool and not _is_between(low, value, high)):
            raise self._refused(node, path, in_words(option, key))
        return float(value) if option is float and isinstance(value, int) else value

    def _text(self, key: Key, node: Node, path: KeyPath) -> str:
        if not isinstance(node, Scalar):
            raise self._refused(node, path, in_words(str, key))
        value = typed(node.text) if node.plain else node.text
        form = FORMS[key.form] if key.form else None
        if form and not isinstance(value, str) and not form.pattern.fullmatch(node.text):
            raise self._refused(node, path, form.words)  # quotes would not help
        if not isinstance(value, str):
            quoted = '; "" is an empty one' if value is None else f'; quote it: "{node.text}"'
            raise self._refused(node, path, f"a string{quoted}")
        if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise self._refused(node, path, "text without NUL characters and halves of surrogate pairs")
        if form and not form.pattern.fullmatch(value):
            raise self._refused(node, path, form.words)
        return self._path(value, node, path) if key.path or (key.program and "/" in value) else value

    def _path(self, text: str, node: Scalar, path: KeyPath) -> str:
        if not text.strip():
            raise self._refused(node, path, "a path")
        try:
            # `..` stays as written: behind a symbolic link it does not mean the directory above by name.
            expanded = self._expand(text)
            self.has_relative_paths = self.has_relative_paths or not os.path.isabs(expanded)
            return str(PurePath(os.path.join(self._base, expanded)))
        except LocateError as failure:
            self._report.error(path, str(failure), at=node.at)
            raise _Invalid from None

    def _refused(self, node: Node, path: KeyPath, allowed: str) -> _Invalid:
        name = written(path[-1:]) if path and isinstance(path[-1], str) else "this"
        sentence = f"found {_found(node)}; {name} has to be {allowed}"
        self._report.error(path, sentence, at=node.at)
        return _Invalid()


def _found(node: Node) -> str:
    match node:
        case Scalar():
            return described(node.text, plain=node.plain)
        case Sequence():
            return "a list"
        case Mapping():
            return "a mapping"


def _is_between(low: int, value: object, high: int) -> bool:
    # True and False are numbers to Python, but not to whoever writes a config file.
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
