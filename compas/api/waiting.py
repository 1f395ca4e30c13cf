"""Operations `wait` and `wait_merge`: block until an answer is there, or until none will come."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from compas.api.merges import MergeConflict
from compas.api.operation import LARGEST_INTEGER, Operation, Request
from compas.domain.advice import Said

LONGEST_TIMEOUT_SECS = 30 * 24 * 3600
"""A wait of more than 30 days is a slip of the keyboard (b-mcp-cli-merge 110)."""

Timeout = Annotated[
    float,
    Meta(ge=0, le=LONGEST_TIMEOUT_SECS, description="seconds to wait at most; 0 looks once"),
]


Position = Annotated[
    int, Meta(ge=0, le=LARGEST_INTEGER, description="count only what came after this position of the log")
]


class WaitRequest(Request, frozen=True, kw_only=True):
    """What to wait for in a thread."""

    thread_id: Annotated[str, Meta(description="thread to wait in")]
    intent: Annotated[str | None, Meta(description="only messages with exactly this intent")] = None
    since_reference: Annotated[str | None, Meta(description="only messages after this one (db:<n> or <n>)")] = None
    dispatch: Annotated[
        str | None, Meta(description="only this dispatch (db:<n> or <n>) and what descends from it")
    ] = None
    after: Position | None = None
    strict_new: Annotated[bool, Meta(description="only messages that arrive after this call")] = False
    await_chain: Annotated[bool, Meta(description="wait until the whole chain of handoffs has settled")] = False
    timeout_secs: Timeout = 120
    progress: Annotated[bool, Meta(description="tell of the work that is waited for as it moves")] = False


class WaitStep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An execution whose status is another one than was told before."""

    execution_id: str
    thread_id: str
    agent: str
    status: str


class WaitBegan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Pushed when a wait begins: the position it counts from, so that a client can go on with it elsewhere.

    With `progress` it is pushed again whenever the work moves: `steps` has what moved since the last time.
    """

    after: int
    steps: tuple[WaitStep, ...] = ()


class PendingExecution(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Work that is not over."""

    execution_id: str
    thread_id: str
    agent: str
    status: str
    eligible_at: float | None = None


class ChainStep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One execution of the chain that was waited for."""

    agent: str
    status: str
    execution_id: str
    verdict: str = ""
    thread_id: str = ""


class WaitResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer, or what happened instead of one.

    `reason` says why there is none: `timeout`, or, when none will come, `settled` (all work is over and nothing
    matched), `failed` or `ended` (cancelled). `blocked` tells an agent that it waits for what cannot begin before it
    ends. `chain_pending` is told of a wait whose time is over.
    """

    found: bool
    thread_id: str
    message_id: int | None = None
    reference: str | None = None
    sender: str | None = msgspec.field(name="from", default=None)
    to: str | None = None
    intent: str | None = None
    body: str | None = None
    batch: str | None = None
    created_at: int | None = None
    fanout_children_awaited: int | None = None
    fanout_threads: tuple[str, ...] = ()
    settled_at: int | None = None
    chain: tuple[ChainStep, ...] = ()
    reason: Literal["timeout", "settled", "failed", "ended", "blocked"] | None = None
    timeout_secs: float | None = None
    intent_filter: str | None = None
    chain_pending: bool | None = None
    thread_status: str | None = None
    pending: tuple[PendingExecution, ...] = ()
    error: str | None = None
    next_step: Said | None = None


WAIT = Operation(
    name="wait",
    request=WaitRequest,
    response=WaitResponse,
    item=WaitBegan,
    doc="Block until a thread has an answer, or until none will come.",
    kind="wait",
    flags={"since_reference": "--since", "timeout_secs": "--timeout"},
    details="Exit status: 0 found, 1 not found, 2 error. Without --intent, work for agents is no answer.",
)


class WaitMergeRequest(Request, frozen=True, kw_only=True):
    """Which merge operation to wait for."""

    op_id: Annotated[str, Meta(description="merge operation, as `merge` returned it")]
    timeout_secs: Timeout = 120


class WaitMergeResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`found` means that the operation is over, well or badly; otherwise `last_status` says where it stands."""

    found: bool
    op_id: str
    thread_id: str
    status: str
    source_branch: str
    target_branch: str
    commit: str | None = None
    duration_ms: int | None = None
    result_summary: str | None = None
    error_code: str | None = None
    error_detail: str | None = None
    conflict_files: tuple[str, ...] = ()
    conflicts: tuple[MergeConflict, ...] = ()
    conflict_task: str | None = None
    handed_back_to: str | None = None
    timeout_secs: float | None = None
    last_status: str | None = None
    next_step: Said | None = None


WAIT_MERGE = Operation(
    name="wait_merge",
    request=WaitMergeRequest,
    response=WaitMergeResponse,
    doc="Block until a merge operation is over.",
    kind="wait",
    flags={"timeout_secs": "--timeout"},
    details="Exit status: 0 completed, 1 failed, cancelled or timeout, 2 error.",
)
