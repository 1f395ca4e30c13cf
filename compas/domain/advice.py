"""What to do next, as data: operations and their arguments, in sentences that each client writes in its own way."""

from typing import Final

import msgspec


class Placeholder(msgspec.Struct, frozen=True, kw_only=True):
    """Stands for a value that the reader knows; `name` is how it is written."""

    name: str


AGENT: Final = Placeholder(name="AGENT")
TEXT: Final = Placeholder(name="TEXT")
THREAD: Final = Placeholder(name="THREAD")

Argument = str | int | bool | Placeholder


class Advice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An operation to carry out. The arguments have the names that its request has on the wire, in reading order.

    An argument that has fields of its own is True: all of them as they are by default.
    """

    operation: str
    arguments: dict[str, Argument] = {}


class Sentence(msgspec.Struct, frozen=True, kw_only=True):
    """Text with advice in it, in reading order. Made by `say`; text without any advice is a plain string."""

    parts: tuple[str | Advice, ...]


Said = str | Sentence
"""What somebody is told."""


def advise(operation: str, /, **arguments: Argument) -> Advice:
    """Return the advice to carry out an operation with these arguments; without any, it is only named."""
    return Advice(operation=operation, arguments=arguments)


def say(*parts: Said | Advice) -> Said:
    """Put texts, advice and other sentences together, as they follow one another."""
    flat: list[str | Advice] = []
    for part in parts:
        for one in part.parts if isinstance(part, Sentence) else (part,):
            last = flat[-1] if flat else None
            if isinstance(one, str) and isinstance(last, str):
                flat[-1] = last + one
            elif one:
                flat.append(one)
    text = "".join(one for one in flat if isinstance(one, str))
    return Sentence(parts=tuple(flat)) if any(isinstance(one, Advice) for one in flat) else text
