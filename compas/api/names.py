"""Which fields of requests name something that has to be there, and what kind of thing it is."""

from collections.abc import Iterator
from typing import Any, Final, Literal

import msgspec

from compas.api.operation import Operation

Kind = Literal["thread", "execution", "batch", "agent", "merge"]

KINDS: Final[dict[str, Kind]] = {
    # how requests spell a field: what it names, in every operation
    "thread_id": "thread",
    "execution_id": "execution",  # a thread is taken too, for one of its executions
    "batch_id": "batch",
    "agent": "agent",
    "to": "agent",
    "op_id": "merge",
}
_OF_ONE: Final[dict[tuple[str, str], Kind]] = {("status", "after"): "thread"}
"""What a field names in one operation alone."""

SHORTEST_BEGINNING: Final = 4
"""Characters by which operations that change nothing know a name, where only one begins so."""

LAST: Final = "@last"
"""Stands for the thread of the newest dispatch from where the request comes from."""


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A name in a request, and the field that has it."""

    field: str
    kind: Kind
    name: str


def names_in(operation: Operation[Any, Any], request: msgspec.Struct) -> Iterator[Named]:
    """Return the names in a request of what has to be there already."""
    for field in msgspec.structs.fields(request):
        kind = KINDS.get(field.encode_name) or _OF_ONE.get((operation.name, field.encode_name))
        name = getattr(request, field.name)
        if kind is not None and isinstance(name, str) and not _may_be_new(operation, request, kind):
            yield Named(field=field.name, kind=kind, name=name)


def _may_be_new(operation: Operation[Any, Any], request: msgspec.Struct, kind: Kind) -> bool:
    """A dispatch opens its thread, and one that is followed may be opened only then."""
    return kind == "thread" and (
        operation.name == "dispatch" or (operation.name == "events" and getattr(request, "follow", False))
    )
