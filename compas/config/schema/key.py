"""How a key of the config file is declared: one annotation says all there is to know about it."""

import enum
from dataclasses import dataclass
from typing import ClassVar

from msgspec import Struct

MAX_INTEGER = 2**53 - 1
"""The largest number that every JSON reader holds exactly."""


class Effect(enum.Enum):
    """When a changed value is used."""

    LIVE = "at its next use"
    RESTART = "after a restart"
    LATER = "not yet"
    NEVER = "never"


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """What a key means and which values it takes.

    `doc` is one sentence for people. `aliases` are older names that still load. `ge` and `le` bound numbers, both
    inclusive. `form` names the entry of `compas.config.schema.forms` that a string, or each string of a list, has
    to match. `path` strings are resolved against the config's directory, and `program` ones too where they have a
    slash in them; others are names for PATH. `default` documents a default that is not the declared one. `why`
    explains a key without effect. `shapes` is the field of `Config` it decides.
    """

    doc: str
    effect: Effect = Effect.LIVE
    aliases: tuple[str, ...] = ()
    ge: int | None = None
    le: int | None = None
    form: str | None = None
    path: bool = False
    program: bool = False
    default: str | None = None
    why: str | None = None
    shapes: str | None = None


class Section(Struct, frozen=True, kw_only=True):
    """A mapping of the config file.

    LENIENT ones only warn about a key they do not know, because the original ignored it there and its files must
    load. REMOVED says of keys that older versions had what to write instead.
    """

    LENIENT: ClassVar[bool] = False
    REMOVED: ClassVar[dict[str, str]] = {}
