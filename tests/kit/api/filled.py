"""Makes a request or a response of which a test names only what it is about."""

from typing import TypeVar

import msgspec
from msgspec import inspect

S = TypeVar("S", bound=msgspec.Struct)


def filled(struct: type[S], **given: object) -> S:
    """Return a struct with these fields; those required beside them get the emptiest value of their type.

    A text is the name of its field, so that a line that shows the wrong one is seen.
    """
    known = inspect.type_info(struct)
    assert isinstance(known, inspect.StructType)
    missing = [field for field in known.fields if field.required and field.name not in given]
    return struct(**given, **{field.name: _emptiest(field.name, field.type) for field in missing})


def _emptiest(name: str, kind: inspect.Type) -> object:
    match kind:
        case inspect.Metadata(type=inner):
            return _emptiest(name, inner)
        case inspect.StrType():
            return name
        case inspect.IntType():
            return 0
        case inspect.FloatType():
            return 0.0
        case inspect.BoolType():
            return False
        case inspect.LiteralType(values=values):
            return values[0]
        case inspect.VarTupleType():
            return ()
        case inspect.DictType():
            return {}
        case inspect.StructType(cls=struct):
            return filled(struct)
        case inspect.UnionType(types=types) if any(isinstance(one, inspect.NoneType) for one in types):
            return None
        case inspect.UnionType(types=types):
            return _emptiest(name, types[0])
        case _:
            raise TypeError(f"no empty value is known for {name}: {kind}")
