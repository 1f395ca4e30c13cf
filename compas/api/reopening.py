"""Operation `reopen`: take up a thread that has ended."""

from typing import Annotated

import msgspec
from msgspec import Meta

from compas.api.operation import Operation
from compas.api.threads import ThreadName


class ReopenRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which thread to take up again."""

    thread_id: ThreadName
    sender: Annotated[str, Meta(description="who reopens it")] = msgspec.field(name="from", default="operator")


class ReopenResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The thread is active again; nothing has been started in it."""

    thread_id: str
    previous_status: str
    new_status: str
    next_step: str


REOPEN = Operation(
    name="reopen",
    request=ReopenRequest,
    response=ReopenResponse,
    doc="Take up a thread that has ended.",
    kind="write",
    positional=("thread_id",),
    flags={"sender": "--from"},
    details="Nothing is started by it. A dispatch to a thread that has ended reopens it by itself.",
)
