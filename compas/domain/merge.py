"""The merges of one target branch: strictly one at a time, in order, each either published or failed."""

from typing import Final, Literal

import msgspec

from compas.domain import events as e
from compas.domain.advice import advise, say
from compas.domain.decision import Decision, Draft, Refusal
from compas.domain.target import Sight, judge, refuse_acceptance

MergeStatus = Literal["queued", "executing", "publishing", "completed", "failed", "cancelled"]
BEGUN: frozenset[MergeStatus] = frozenset({"executing", "publishing"})
OPEN: frozenset[MergeStatus] = BEGUN | {"queued"}


Step = e.MergeStarted | e.MergePrepared | e.MergeCompleted | e.MergeFailed | e.MergeCancelled
"""What one who works on an operation logs of it."""
ABANDONED: Final = "the thread was abandoned"
"""Why a merge is withdrawn with its thread."""
LOOK_AGAIN: Final = "look_again"
"""The code of a refusal after which the target is looked at once more."""


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One merge operation. `publishing` means that the intent to move the target is logged: after a crash the
    target itself tells whether it happened. `hand_back` is what its agent is still to be told."""

    queued: e.MergeQueued
    position: int
    lineage: str = ""
    status: MergeStatus = "queued"
    prepared: e.MergePrepared | None = None
    hand_back: str = ""
    tries: int = 0
    """How often it was begun: again each time the target had moved before it was published."""

    @property
    def asked_at(self) -> int:
        """Where the log was when it was asked for: an end of its thread after that withdraws it.

        That is before it was queued, since somebody may have ended the thread, and been told so, in between.
        """
        return self.queued.looked_at or self.position


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """All merge operations of one target branch in one repository."""

    stream: str
    version: int = 0
    operations: dict[str, Operation] = {}
    known: str = ""
    """The newest commit at which compas knows the target to be in order: it published, noted or accepted that."""
    held: e.TargetHeld | None = None
    """Why nothing is merged into the target, as it was last looked at."""

    def current(self) -> Operation | None:
        """Return the operation to work on: the one begun, else the one queued first."""
        open_ones = [operation for operation in self.operations.values() if operation.status in OPEN]
        begun = (operation for operation in open_ones if operation.status != "queued")
        first = min(open_ones, key=lambda operation: operation.position, default=None)
        return next(begun, first)

    def to_hand_back(self) -> Operation | None:
        """Return an operation whose conflict its agent has not been told of."""
        return next((operation for operation in self.operations.values() if operation.hand_back), None)

    def depth(self) -> int:
        """Return how many operations are not over."""
        return sum(1 for operation in self.operations.values() if operation.status in OPEN)


def evolve(state: Queue, recorded: e.Recorded) -> Queue:
    """Fold one recorded event into the queue."""
    operations = dict(state.operations)
    match recorded.event:
        case e.MergeQueued() as queued:
            operations[queued.op] = Operation(queued=queued, position=recorded.position, lineage=recorded.lineage)
        case e.MergeStarted(op=op):
            tries = operations[op].tries + 1
            operations[op] = msgspec.structs.replace(operations[op], status="executing", prepared=None, tries=tries)
        case e.MergePrepared(op=op) as prepared:
            operations[op] = msgspec.structs.replace(operations[op], status="publishing", prepared=prepared)
        case e.MergeCompleted(op=op, new_commit=new_commit):
            operations[op] = msgspec.structs.replace(operations[op], status="completed")
            state = msgspec.structs.replace(state, known=new_commit, held=None)
        case e.MergeFailed(op=op, hand_back=text):
            operations[op] = msgspec.structs.replace(operations[op], status="failed", hand_back=text)
        case e.MergeHandedBack(op=op):
            operations[op] = msgspec.structs.replace(operations[op], hand_back="")
        case e.MergeCancelled(op=op):
            operations[op] = msgspec.structs.replace(operations[op], status="cancelled")
        case e.TargetSeen(commit=commit):
            state = msgspec.structs.replace(state, known=commit, held=None)
        case e.TargetHeld() as held:
            state = msgspec.structs.replace(state, held=held)
        case _:
            raise ValueError(f"event {recorded.position} does not belong to {state.stream!r}")
    return msgspec.structs.replace(state, operations=operations, version=recorded.version)


def decide_queue(state: Queue, queued: e.MergeQueued, *, thread_status: e.ThreadStatus, lineage: str) -> Decision:
    """Put a merge in line, once per thread at a time (b-mcp-cli-merge 77, 78, 82, 83)."""
    if thread_status == "Abandoned":
        abandoned = f"thread {queued.thread} was abandoned; dispatch to it to reopen it before merging"
        return Refusal(code="thread_abandoned", message=abandoned)
    for operation in state.operations.values():
        if operation.queued.thread == queued.thread and operation.status in OPEN:
            sentence = say(
                f"thread {queued.thread} already has a pending merge to {queued.target}: {operation.queued.op} "
                f"({operation.status}). Wait for it with `",
                advise("wait_merge", op_id=operation.queued.op),
                "`.",
            )
            return Refusal(code="merge_pending", message=sentence)
    return (Draft(stream=state.stream, event=queued, lineage=lineage),)


def decide_sight(state: Queue, sight: Sight, *, target: str, accepted: str | None = None, by: str = "") -> Decision:
    """Note where the target is, and whether that is in order; what is noted already is not noted again.

    `accepted` is the word of somebody (`by`) for the commit it is at. Refused with `look_again` where something else
    was noted since it was looked at.
    """
    if sight.known != state.known:
        return Refusal(code=LOOK_AGAIN, message=f"{state.stream} was looked at before something else was noted of it")
    if accepted is not None:
        refusal = refuse_acceptance(accepted, target, sight.now)
        if refusal is not None:
            return refusal
    found = judge(sight)
    if isinstance(found, e.TargetHeld) and accepted is not None:
        found = e.TargetSeen(commit=sight.now, how="accepted", by=by)
    is_known = found == state.held if isinstance(found, e.TargetHeld) else found.how == "back" and state.held is None
    return () if is_known else (Draft(stream=state.stream, event=found),)


def decide_start(state: Queue, op: str, *, thread_status: e.ThreadStatus) -> Decision:
    """Begin the operation whose turn it is, or cancel it when its thread was abandoned while it waited
    (b-mcp-cli-merge 106). Nothing to do for one that began already."""
    operation = state.operations.get(op)
    if operation is None:
        return _unknown(state, op)
    if operation.status != "queued":
        return ()
    current = state.current()
    if current is not None and current.queued.op != op:
        sentence = f"merge operation {op} waits for {current.queued.op} ({current.status}): one at a time"
        return Refusal(code="not_its_turn", message=sentence)
    if thread_status == "Abandoned":
        cancelled = e.MergeCancelled(op=op, reason="the thread was abandoned before the merge began")
        return (Draft(stream=state.stream, event=cancelled, lineage=operation.lineage),)
    return (Draft(stream=state.stream, event=e.MergeStarted(op=op), lineage=operation.lineage),)


def decide_cancel(state: Queue, op: str, by: str) -> Decision:
    """Withdraw an operation that waits or is being computed (b-mcp-cli-merge 105).

    Once the intent to move the target is logged it is past cancelling: only the repository knows whether it moved.
    """
    operation = state.operations.get(op)
    if operation is None:
        return _unknown(state, op)
    if operation.status == "publishing":
        sentence = say(
            f"merge operation {op} is past cancelling: {operation.queued.target} is being moved to it. "
            "Wait for it with `",
            advise("wait_merge", op_id=op),
            "`.",
        )
        return Refusal(code="past_cancelling", message=sentence)
    if operation.status not in OPEN:
        sentence = f"merge operation {op} is {operation.status} already; only one that is not over can be cancelled"
        return Refusal(code="merge_is_over", message=sentence)
    cancelled = e.MergeCancelled(op=op, reason=f"cancelled by {by}")
    return (Draft(stream=state.stream, event=cancelled, lineage=operation.lineage),)


def decide_withdraw(state: Queue, thread: str, reason: str) -> Decision:
    """Withdraw what a thread has in line or at work, because the thread was given up.

    One that is being published stays: its thread cannot have been given up before that is over.
    """
    withdrawn = [
        operation
        for operation in state.operations.values()
        if operation.queued.thread == thread and operation.status in ("queued", "executing")
    ]
    return tuple(
        Draft(stream=state.stream, event=e.MergeCancelled(op=one.queued.op, reason=reason), lineage=one.lineage)
        for one in withdrawn
    )


def decide_outcome(state: Queue, event: Step) -> Decision:
    """Log what became of an operation; one that is over stays as it is (b-mcp-cli-merge 102).

    One whose target moved before it could be published is started again. One that is withdrawn by its thread's end was
    at work, and not yet being published.
    """
    operation = state.operations.get(event.op)
    if operation is None:
        return _unknown(state, event.op)
    if operation.status not in OPEN or operation.status == "queued":
        return ()
    if isinstance(event, e.MergeStarted) and operation.status != "publishing":
        return ()
    if isinstance(event, e.MergeCancelled) and operation.status != "executing":
        return ()
    return (Draft(stream=state.stream, event=event, lineage=operation.lineage),)


def decide_handed_back(state: Queue, event: e.MergeHandedBack) -> Decision:
    """Log that a conflict was handed back, once."""
    operation = state.operations.get(event.op)
    if operation is None:
        return _unknown(state, event.op)
    return (Draft(stream=state.stream, event=event, lineage=operation.lineage),) if operation.hand_back else ()


def _unknown(state: Queue, op: str) -> Refusal:
    return Refusal(code="unknown_merge", message=f"{state.stream} has no merge operation {op}")
