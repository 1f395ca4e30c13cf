"""The tree of a config file: scalars, lists and mappings, each with its place: line and column, from 1."""

from dataclasses import dataclass
from typing import TypeAlias


class SyntaxFailure(Exception):  # noqa: N818 - never leaves this package; load turns it into a ConfigError
    """The file cannot be read as one YAML document; `line` is 0 when no place in it is to blame."""

    def __init__(self, sentence: str, line: int = 0, column: int = 0) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Scalar:
    """One scalar as written; `plain` ones have the type that their text has, all others are strings."""

    text: str
    plain: bool
    at: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: "tuple[Node, ...]"
    at: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping as written, double keys included."""

    entries: "tuple[tuple[Node, Node], ...]"
    at: tuple[int, int]


Node: TypeAlias = Scalar | Sequence | Mapping
