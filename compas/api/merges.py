"""Operations `merge`, `merge_status` and `merge_cancel`: bringing a thread's branch into its target."""

from typing import Annotated

import msgspec
from msgspec import Meta

from compas.api.operation import Operation, Request
from compas.api.parameters import Force, RepositoryPath, ThreadName
from compas.domain.advice import Said


class MergeRequest(Request, frozen=True, kw_only=True):
    """What to merge, and where."""

    thread_id: ThreadName
    target_branch: Annotated[str | None, Meta(description="branch to merge into; as configured by default")] = None
    strategy: Annotated[str | None, Meta(description="merge, rebase or squash; as configured by default")] = None
    repository: RepositoryPath = None
    force: Force = False
    accept_target: Annotated[
        str | None, Meta(description="only on the operator's word: the commit at which to keep a moved target")
    ] = None
    sender: Annotated[str, Meta(description="who wants it merged")] = msgspec.field(name="from", default="operator")


class MergeResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The merge waits for its turn; nothing has been changed yet.

    `review` is how the branch stands to its newest review: approved, not_reviewed, or, with a `warning`, another.
    """

    op_id: str
    thread_id: str
    source_branch: str
    target_branch: str
    strategy: str
    status: str
    queue_depth: int
    next_step: Said
    review: str = ""
    warning: Said | None = None


MERGE = Operation(
    name="merge",
    request=MergeRequest,
    response=MergeResponse,
    doc="Merge a thread's branch into its target.",
    kind="write",
    positional=("thread_id",),
    flags={"target_branch": "--target", "sender": "--from"},
    details="Queues the merge; `wait-merge` says how it went. Your own commits and local edits are never overwritten. "
    "Refused while work is queued or running in the thread, after a review that asked for changes, and where the "
    "branch no longer holds what was approved; verdicts are looked at again just before it is published. --force "
    "overrides verdicts, and nothing else.",
)


class MergeStatusRequest(Request, frozen=True, kw_only=True):
    """Which merges to show; one of them by its id, or the newest."""

    op_id: Annotated[str | None, Meta(description="only this merge operation")] = None
    thread_id: Annotated[str | None, Meta(description="only merges of this thread")] = None
    target_branch: Annotated[str | None, Meta(description="only merges into this branch")] = None
    limit: Annotated[int, Meta(ge=1, le=1000, description="merges to show at most")] = 20


class MergeConflict(msgspec.Struct, frozen=True, kw_only=True):
    """A path that could not be merged, and git's word for the kind of conflict."""

    path: str
    kind: str


class MergeState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One merge operation. Times are UTC seconds, durations count from its start.

    `suggested_actions` say what to do about one that failed; `conflict_task` is what to dispatch to an agent, unless
    the conflict was handed back to its agent already, which `handed_back_to` names. `review` is how the branch stood to
    its newest review when the merge was asked for, `forced` that verdicts were not to count.
    """

    op_id: str
    thread_id: str
    repository: str
    source_branch: str
    target_branch: str
    strategy: str
    requested_by: str
    status: str
    queued_at: float
    source_commit: str
    commit_message: str
    review: str = ""
    forced: bool = False
    started_at: float | None = None
    finished_at: float | None = None
    duration_ms: int | None = None
    commit: str | None = None
    result_summary: str | None = None
    error_code: str | None = None
    error_detail: str | None = None
    conflict_files: tuple[str, ...] = ()
    conflicts: tuple[MergeConflict, ...] = ()
    conflict_task: str | None = None
    handed_back_to: str | None = None
    suggested_actions: tuple[Said, ...] = ()


class MergeStatusResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The newest merges first; `counts` is of all that match, by status.

    `held` says of each target that was moved by nobody compas knows why nothing is merged into it.
    """

    merges: tuple[MergeState, ...]
    counts: dict[str, int]
    held: tuple[str, ...] = ()


MERGE_STATUS = Operation(
    name="merge_status",
    request=MergeStatusRequest,
    response=MergeStatusResponse,
    doc="Show merges, where they stand and how they ended.",
    kind="read",
    positional=("op_id",),
    flags={"thread_id": "--thread", "target_branch": "--target"},
)


class MergeCancelRequest(Request, frozen=True, kw_only=True):
    """Which merge to withdraw."""

    op_id: Annotated[str, Meta(description="merge operation, as `merge` returned it")]
    sender: Annotated[str, Meta(description="who withdraws it")] = msgspec.field(name="from", default="operator")


class MergeCancelResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The merge will not happen; nothing was changed."""

    op_id: str
    thread_id: str
    cancelled: bool
    status: str


MERGE_CANCEL = Operation(
    name="merge_cancel",
    request=MergeCancelRequest,
    response=MergeCancelResponse,
    doc="Withdraw a merge that has not been published.",
    kind="write",
    positional=("op_id",),
    flags={"sender": "--from"},
    details="What computes or checks it is ended. Once the target is being moved a merge is past cancelling.",
)
