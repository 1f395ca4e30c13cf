"""Lays Markdown out for reading: the text stays as it was written, wrapped by its own structure, with some colour."""

import re
from collections.abc import Iterator

from compas.dashboard.breaks import goes_on
from compas.dashboard.lines import Segment, chop, clean_lines, wrap

Piece = tuple[Segment, ...]
"""One line of the layout."""

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}(?: |$)")
_ITEM = re.compile(r" *(?:[-*+]|\d{1,9}[.)]) +(?:\[[ xX]\] +)?")
_QUOTE = re.compile(r"(?: {0,3}> ?)+")
_RULE = re.compile(r" {0,3}(?:-(?: *-){2,}|\*(?: *\*){2,}|_(?: *_){2,}) *")
_INLINE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)|\*\*(?=\S).+?(?<=\S)\*\*|__(?=\S).+?(?<=\S)__")


def markdown(text: str, width: int) -> list[Piece]:
    """Return the text in lines of at most `width` columns; nothing is left out, and an unclosed fence ends with it.

    Prose is wrapped between words and continues below its list item or behind its quote mark; code and tables keep
    their columns and are split only where a line is full.
    """
    width = max(1, width)
    return [piece for line, is_code in _read(text) for piece in _laid_out(line, width, is_code=is_code)]


def _read(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each line, and whether it is code."""
    fence = ""
    for line in clean_lines(text.strip("\n")):
        found = _FENCE.match(line)
        if fence:
            yield line, True
            if found and found[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
        else:
            fence = found[1] if found else ""
            yield line, bool(found)


def _laid_out(line: str, width: int, *, is_code: bool) -> list[Piece]:
    if is_code:
        return _split(line, chop(line, width), "code")
    if line.lstrip().startswith("|"):
        return _split(line, chop(line, width), "")
    if _HEADING.match(line):
        return _split(line, wrap(line, width), "heading")
    if _RULE.fullmatch(line):
        return [(("dim", line.strip()[:width]),)]
    quote = _QUOTE.match(line)
    if quote:
        return _hanging(line, quote.end(), width, again=quote[0], style="dim")
    item = _ITEM.match(line)
    indent = item.end() if item else len(line) - len(line.lstrip())
    return _hanging(line, indent, width, again=" " * indent)


def _hanging(line: str, indent: int, width: int, *, again: str, style: str = "") -> list[Piece]:
    """Wrap a line so that it continues below its own text."""
    if indent > width // 2:
        parts = wrap(line, width)
        return [(*joint, *_styled(part, style)) for joint, part in zip(goes_on(line, parts), parts, strict=True)]
    text = line[indent:]
    parts = wrap(text, width - indent)
    return [
        (*(((style, again),) if again else ()), *joint, *_styled(part, style))
        if joint
        else _styled(line[:indent] + part, style)
        for joint, part in zip(goes_on(text, parts), parts, strict=True)
    ]


def _split(line: str, parts: list[str], style: str) -> list[Piece]:
    return [(*joint, (style, part)) for joint, part in zip(goes_on(line, parts), parts, strict=True)]


def _styled(text: str, style: str) -> Piece:
    """Colour what is emphasised; its marks stay, so that what can be copied is what was written."""
    if style:
        return ((style, text),)
    segments: list[Segment] = []
    at = 0
    for found in _INLINE.finditer(text):
        if found.start() > at:
            segments.append(("", text[at : found.start()]))
        segments.append(("code" if found[0].startswith("`") else "bold", found[0]))
        at = found.end()
    if at < len(text) or not segments:
        segments.append(("", text[at:]))
    return tuple(segments)
