"""Edits JSON with or without comments: one member is cut out or put in, and the rest is not written again.

Comments and trailing commas are blanked out before the standard library reads it, which finds all in its place then.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import NoReturn

import msgspec

from compas.setup.settings.dialect import Value, line_end, marked

_STRING = r'"(?:[^"\\]|\\.)*"'
_COMMENTS = re.compile(rf"{_STRING}|//[^\r\n]*|/\*.*?\*/", re.DOTALL)
_TRAILING_COMMAS = re.compile(rf'(?:{_STRING}|[^\s,:\[{{"])\s*,(?=\s*[}}\]])|{_STRING}', re.DOTALL)
_COMMENTS_BEHIND = re.compile(r"(?:[ \t]*(?:/\*.*?\*/|//[^\r\n]*))*", re.DOTALL)
"""The comments that begin on the line where something ends: they are about that."""
_SPACE = re.compile(r"[ \t\r\n]*")
_UNIT = "  "


class _Member(msgspec.Struct, frozen=True, kw_only=True):
    """A member of an object: where its key and its value begin, where it ends, and where its comma is, if any."""

    key: str
    start: int
    value: int
    end: int
    comma: int | None


class _Object(msgspec.Struct, frozen=True, kw_only=True):
    """An object: where its braces are, and its members."""

    opening: int
    closing: int
    members: tuple[_Member, ...]


class Json:
    """JSON as one program takes it."""

    def __init__(self, *, comments: bool = False, trailing_commas: bool = False) -> None:
        """Say what it takes beside plain JSON."""
        self._takes_comments = comments
        self._takes_trailing_commas = trailing_commas

    def parse(self, text: str) -> object:
        """Return what the text says."""
        _, text = marked(text)
        if not text.strip():
            return {}
        try:
            held: object = json.loads(self._plain(self._uncommented(text)), parse_constant=_refuse)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        return held

    def put(self, text: str, path: Sequence[str], value: Value) -> str:
        """Return the text with the value at the path."""
        mark, text = marked(text)
        text = text if text.strip() else "{}\n"
        holder, member, rest = self._find(text, path)
        if member is None:
            return mark + self._inserted(text, holder, rest[0], _nested(rest[1:], value))
        indent, unit = _indent_at(text, member.start), self._unit(text)
        is_inline = "\n" not in text[holder.opening : holder.closing]
        written = _written(value, indent, unit, line_end(text), is_inline=is_inline)
        return mark + text[: member.value] + written + text[member.end :]

    def drop(self, text: str, path: Sequence[str]) -> str:
        """Return the text without what is at the path."""
        mark, text = marked(text)
        holder, member, _ = self._find(text, path)
        if member is None:
            return mark + text
        if len(holder.members) == 1:
            around = text[holder.opening + 1 : member.start] + text[member.end : holder.closing].replace(",", "", 1)
            if not around.strip():
                if len(path) > 1:
                    return mark + self.drop(text, path[:-1])
                return mark + text[: holder.opening + 1] + text[holder.closing :]
        return mark + self._cut(text, holder, member)

    def _find(self, text: str, path: Sequence[str]) -> tuple[_Object, _Member | None, Sequence[str]]:
        """Return the innermost object on the path, its member there if there is one, and what is left of the path."""
        self.parse(text)
        uncommented = self._uncommented(text)
        plain = self._plain(uncommented)
        at = _past_space(plain, 0)
        for position, key in enumerate(path):
            if plain[at] != "{":
                raise ValueError(f"{'.'.join(path[:position]) or 'the whole'} is not an object")
            holder = _object(uncommented, plain, at)
            found = [member for member in holder.members if member.key == key]
            if len(found) > 1:
                raise ValueError(f"it has {key!r} twice")
            if not found or position == len(path) - 1:
                return holder, found[0] if found else None, path[position:]
            at = found[0].value
        raise AssertionError("a path has at least one key")

    def _inserted(self, text: str, holder: _Object, key: str, value: Value) -> str:
        """Return the text with a new last member, laid out like the others."""
        newline, unit = line_end(text), self._unit(text)
        outer = _indent_at(text, holder.opening)
        if not holder.members:
            inside = text[holder.opening + 1 : holder.closing]
            kept = inside.rstrip(" \t\r\n")
            space = inside[len(kept) :] if "\n" in inside[len(kept) :] and kept else newline + outer
            member = f"{newline}{outer}{unit}{_member(key, value, outer + unit, unit, newline)}"
            return text[: holder.opening + 1] + kept + member + space + text[holder.closing :]
        last = holder.members[-1]
        before = text[: last.start].rstrip(" \t")
        end = last.end if last.comma is None else last.comma + 1
        behind = _matched_end(_COMMENTS_BEHIND, text, end)
        is_lines = before.endswith("\n") or "\n" in text[behind : holder.closing]
        indent = _indent_at(text, last.start) if before.endswith("\n") else outer + unit
        space = newline + indent if is_lines else " "
        member = _member(key, value, indent, unit, newline, is_inline=not is_lines)
        comma, last_comma = (",", "") if last.comma is None else ("", ",")
        return text[:end] + comma + text[end:behind] + space + member + last_comma + text[behind:]

    def _cut(self, text: str, holder: _Object, member: _Member) -> str:
        """Return the text without a member; a comment above it stays, for it may be about more."""
        start = len(text[: member.start].rstrip(" \t\r\n"))
        end = member.end if member.comma is None else member.comma + 1
        if self._is_line_comment(text, start) and text[end : end + 1] not in ("\r", "\n"):
            start = member.start  # what comes next would become part of the comment
        place = holder.members.index(member)
        if member.comma is not None or place == 0:
            return text[:start] + text[end:]
        comma = holder.members[place - 1].comma
        assert comma is not None, "between two members there is one"
        return text[:comma] + text[comma + 1 : start] + text[end:]

    def _is_line_comment(self, text: str, end: int) -> bool:
        """Tell whether a comment that takes the rest of its line ends there."""
        comments = _COMMENTS.finditer(text) if self._takes_comments else ()
        return any(found.end() == end and found[0].startswith("//") for found in comments)

    def _uncommented(self, text: str) -> str:
        """Return the text with spaces for its comments."""
        return _COMMENTS.sub(_blank, text) if self._takes_comments else text

    def _plain(self, uncommented: str) -> str:
        """Return the text with spaces for its trailing commas, too."""
        return _TRAILING_COMMAS.sub(_without_comma, uncommented) if self._takes_trailing_commas else uncommented

    def _unit(self, text: str) -> str:
        """Return by how much one level is indented: as the first member of the whole is."""
        uncommented = self._uncommented(text)
        root = _object(uncommented, self._plain(uncommented), _past_space(uncommented, 0))
        return (_indent_at(text, root.members[0].start) if root.members else "") or _UNIT


def _object(uncommented: str, plain: str, opening: int) -> _Object:
    """Return the object that begins there, in a text that was found to be right."""
    decoder, members = json.JSONDecoder(), []
    at = _past_space(plain, opening + 1)
    while plain[at] != "}":
        key, colon = decoder.raw_decode(plain, at)
        value = _past_space(plain, _past_space(plain, colon) + 1)
        _, end = decoder.raw_decode(plain, value)
        start, at = at, _past_space(uncommented, end)
        comma = at if uncommented[at] == "," else None
        members.append(_Member(key=key, start=start, value=value, end=end, comma=comma))
        at = at if comma is None else _past_space(uncommented, comma + 1)
    return _Object(opening=opening, closing=at, members=tuple(members))


def _past_space(text: str, at: int) -> int:
    return _matched_end(_SPACE, text, at)


def _matched_end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return at if found is None else found.end()


def _indent_at(text: str, at: int) -> str:
    """Return the white space that the line of a place begins with."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _nested(keys: Sequence[str], value: Value) -> Value:
    return {keys[0]: _nested(keys[1:], value)} if keys else value


def _member(key: str, value: Value, indent: str, unit: str, newline: str, *, is_inline: bool = False) -> str:
    return f"{json.dumps(key, ensure_ascii=False)}: {_written(value, indent, unit, newline, is_inline=is_inline)}"


def _written(value: Value, indent: str, unit: str, newline: str, *, is_inline: bool) -> str:
    """Write a mapping line by line, but a list on one line."""
    if is_inline or not isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False)
    inner = indent + unit
    members = [f"{newline}{inner}{_member(key, held, inner, unit, newline)}" for key, held in value.items()]
    return f"{{{','.join(members)}{newline}{indent}}}"


def _blank(found: re.Match[str]) -> str:
    return found[0] if found[0].startswith('"') else " " * len(found[0])


def _without_comma(found: re.Match[str]) -> str:
    return found[0] if found[0].endswith('"') else found[0][:-1] + " "


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
