"""Reads the declarations back: the keys of a section, with the type and annotation of each."""

import functools
import types
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard, Union, get_args, get_origin

from msgspec import NODEFAULT, structs

from compas.config.schema.forms import FORMS
from compas.config.schema.key import MAX_INTEGER, Key, Section


@dataclass(frozen=True, slots=True)
class Declared:
    """One key of a section. `types` are what its value may be, without None; `field` is the attribute that has it."""

    name: str
    field: str
    key: Key
    types: tuple[Any, ...]
    required: bool
    default: object


@functools.cache
def keys(section: type[Section]) -> dict[str, Declared]:
    """Return the keys of a section by name, in the order of their declaration."""
    return {field.encode_name: _declared(field) for field in structs.fields(section)}


@functools.cache
def spellings(section: type[Section]) -> dict[str, str]:
    """Map every accepted name of a section's keys, older ones included, to the name it has today."""
    names = {name: name for name in keys(section)}
    return names | {old: name for name, declared in keys(section).items() for old in declared.key.aliases}


def _declared(field: structs.FieldInfo) -> Declared:
    plain, key = get_args(field.type)
    options = get_args(plain) if get_origin(plain) in (Union, types.UnionType) else (plain,)
    default = field.default if field.default_factory is NODEFAULT else field.default_factory()
    return Declared(
        name=field.encode_name,
        field=field.name,
        key=key,
        types=tuple(option for option in options if option is not types.NoneType),
        required=field.required,
        default=None if field.required else default,
    )


def is_section(option: object) -> TypeGuard[type[Section]]:
    """Tell whether a declared type is a mapping with keys of its own."""
    return isinstance(option, type) and issubclass(option, Section)


def item_types(option: object) -> tuple[Any, ...]:
    """Return what the items of a declared list may be; empty when it is no list."""
    if get_origin(option) is not tuple:
        return ()
    item = get_args(option)[0]
    return get_args(item) if get_origin(item) in (Union, types.UnionType) else (item,)


def choices(option: object) -> tuple[str, ...]:
    """Return the words a declared type allows; empty when it is not a choice of words."""
    return get_args(option) if get_origin(option) is Literal else ()


def in_words(option: object, key: Key) -> str:
    """Say which values a declared type takes: `a whole number from 1 to 20`."""
    if words := choices(option):
        return " or ".join(", ".join(words).rsplit(", ", 1)) if len(words) > 1 else f"only {words[0]}"
    if items := item_types(option):
        return "a list: each " + " or ".join(in_words(item, key) for item in items)
    if is_section(option):
        return "a mapping"
    if get_origin(option) is dict:
        return "a mapping of strings to strings"
    if option is int:
        return f"a whole number{_range(key)}"
    if option is float:
        return f"a number{_range(key)}"
    if option is bool:
        return "true or false"
    return "a path" if key.path else FORMS[key.form].words if key.form else "a string"


def _range(key: Key) -> str:
    low = f" from {key.ge}" if key.ge is not None else ""
    high = f" to {key.le}" if key.le is not None else " on" if low else ""
    return low + high


def bounds(key: Key) -> tuple[int, int]:
    """Return the smallest and the largest number a key takes."""
    return (0 if key.ge is None else key.ge, MAX_INTEGER if key.le is None else key.le)
