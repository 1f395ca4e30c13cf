"""Lays a diff out by file, with the words marked that differ between a line and the one it replaces. Pure."""

import re
from collections.abc import Collection, Iterable, Iterator

import msgspec

from compas.dashboard.breaks import goes_on, lines_of
from compas.dashboard.lines import BLANK, Line, Segment, chop, clean_lines, cut_line, plain
from compas.dashboard.theme import MARK

_WORD = re.compile(r"\w+|\s+|.")
_LONGEST_MARKED = 400
"""Characters of a line up to which changed words are looked for."""

OPEN, FOLDED = "▾", "▸"


class FileDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What a diff says of one file. `notes` say what is more than text: a rename, a mode, that it is binary."""

    path: str
    lines: tuple[str, ...]
    notes: tuple[str, ...] = ()
    added: int = 0
    deleted: int = 0


def files_of(text: str) -> list[FileDiff]:
    """Split a diff as git writes it; what stands before the first file belongs to none and is left out."""
    found: list[FileDiff] = []
    block: list[str] = []
    for line in clean_lines(text.rstrip("\n")) if text else []:
        if line.startswith("diff --git "):
            found += _file(block)
            block = []
        block.append(line)
    return [*found, *_file(block)]


def _file(block: list[str]) -> Iterator[FileDiff]:
    if not block or not block[0].startswith("diff --git "):
        return
    start = next((at for at, line in enumerate(block) if line.startswith("@@")), len(block))
    head, body = block[1:start], block[start:]
    before = next((line[4:] for line in head if line.startswith("--- ")), "")
    after = next((line[4:] for line in head if line.startswith("+++ ")), "")
    path = after if after and after != "/dev/null" else before
    path = path.removeprefix("a/" if path == before else "b/") or block[0].rpartition(" b/")[2]
    yield FileDiff(
        path=path,
        lines=tuple(body),
        notes=tuple(line for line in head if not line.startswith(("--- ", "+++ ", "index "))),
        added=sum(line.startswith("+") for line in body),
        deleted=sum(line.startswith("-") for line in body),
    )


def laid_out(
    files: Iterable[FileDiff], folded: Collection[str], current: str, width: int
) -> tuple[list[Line], dict[str, int]]:
    """Return the lines, and for each file the number of its first; folded files have only that one."""
    lines: list[Line] = []
    starts: dict[str, int] = {}
    for one in files:
        if lines and lines[-1] is not BLANK and one.path not in folded:
            lines.append(BLANK)
        starts[one.path] = len(lines)
        lines.append(_title(one, width, is_folded=one.path in folded, is_current=one.path == current))
        if one.path not in folded:
            lines += _body(one, max(1, width))
            lines.append(BLANK)
    while lines and lines[-1] is BLANK:
        lines.pop()
    return lines, starts


def _title(one: FileDiff, width: int, *, is_folded: bool, is_current: bool) -> Line:
    mark = MARK if is_current else " "
    sign = FOLDED if is_folded else OPEN
    counts = (("good", f"  +{one.added}"), ("bad", f" -{one.deleted}"))
    return cut_line(Line((("accent", f"{mark}{sign} "), ("head", one.path), *counts), f"file:{one.path}"), width)


def _body(one: FileDiff, width: int) -> Iterator[Line]:
    for note in one.notes:
        for part in chop(note, width):
            yield plain(part, "dim")
    gone: list[str] = []
    added: list[str] = []
    for line in one.lines:
        if line.startswith("-") and not added:
            gone.append(line)
        elif line.startswith("+"):
            added.append(line)
        else:
            yield from _replaced(gone, added, width)
            gone, added = [], []
            if line.startswith("-"):
                gone.append(line)
            else:
                yield from _whole(line, "accent" if line.startswith("@@") else "", width)
    yield from _replaced(gone, added, width)


def _replaced(gone: list[str], added: list[str], width: int) -> Iterator[Line]:
    """Lines that take the place of as many others are compared one by one, word by word."""
    if len(gone) != len(added):
        for line in gone:
            yield from _whole(line, "bad", width)
        for line in added:
            yield from _whole(line, "good", width)
        return
    pairs = [changed_words(before, after) for before, after in zip(gone, added, strict=True)]
    for line, (span, _) in zip(gone, pairs, strict=True):
        yield from _marked(line, span, "bad", "word gone", width)
    for line, (_, span) in zip(added, pairs, strict=True):
        yield from _marked(line, span, "good", "word added", width)


Span = tuple[int, int]
"""Where in a line something begins and ends; nothing where both are alike."""


def changed_words(before: str, after: str) -> tuple[Span, Span]:
    """Return the part of each of two lines of a diff in which they differ, in whole words; nothing if in all of it."""
    nothing = ((0, 0), (0, 0))
    if max(len(before), len(after)) > _LONGEST_MARKED:
        return nothing
    ours, theirs = _WORD.findall(before[1:]), _WORD.findall(after[1:])
    shortest = min(len(ours), len(theirs))
    head = 0
    while head < shortest and ours[head] == theirs[head]:
        head += 1
    tail = 0
    while tail < shortest - head and ours[-1 - tail] == theirs[-1 - tail]:
        tail += 1
    alike = [word for word in (*ours[:head], *ours[len(ours) - tail :]) if not word.isspace()]
    if not alike:
        return nothing
    return _span(ours, head, tail), _span(theirs, head, tail)


def _span(words: list[str], head: int, tail: int) -> Span:
    start = 1 + sum(map(len, words[:head]))
    return start, start + sum(map(len, words[head : len(words) - tail]))


def _whole(line: str, style: str, width: int) -> Iterator[Line]:
    yield from lines_of(line, chop(line, width), style)


def _marked(line: str, span: Span, style: str, mark: str, width: int) -> Iterator[Line]:
    if span[0] == span[1]:
        yield from _whole(line, style, width)
        return
    begin = 0
    parts = chop(line, width)
    for joint, part in zip(goes_on(line, parts), parts, strict=True):
        first = max(0, min(len(part), span[0] - begin))
        last = max(first, min(len(part), span[1] - begin))
        pieces: list[Segment] = [(style, part[:first]), (mark, part[first:last]), (style, part[last:])]
        yield Line((*joint, *((one, text) for one, text in pieces if text)))
        begin += len(part)
