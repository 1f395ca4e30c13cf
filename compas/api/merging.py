"""Operation `merge`: bring a thread's branch into its target."""

from typing import Annotated

import msgspec
from msgspec import Meta

from compas.api.operation import Operation
from compas.api.threads import ThreadName


class MergeRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to merge, and where."""

    thread_id: ThreadName
    target_branch: Annotated[str | None, Meta(description="branch to merge into; the configured one by default")] = None
    strategy: Annotated[str | None, Meta(description="how to merge; the configured one by default")] = None
    sender: Annotated[str, Meta(description="who approves the merge")] = msgspec.field(name="from", default="operator")


class MergeResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The merge waits for its turn; nothing has been changed yet."""

    op_id: str
    thread_id: str
    source_branch: str
    target_branch: str
    strategy: str
    status: str
    queue_depth: int
    next_step: str


MERGE = Operation(
    name="merge",
    request=MergeRequest,
    response=MergeResponse,
    doc="Merge a thread's branch into its target.",
    kind="write",
    positional=("thread_id",),
    flags={"target_branch": "--target", "sender": "--from"},
    details="Queues the merge; `wait-merge` says how it went. Your own commits and local edits are never overwritten.",
)
