"""Describes every operation as plain data, for clients that cannot wait for its declaration to be loaded.

`python -m compas.api.description` writes it to compas/cli/operations.json, and a test holds that it is up to date.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from compas.api.areas import AREAS
from compas.api.catalogue import BY_NAME
from compas.api.operation import SHORT, Operation, Parameter, flag, parameters

FILE = Path(__file__).parents[1] / "cli" / "operations.json"

Data = dict[str, Any]

_PLAIN = {str: "str", int: "int", float: "float", bool: "bool"}


def description() -> str:
    """Return the content of the file."""
    operations = {name: _operation(operation) for name, operation in BY_NAME.items()}
    shown = [one for operation in BY_NAME.values() for one in (operation.response, operation.item) if one is not None]
    structs = {struct.__name__: found for struct in _reached(shown) if (found := _struct(struct))}
    return json.dumps({"operations": operations, "structs": structs}, ensure_ascii=False, indent=1) + "\n"


def _operation(operation: Operation[Any, Any]) -> Data:
    by_name = {parameter.name: parameter for parameter in parameters(operation.request)}
    in_order = [by_name.pop(name) for name in operation.positional] + list(by_name.values())
    return {
        "area": AREAS[operation.name],
        "kind": operation.kind,
        "doc": operation.doc,
        "details": operation.details,
        "parameters": [_parameter(operation, parameter) for parameter in in_order],
        "answer": operation.response.__name__,
        "item": operation.item.__name__ if operation.item is not None else None,
    }


def _parameter(operation: Operation[Any, Any], parameter: Parameter) -> Data:
    least, most = _range(operation, parameter)
    return {
        "name": parameter.name,
        "wire_name": parameter.wire_name,
        "type": _PLAIN.get(parameter.type, "object"),  # type: ignore[call-overload]
        "doc": parameter.doc,
        "required": parameter.required,
        "default": msgspec.to_builtins(parameter.default),
        "choices": list(parameter.choices),
        "is_path": parameter.is_path,
        "flag": None if parameter.name in operation.positional else flag(operation, parameter.name),
        "short": SHORT.get(parameter.name),
        "least": least,
        "most": most,
    }


def _range(operation: Operation[Any, Any], parameter: Parameter) -> tuple[float | None, float | None]:
    """Return the least and the largest number that a parameter may be."""
    struct = inspect.type_info(operation.request)
    assert isinstance(struct, inspect.StructType)
    (kind,) = [field.type for field in struct.fields if field.name == parameter.name]
    for one in _alternatives(kind):
        if isinstance(one, inspect.IntType | inspect.FloatType):
            assert one.gt is one.lt is one.multiple_of is None, f"{parameter.name}: a rule that no client knows"
            return one.ge, one.le
    return None, None


def _reached(structs: list[type[msgspec.Struct]]) -> list[type[msgspec.Struct]]:
    """Return these structs and all that stand in them, each once."""
    found: dict[type[msgspec.Struct], None] = {}
    ahead = list(structs)
    while ahead:
        struct = ahead.pop()
        if struct not in found:
            found[struct] = None
            ahead += [inner for _, inner in _inner(struct)]
    return sorted(found, key=lambda struct: struct.__name__)


def _struct(struct: type[msgspec.Struct]) -> Data:
    """Return what an answer may leave out, with the value it has then, and which fields hold structs of which name."""
    fields = msgspec.structs.fields(struct)
    left_out = {field.encode_name: msgspec.to_builtins(_default(field)) for field in fields if not field.required}
    inner = {name: one.__name__ for name, one in _inner(struct)}
    return {"defaults": left_out, "inner": inner} if left_out or inner else {}


def _default(field: msgspec.structs.FieldInfo) -> object:
    return field.default if field.default is not msgspec.NODEFAULT else field.default_factory()


def _inner(struct: type[msgspec.Struct]) -> Iterator[tuple[str, type[msgspec.Struct]]]:
    known = inspect.type_info(struct)
    assert isinstance(known, inspect.StructType)
    for field in known.fields:
        for one in _alternatives(field.type):
            if isinstance(one, inspect.VarTupleType | inspect.ListType):
                one = one.item_type
            if isinstance(one, inspect.StructType):
                yield field.encode_name, one.cls


def _alternatives(kind: inspect.Type) -> Iterator[inspect.Type]:
    match kind:
        case inspect.Metadata(type=inner):
            yield from _alternatives(inner)
        case inspect.UnionType(types=types):
            for one in types:
                yield from _alternatives(one)
        case _:
            yield kind


if __name__ == "__main__":
    FILE.write_text(description(), encoding="utf-8")
    sys.exit(0)
