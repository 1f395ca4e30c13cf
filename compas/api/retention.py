"""The operation on what has gathered: `prune`."""

from typing import Annotated

import msgspec
from msgspec import Meta

from compas.api.operation import Operation, Request
from compas.domain.retention import Gathered


class PruneRequest(Request, frozen=True, kw_only=True):
    """Whether to remove anything."""

    yes: Annotated[bool, Meta(description="remove what is due; without it, nothing is changed")] = False


class PruneResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What has gathered, what of it is due, and, when that was asked for, what went.

    The log is never cut: it holds so many `events` of so many `executions` in `log_bytes`.
    """

    has_removed: bool
    gathered: tuple[Gathered, ...]
    log_bytes: int
    events: int
    executions: int


PRUNE = Operation(
    name="prune",
    request=PruneRequest,
    response=PruneResponse,
    doc="Show what retention would take away now, or with --yes do it.",
    kind="write",
    details="The supervisor does the same by itself, once an hour at most. Nothing of an open thread, of an unmerged "
    "branch or of a running execution is touched, and the event log is never cut.",
)
