"""Every operation that is asked about something by its name, and requests of them that lack nothing else."""

from typing import Any, NamedTuple

from compas.api.catalogue import OPERATIONS
from compas.api.names import KINDS, Kind
from compas.api.operation import Operation, parameters

NEEDED: dict[str, str] = {"body": "x", "hook": "h", "to": "dev", "thread_id": "t1"}
"""What requests need beside the name that is asked about."""
MAY_BE_NEW = frozenset({("dispatch", "thread_id")})
NO_NAMES = frozenset(
    {
        # operation: what it takes as text that names nothing that has to be there, or names it within something else
        *("from", "intent", "body", "batch", "summary", "note", "message", "scheduled_for", "text", "strategy"),
        *("repository", "target_branch", "accept_target", "commit", "filter"),
        *("reference", "since_reference", "dispatch", "before"),  # numbers of messages
        *("after", "which"),  # a place in a list, and one of a thread's executions
        *("name", "hook"),  # of the config
    }
)


class Asked(NamedTuple):
    """An operation, a field of its request that names something, and what kind of thing that is."""

    operation: Operation[Any, Any]
    field: str
    kind: Kind

    def arguments(self, name: str) -> dict[str, str]:
        """Return a request about this name, as it is sent."""
        needed = {
            one.wire_name: NEEDED.get(one.wire_name, "t1") for one in parameters(self.operation.request) if one.required
        }
        return {**needed, self.field: name}


ASKED: tuple[Asked, ...] = tuple(
    Asked(operation, one.wire_name, KINDS[one.wire_name])
    for operation in OPERATIONS
    for one in parameters(operation.request)
    if one.wire_name in KINDS and (operation.name, one.wire_name) not in MAY_BE_NEW
)
