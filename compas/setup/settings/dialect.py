"""What the languages of settings files have in common: a text that holds values at paths of keys."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias

Value: TypeAlias = str | bool | int | list[str] | Mapping[str, "Value"]
"""What compas writes into a settings file."""


class Dialect(Protocol):
    """One language. A byte order mark, comments, the order and the line ends of a text stay as they are.

    Everything raises ValueError for a text that is not of the language, with the place where that is known.
    """

    def parse(self, text: str) -> object:
        """Return what the text says; a blank one says nothing, which is an empty mapping."""
        ...

    def put(self, text: str, path: Sequence[str], value: Value) -> str:
        """Return the text with the value at the path, in place of what is there; what leads there is made."""
        ...

    def drop(self, text: str, path: Sequence[str]) -> str:
        """Return the text without what is at the path, and without what held only that."""
        ...


def marked(text: str) -> tuple[str, str]:
    """Split a text into its byte order mark, or nothing, and the rest."""
    return (text[:1], text[1:]) if text.startswith("\ufeff") else ("", text)


def line_end(text: str) -> str:
    """Return how the lines of a text end: as its first one does."""
    return "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"
