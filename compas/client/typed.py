"""Asks with the api's own Structs over a caller that speaks plain JSON; for clients that may take a little longer."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from actors.remote.errors import ReplyInvalid
from compas.api.operation import Operation, arguments
from compas.client.caller import Caller

Req = TypeVar("Req", bound=msgspec.Struct)
Res = TypeVar("Res", bound=msgspec.Struct)
S = TypeVar("S", bound=msgspec.Struct)


class TypedCaller:
    """Raises what `Caller` does, and ReplyInvalid for an answer of another type."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def call(self, operation: Operation[Req, Res], request: Req) -> Res:
        """Ask for a read or a write and return its answer."""
        is_write = operation.kind == "write"
        return typed(self._caller.call(operation.name, arguments(request), is_write=is_write), operation.response)

    def wait(self, operation: Operation[Req, Res], request: Req) -> Res:
        """Ask for a wait and return how it ended."""
        return typed(self._caller.wait(operation.name, arguments(request)), operation.response)

    def stream(self, operation: Operation[Req, Res], request: Req, on_item: Callable[[Any], object]) -> Res:
        """Ask for a stream, hand each item to `on_item`, and return the answer behind the last."""
        item_type = operation.item
        assert item_type is not None, "an operation of kind stream declares its items"
        answer = self._caller.stream(operation.name, arguments(request), lambda item: on_item(typed(item, item_type)))
        return typed(answer, operation.response)


def typed(answer: object, type_: type[S]) -> S:
    """Return an answer as the Struct it is. Raises ReplyInvalid."""
    try:
        return msgspec.convert(answer, type_)
    except msgspec.ValidationError as error:
        raise ReplyInvalid(
            f"the supervisor answered with something that is no {type_!r}: {error}; "
            "client and supervisor may be of versions that do not fit"
        ) from error
