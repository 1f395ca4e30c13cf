"""Messages that are answered, each with the type of its answer."""

from typing import Generic, TypeVar

R_co = TypeVar("R_co", covariant=True)


class Ask(Generic[R_co]):
    """Base for messages that are answered, naming the type of the answer.

    It has no fields, so it combines with dataclasses and msgspec Structs:
    `class Total(Ask[int], msgspec.Struct, frozen=True)`.
    """

    __slots__ = ()
