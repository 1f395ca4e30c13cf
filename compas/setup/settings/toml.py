"""Edits TOML: a table is put at the end or cut out, a value replaced where it stands, the rest is not written again."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from compas.setup.settings.dialect import Value, line_end, marked

_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|(?P<trivia>\#[^\r\n]*|[ \t]+|(?P<newline>\r?\n))"
    r"|[\[\]{}=]"
    r"|[^\s\"'#\[\]{}=]+",
    re.DOTALL,
)
_DEPTH = {"[": 1, "{": 1, "]": -1, "}": -1}
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


class _Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A table's header, or a key with its value, which then begins at `value`. `path` is counted from the top."""

    path: tuple[str, ...]
    start: int
    end: int
    value: int | None


class Toml:
    """TOML 1.0."""

    def parse(self, text: str) -> object:
        """Return what the text says."""
        return tomllib.loads(marked(text)[1])

    def put(self, text: str, path: Sequence[str], value: Value) -> str:
        """Return the text with the value at the path; a mapping becomes a new table at the end."""
        mark, text = marked(text)
        newline = line_end(text)
        if isinstance(value, Mapping):
            lines = [f"[{'.'.join(map(_key, path))}]", *(_line(key, held) for key, held in value.items())]
            is_ended = not text or text.endswith("\n")
            space = newline if text else ""
            return mark + text + space + ("" if is_ended else newline) + newline.join(lines) + newline * is_ended
        statements = list(_statements(text))
        for found in statements:
            if found.path == tuple(path) and found.value is not None:
                return mark + text[: found.value] + _written(value) + text[found.end :]
        for found in statements:
            if found.path == tuple(path[:-1]) and found.value is None:
                line = text[found.end :].partition("\n")[0].removesuffix("\r")
                end = found.end + len(line)
                return mark + text[:end] + newline + _line(path[-1], value) + text[end:]
        raise ValueError(f"{'.'.join(path[:-1])} has no header of its own")

    def drop(self, text: str, path: Sequence[str]) -> str:
        """Return the text without the tables and keys at the path or below it, and the blank line above them."""
        mark, text = marked(text)
        kept, position = mark, 0
        for start, end in _runs(text, tuple(path)):
            before = text[position:start]
            if _without_line_end(before) != before and _without_line_end(before)[-1:] in ("", "\n"):
                before = _without_line_end(before)
            if end == len(text) and not text.endswith("\n"):
                before = _without_line_end(before)
            kept, position = kept + before, end
        return kept + text[position:]


def _runs(text: str, path: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """Yield the places of whole lines that are about the path, as far as they stand together."""
    run: tuple[int, int] | None = None
    for statement in _statements(text):
        if statement.path[: len(path)] == path:
            start = text.rfind("\n", 0, statement.start) + 1 if run is None else run[0]
            newline = text.find("\n", statement.end)
            run = (start, len(text) if newline < 0 else newline + 1)
        elif run is not None:
            yield run
            run = None
    if run is not None:
        yield run


def _statements(text: str) -> Iterator[_Statement]:
    """Yield the headers and keys of a text that was found to be right."""
    table: tuple[str, ...] = ()
    start = end = equals = value = None
    depth = 0
    for token in _TOKEN.finditer(text + "\n"):
        if token["newline"] and depth == 0:
            if start is not None and end is not None:
                written = text[start : end if equals is None else equals]
                path = _path(written.strip("[]")) if equals is None else (*table, *_path(written))
                table = path if equals is None else table
                yield _Statement(path=path, start=start, end=end, value=value)
            start = end = equals = value = None
        elif not token["trivia"]:
            start = token.start() if start is None else start
            end = token.end()
            if equals is not None and value is None:
                value = token.start()
            if token[0] == "=" and depth == 0 and equals is None:
                equals = token.start()
            depth += _DEPTH.get(token[0], 0)


def _path(key: str) -> tuple[str, ...]:
    """Return the keys of a dotted key."""
    path: list[str] = []
    held: Any = tomllib.loads(f"{key} = 0")
    while held:
        ((name, held),) = held.items()
        path.append(name)
    return tuple(path)


def _line(key: str, value: Value) -> str:
    return f"{_key(key)} = {_written(value)}"


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _written(name)


def _written(value: Value) -> str:
    """Write a value, for which JSON and TOML differ in one control character only."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _without_line_end(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")
