"""What the merges of a target, and their directory, are asked."""

from collections.abc import Callable
from dataclasses import dataclass

from actors.ask import Ask
from actors.ref import ActorRef
from compas.domain import events as e
from compas.domain.decision import Refusal
from compas.domain.requests import RequestId
from compas.domain.target import Sight
from compas.orchestrator.messages.thread import Answered, Respond


@dataclass(frozen=True, slots=True)
class LocateMerges(Ask[ActorRef]):
    """Answered with the actor of a target branch, which is started if need be."""

    repository: str
    target: str


@dataclass(frozen=True, slots=True)
class QueueMerge(Ask[Answered | Refusal]):
    """Put a merge in line, unless its target is held; `accepted` is the commit of it that the operator accepts."""

    queued: e.MergeQueued
    lineage: str
    thread_status: e.ThreadStatus
    sight: Sight
    accepted: str | None
    request_id: RequestId
    respond: Callable[[tuple[e.Recorded, ...], int], bytes]


@dataclass(frozen=True, slots=True)
class CancelMerge(Ask[Answered | Refusal]):
    """Withdraw an operation that has not been published; what computes it is ended."""

    op: str
    by: str
    request_id: RequestId
    respond: Respond


@dataclass(frozen=True, slots=True)
class WithdrawMerges(Ask[None]):
    """Answered once no merge of a thread waits or is at work, and what computed or checked one has ended.

    To the directory, which asks the merges of each target concerned.
    """

    thread: str
    reason: str


@dataclass(frozen=True, slots=True)
class AwaitPublication(Ask[None]):
    """Answered once the operation is not about to move its target, or never was."""

    op: str
