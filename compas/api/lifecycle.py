"""Operations `close`, `cancel`, `abandon` and `reopen`: how a thread ends, and how one that has ended goes on."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from compas.api.operation import Operation, Request
from compas.api.parameters import Force, ThreadName
from compas.domain.advice import Said


class ReopenRequest(Request, frozen=True, kw_only=True):
    """Which thread to take up again."""

    thread_id: ThreadName
    sender: Annotated[str, Meta(description="who reopens it")] = msgspec.field(name="from", default="operator")


class ReopenResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The thread is active again; nothing has been started in it."""

    thread_id: str
    previous_status: str
    new_status: str
    next_step: Said


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


class CloseMerge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The merge that a thread is closed with."""

    target_branch: Annotated[str | None, Meta(description="branch to merge into; as configured by default")] = None
    strategy: Annotated[str | None, Meta(description="merge, rebase or squash; as configured by default")] = None
    force: Force = False
    accept_target: Annotated[
        str | None, Meta(description="only on the operator's word: the commit at which to keep a moved target")
    ] = None


class CloseRequest(Request, frozen=True, kw_only=True):
    """How to end a thread."""

    thread_id: ThreadName
    status: Annotated[Literal["completed", "failed"], Meta(description="how it ended")] = "completed"
    sender: Annotated[str, Meta(description="who closes it")] = msgspec.field(name="from", default="operator")
    note: Annotated[str | None, Meta(description="a last word, kept in the thread")] = None
    merge: Annotated[CloseMerge | None, Meta(description="merge its branch first, close it after; {} for defaults")] = (
        None
    )


class CloseResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The thread has ended; `note` says what was found, such as that there was nothing to merge.

    With `merge_op_id` it has not ended yet: it does once that merge has completed, and stays as it is if it fails.
    `review` and `warning` are those of the merge.
    """

    thread_id: str
    status: str
    note: str | None = None
    merge_op_id: str | None = None
    review: str = ""
    warning: Said | None = None
    next_step: Said | None = None


CLOSE = Operation(
    name="close",
    request=CloseRequest,
    response=CloseResponse,
    doc="End a thread as completed or failed.",
    kind="write",
    positional=("thread_id",),
    flags={"sender": "--from"},
    details="Completing a thread asks that its work is in the target branch; the branch itself is looked at, so a "
    "merge by hand counts too.",
)


class AbandonRequest(Request, frozen=True, kw_only=True):
    """Which thread to give up."""

    thread_id: ThreadName
    sender: Annotated[str, Meta(description="who abandons it")] = msgspec.field(name="from", default="operator")


class AbandonResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The thread is given up. Its commits are kept; cleanup takes the worktree once nothing is lost by it."""

    thread_id: str
    status: str
    executions_cancelled: int = 0
    processes_killed: int = 0
    worktree_branch: str | None = None


ABANDON = Operation(
    name="abandon",
    request=AbandonRequest,
    response=AbandonResponse,
    doc="Give a thread up: end what runs, start nothing more.",
    kind="write",
    positional=("thread_id",),
    flags={"sender": "--from"},
)


class CancelRequest(Request, frozen=True, kw_only=True):
    """In which thread nothing is to run any more."""

    thread_id: ThreadName
    sender: Annotated[str, Meta(description="who cancels it")] = msgspec.field(name="from", default="operator")


class CancelResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What was `cancelled`, by execution; nothing where nothing was queued or running. The thread stays as it is."""

    thread_id: str
    status: str
    cancelled: tuple[str, ...]
    next_step: Said


CANCEL = Operation(
    name="cancel",
    request=CancelRequest,
    response=CancelResponse,
    doc="Cancel what is queued or running in a thread.",
    kind="write",
    positional=("thread_id",),
    flags={"sender": "--from"},
    details="What is queued never starts, what is at work is ended, and neither is run again by itself. The thread "
    "stays as it is; `abandon` gives it up.",
)
