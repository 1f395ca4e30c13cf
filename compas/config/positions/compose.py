"""Builds the tree of one YAML document, bounded in depth and size however its anchors multiply."""

from collections.abc import Iterator

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from compas.config.positions.nodes import Mapping, Node, Scalar, Sequence, SyntaxFailure
from compas.config.positions.scalars import shown

MAX_DEPTH = 40
MAX_NODES = 20_000
"""How many values a file may hold, those that aliases repeat counted again."""

_TYPED_BY_TEXT = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "bool", "null"))
_CORE = _TYPED_BY_TEXT | {f"tag:yaml.org,2002:{kind}" for kind in ("str", "map", "seq")} | {"!"}


def compose(text: str) -> Node | None:
    """Return the tree of the only document in `text`, or None when there is nothing but comments.

    Raises SyntaxFailure with the place of whatever YAML, or these limits, do not allow.
    """
    events = _events(text)
    builder = _Builder(events)
    root: Node | None = None
    for event in events:
        if isinstance(event, DocumentStartEvent):
            if root is not None:
                raise _failure("a config file is one YAML document; a second one begins here", event)
            root = builder.node(next(events), 1)
        elif isinstance(event, StreamEndEvent):
            break
    return root


def _events(text: str) -> Iterator[Event]:
    try:
        yield from yaml.parse(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as failure:
        mark = failure.problem_mark or failure.context_mark
        words = ", ".join(part for part in (failure.context, failure.problem) if part)
        if "'\\t'" in words:
            words += "; indent with spaces, YAML allows no tabs there"
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise SyntaxFailure(f"not valid YAML: {words}", line, column) from None
    except yaml.reader.ReaderError as failure:
        before = text[: failure.position]
        line, column = before.count("\n") + 1, failure.position - (before.rfind("\n") + 1) + 1
        found = f"character U+{ord(text[failure.position]):04X} is not allowed in YAML"
        raise SyntaxFailure(found, line, column) from None
    except (ValueError, OverflowError) as failure:
        # The scanner converts numbers of directives and escapes without looking at their size.
        raise SyntaxFailure(f"not valid YAML: {failure}") from None


class _Builder:
    """Turns events into nodes; holds what anchors name and how much has been built."""

    def __init__(self, events: Iterator[Event]) -> None:
        self._events = events
        self._anchors: dict[str, tuple[Node, int] | None] = {}
        self._count = 0

    def node(self, event: Event, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise _failure(f"nested deeper than {MAX_DEPTH} levels", event)
        if isinstance(event, AliasEvent):
            return self._repeated(event)
        before = self._count
        self._add(1, event)
        anchor = event.anchor if isinstance(event, NodeEvent) else None
        if anchor is not None:
            self._anchors[anchor] = None
        _refuse_tag(event)
        at = _place(event)
        node: Node
        if isinstance(event, MappingStartEvent):
            node = Mapping(tuple(self._pairs(depth)), at)
        elif isinstance(event, SequenceStartEvent):
            node = Sequence(tuple(self._items(depth)), at)
        else:
            assert isinstance(event, ScalarEvent)
            plain = event.implicit[0] or event.tag in _TYPED_BY_TEXT
            node = Scalar(event.value, plain, at)
        if anchor is not None:
            self._anchors[anchor] = (node, self._count - before)
        return node

    def _pairs(self, depth: int) -> Iterator[tuple[Node, Node]]:
        for event in self._events:
            if isinstance(event, MappingEndEvent):
                return
            key = self.node(event, depth + 1)
            yield key, self.node(next(self._events), depth + 1)

    def _items(self, depth: int) -> Iterator[Node]:
        for event in self._events:
            if isinstance(event, SequenceEndEvent):
                return
            yield self.node(event, depth + 1)

    def _repeated(self, event: AliasEvent) -> Node:
        if event.anchor not in self._anchors:
            raise _failure(f"alias *{event.anchor} has no anchor &{event.anchor} before it", event)
        known = self._anchors[event.anchor]
        if known is None:
            raise _failure(f"alias *{event.anchor} stands inside what &{event.anchor} names", event)
        node, size = known
        self._add(size, event)
        return node

    def _add(self, size: int, event: Event) -> None:
        self._count += size
        if self._count > MAX_NODES:
            raise _failure(f"more than {MAX_NODES} values, those repeated by aliases included", event)


def _refuse_tag(event: Event) -> None:
    tag = getattr(event, "tag", None)
    if tag is not None and tag not in _CORE:
        raise _failure(f"tag '{shown(tag.replace('tag:yaml.org,2002:', '!!'))}' means nothing here; remove it", event)


def _place(event: Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (0, 0)


def _failure(sentence: str, event: Event) -> SyntaxFailure:
    line, column = _place(event)
    return SyntaxFailure(sentence, line, column)
