"""What an operation is: its name, its request and response, and how the command line spells it."""

from typing import Annotated, Any, Final, Generic, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from msgspec.structs import FieldInfo

Req = TypeVar("Req", bound=msgspec.Struct)
Res = TypeVar("Res", bound=msgspec.Struct)

IS_PATH = {"path": True}
"""Marks a parameter, as the `extra` of its `Meta`, whose value is a path on this machine, which is sent from its root.
It may be a name instead: what has no `/` in it and does not begin with `.` or `~`."""

LARGEST_INTEGER: Final = 2**63 - 1
"""The largest number that the log can hold: a position, an offset or a count is never more."""

SHORT: Final = {"follow": "-f"}
"""Parameters whose flag is also one letter."""

Kind = Literal["read", "write", "wait", "stream"]


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What every request is. A field that is as by default is not sent: a supervisor that is older than the client, and
    does not know the field, then serves what it can, and refuses only what is asked of it by that field."""


def arguments(request: msgspec.Struct) -> dict[str, Any]:
    """Return all fields of a request by their names on the wire, also those that are as by default."""
    return {
        field.encode_name: msgspec.to_builtins(getattr(request, field.name))
        for field in msgspec.structs.fields(request)
    }


class Operation(msgspec.Struct, Generic[Req, Res], frozen=True, kw_only=True):
    """One thing a client can ask for.

    A `write` carries a request id and is answered once however often it is sent. A `wait` may take long and is ended
    by cancelling it. A `stream` pushes items before its response. `positional` names the request fields that the
    command line takes without a flag; `flags` are the flags of others that are not called after their field.
    """

    name: str
    request: type[Req]
    response: type[Res]
    doc: str
    kind: Kind
    item: type[msgspec.Struct] | None = None
    positional: tuple[str, ...] = ()
    flags: dict[str, str] = {}
    details: str = ""


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a request, as help texts, flags and schemas need it. `most` is the largest number it may be."""

    name: str
    wire_name: str
    type: object
    doc: str
    required: bool
    default: object = None
    choices: tuple[str, ...] = ()
    is_path: bool = False
    most: int | None = None


def flag(operation: Operation[Any, Any], name: str) -> str:
    """Return the flag by which the command line takes a parameter that it does not take by its position."""
    return operation.flags.get(name) or "--" + name.replace("_", "-")


def parameters(request: type[msgspec.Struct]) -> tuple[Parameter, ...]:
    """Read a request's fields from its declaration."""
    hints = get_type_hints(request, include_extras=True)
    return tuple(_parameter(field, hints[field.name]) for field in msgspec.structs.fields(request))


def _parameter(field: FieldInfo, hint: object) -> Parameter:
    options = [option for option in _options(hint) if option is not type(None)]
    metas = [meta for option in (hint, *options) for meta in _metas(option)]
    plain = _without_metas(options[0]) if len(options) == 1 else hint
    choices = tuple(str(choice) for choice in get_args(plain)) if get_origin(plain) is Literal else ()
    return Parameter(
        name=field.name,
        wire_name=field.encode_name,
        type=str if choices else plain,
        doc=next((meta.description for meta in metas if meta.description), ""),
        required=field.required,
        default=None if field.required or field.default is msgspec.NODEFAULT else field.default,
        choices=choices,
        is_path=any(meta.extra == IS_PATH for meta in metas),
        most=next((int(meta.le) for meta in metas if meta.le is not None), None),
    )


def _options(hint: object) -> tuple[object, ...]:
    """Return the alternatives of a type; a type that is no union has one."""
    plain = _without_metas(hint)
    return get_args(plain) if type(None) in get_args(plain) else (plain,)


def _metas(hint: object) -> tuple[msgspec.Meta, ...]:
    if get_origin(hint) is not Annotated:
        return ()
    return tuple(meta for meta in get_args(hint)[1:] if isinstance(meta, msgspec.Meta))


def _without_metas(hint: object) -> object:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint
