"""Finds, in a request, text that no file, ref or process can be given."""

from collections.abc import Iterator, Mapping

import msgspec

from compas.git.errors import GitRefused


def refuse_nul(request: msgspec.Struct) -> None:
    """Raise GitRefused `bad_value` for a request with a NUL byte in any of its texts: C ends a text there."""
    for name in request.__struct_fields__:
        if any("\0" in text for text in _texts(getattr(request, name))):
            message = f"{name} of {type(request).__name__} holds a NUL byte, so nothing was done; correct it"
            raise GitRefused("bad_value", message)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _texts(getattr(value, name))
    elif isinstance(value, Mapping):
        yield from _texts(tuple(value.keys()))
        yield from _texts(tuple(value.values()))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _texts(item)
