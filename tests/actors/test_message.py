from dataclasses import dataclass

import msgspec
import pytest

from actors.ask import Ask
from actors.message import Envelope
from actors.reply import Reply


class Total(Ask[int], msgspec.Struct, frozen=True, kw_only=True, tag=True):
    above: int


class Rename(Ask[None], msgspec.Struct, frozen=True, kw_only=True, tag=True):
    name: str


@dataclass(frozen=True, slots=True)
class Count(Ask[int]):
    above: int


def test_ask_combines_with_frozen_structs_and_travels_as_a_tagged_union() -> None:
    wire = msgspec.msgpack.encode(Total(above=3))
    assert msgspec.msgpack.decode(wire, type=Total | Rename) == Total(above=3)
    with pytest.raises(AttributeError):
        Total(above=3).above = 4  # type: ignore[misc]


def test_ask_combines_with_frozen_dataclasses_and_adds_no_attributes() -> None:
    assert Count(3) == Count(3)
    assert not hasattr(Count(3), "__dict__")
    assert not hasattr(Total(above=3), "__dict__")


def test_an_envelope_is_abandoned_only_when_its_asker_has_gone() -> None:
    reply = Reply()
    asked, told = Envelope(Count(1), reply), Envelope(Count(1))
    assert (asked.is_abandoned, told.is_abandoned) == (False, False)
    reply.abandon()
    assert (asked.is_abandoned, told.is_abandoned) == (True, False)
    assert repr(asked) == "<Envelope Count asked>"
