"""What the actors of compas say to each other."""

from collections.abc import Callable
from dataclasses import dataclass

from actors.message import Ask
from actors.ref import ActorRef
from compas.domain import events as e
from compas.domain.admission import Claim
from compas.domain.breaker import Breaker
from compas.domain.cleanup import Kept
from compas.domain.decision import Refusal
from compas.domain.dispatch import Dispatch
from compas.domain.execution import Outcome
from compas.domain.furnishing import FurnishingStep
from compas.domain.hand_back import HandBack
from compas.domain.lifecycle import Close
from compas.domain.requests import RequestId
from compas.domain.specs import AgentSpec
from compas.domain.target import Sight
from compas.domain.thread import Thread
from compas.health.looking import Looked
from compas.health.pinging import Pinged
from compas.orchestrator.remembering import Remembered
from compas.store.records import Append, Appended, Conflict, Repeated, Reused

Respond = Callable[[tuple[e.Recorded, ...]], bytes]
"""Makes the answer to a client out of what was recorded; nothing recorded means that nothing was left to do."""

# --- to the journal ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Commit(Ask[Appended | Conflict | Repeated | Reused]):
    """Record events. Fails with StoreUnavailable while the disk does not take them."""

    append: Append


@dataclass(frozen=True, slots=True)
class WaitWritable(Ask[None]):
    """Answered once the log takes writes again; at once when it does."""


# --- to a thread -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answered:
    """A command took effect, now or when it was first sent; `body` is its encoded response."""

    body: bytes


@dataclass(frozen=True, slots=True)
class DispatchTo(Ask[Answered | Refusal]):
    """Accept a message from a client."""

    command: Dispatch
    request_id: RequestId
    respond: Respond


@dataclass(frozen=True, slots=True)
class CloseThread(Ask[Answered | Refusal]):
    """End the thread."""

    command: Close
    request_id: RequestId
    respond: Respond


@dataclass(frozen=True, slots=True)
class AbandonThread(Ask[Answered | Refusal]):
    """Give the thread up; with `unless_ended` only if it has not ended yet."""

    by: str
    request_id: RequestId
    respond: Respond
    unless_ended: bool = False


@dataclass(frozen=True, slots=True)
class ReopenThread(Ask[Answered | Refusal]):
    """Make the thread active again."""

    by: str
    request_id: RequestId
    respond: Respond


@dataclass(frozen=True, slots=True)
class HandBackTo(Ask[Answered | Refusal]):
    """From a merge: give its conflict to the agent whose work it is."""

    command: HandBack
    request_id: RequestId
    respond: Respond


@dataclass(frozen=True, slots=True)
class CommitWork(Ask[Answered | Refusal]):
    """From a client that has committed what is in a worktree: log it."""

    event: e.WorkCommitted
    request_id: RequestId
    respond: Respond


@dataclass(frozen=True, slots=True)
class GiveVerdict(Ask[Answered | Refusal]):
    """From an agent at work: what it thinks of what it was given to review."""

    execution: str
    verdict: e.Verdict
    request_id: RequestId
    respond: Respond


@dataclass(frozen=True, slots=True)
class GiveRuling(Ask[Answered | Refusal]):
    """From a person: what they say of the thread's work; with a `body` its agent is to change that."""

    ruling: e.PersonJudged
    body: str | None
    request_id: RequestId
    respond: Respond


Command = DispatchTo | CloseThread | AbandonThread | ReopenThread | HandBackTo | CommitWork | GiveVerdict | GiveRuling


@dataclass(frozen=True, slots=True)
class DescribeThread(Ask[Thread]):
    """Answered with the state of the thread."""


@dataclass(frozen=True, slots=True)
class PlanWorktree(Ask[Refusal | None]):
    """From an execution: log the intent to make a worktree."""

    execution: str
    repository: str
    branch: str
    base: str


@dataclass(frozen=True, slots=True)
class WorktreeMade(Ask[Refusal | None]):
    """From an execution: log that the worktree is there."""

    execution: str
    ready: e.WorktreeReady


@dataclass(frozen=True, slots=True)
class Furnish(Ask[Refusal | None]):
    """From an execution: log a step towards a usable worktree. A refusal means that it must not go on."""

    step: FurnishingStep


@dataclass(frozen=True, slots=True)
class PlanRemoval(Ask[Refusal | None]):
    """From the janitor: log the intent to remove a worktree. A refusal means that it must stay."""

    repository: str
    by: str
    force: bool
    causation: str


@dataclass(frozen=True, slots=True)
class EndRemoval(Ask[Refusal | None]):
    """From the janitor: log what came of it."""

    outcome: e.WorktreeRemoved | e.WorktreeKept
    causation: str


@dataclass(frozen=True, slots=True)
class BeginPublication(Ask[Refusal | None]):
    """From a merge: nothing is to end the thread until its target is moved; a refusal means that it must not be.

    `asked_at` is the log position at which the merge was asked for.
    """

    begun: e.PublicationBegun
    asked_at: int


@dataclass(frozen=True, slots=True)
class EndPublication(Ask[None]):
    """From a merge, or from one who waited for it: its target is moved, or will not be."""

    op: str


@dataclass(frozen=True, slots=True)
class RequestExecution(Ask[Refusal | None]):
    """From an execution: log the intent to start its runner. A refusal means that it must not start any more."""

    requested: e.ExecutionRequested


@dataclass(frozen=True, slots=True)
class ExecutionRuns(Ask[None]):
    """From an execution: log that its agent runs."""

    started: e.ExecutionStarted


@dataclass(frozen=True, slots=True)
class EndExecution(Ask[None]):
    """From an execution: log its end and what follows from it."""

    execution: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class PlaceGranted:
    """From admission: this execution may run now."""

    execution: str


@dataclass(frozen=True, slots=True)
class SomethingIsDue:
    """From the thread's own timer."""


@dataclass(frozen=True, slots=True)
class LookAround:
    """To a thread: another one has come to rest or ended, which this one may have to act on."""


# --- to admission ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WantPlace:
    """A thread's next execution waits for a place; asking again is answered again."""

    claim: Claim
    thread: str


@dataclass(frozen=True, slots=True)
class HavePlace:
    """An execution was found alive and counts, limits or not."""

    claim: Claim
    thread: str


@dataclass(frozen=True, slots=True)
class KeepPlaces:
    """From a thread that begins anew: of its places, only those of these executions are still wanted.

    It may have crashed between recording the end of an execution and leaving its place.
    """

    thread: str
    executions: frozenset[str]


@dataclass(frozen=True, slots=True)
class ConfigTakenUp:
    """Published, not told: another config is in force."""


@dataclass(frozen=True, slots=True)
class LimitsChanged:
    """The config has other limits now."""


@dataclass(frozen=True, slots=True)
class LeavePlace:
    """An execution is over, or wants no place any more."""

    execution: str


@dataclass(frozen=True, slots=True)
class BackendPlaces:
    """From a backend: so many of its executions may be at work before another is let in; None for any number."""

    backend: str
    places: int | None


# --- to the directories of threads and merges --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LocateThread(Ask[ActorRef]):
    """Answered with the actor of a thread, which is started if need be."""

    thread: str


@dataclass(frozen=True, slots=True)
class WakeThreads:
    """See to it that threads go on. `source` handed a reply to several, of whose threads one has come to rest; `ended`
    has done so, and has ended."""

    threads: tuple[str, ...] = ()
    source: str | None = None
    ended: str | None = None


@dataclass(frozen=True, slots=True)
class LocateMerges(Ask[ActorRef]):
    """Answered with the actor of a target branch, which is started if need be."""

    repository: str
    target: str


@dataclass(frozen=True, slots=True)
class WithdrawMerges(Ask[None]):
    """Answered once no merge of a thread waits or is at work, and what computed or checked one has ended.

    To the directory, which asks the merges of each target concerned.
    """

    thread: str
    reason: str


# --- to the config watcher ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReloadConfig(Ask[bool]):
    """Look at the config file now; answered, once what it says holds or its failure is known, with whether it was news.

    Fails with StoreUnavailable while that cannot be recorded.
    """


@dataclass(frozen=True, slots=True)
class ConfigFileChanged:
    """From the watch: the config file may have another content."""


@dataclass(frozen=True, slots=True)
class LookAtConfig:
    """From the watcher's own timer."""


# --- to the janitor ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RemoveTree(Ask[e.WorktreeRemoved | e.WorktreeKept | Refusal]):
    """Answered once a worktree of a thread is gone, or it is known why it stays; None means its only repository."""

    thread: str
    repository: str | None
    by: str
    force: bool
    request_id: RequestId


@dataclass(frozen=True, slots=True)
class DescribeKept(Ask[dict[tuple[str, str], Kept]]):
    """Answered with the worktrees that cleanup has left in place, by thread and repository."""


# --- to the ports ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LeasePorts(Ask[tuple[int, ...] | Refusal]):
    """Answered with the ports of a worktree, the same ones as before and more if it has fewer than `count`."""

    thread: str
    repository: str
    count: int


@dataclass(frozen=True, slots=True)
class ReleasePorts(Ask[None]):
    """The worktree is gone."""

    thread: str
    repository: str


# --- to an execution ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StopExecution:
    """End its processes; what it came to is recorded as its thread sees fit."""

    reason: str


# --- to a backend ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MayStart(Ask[Refusal | None]):
    """From an execution: ask whether its backend takes work now; `path` is where its agent looks for commands."""

    execution: str
    path: str


@dataclass(frozen=True, slots=True)
class ExecutionOver:
    """From a thread: an execution on this backend has ended, and the log has it."""


@dataclass(frozen=True, slots=True)
class DescribeBreaker(Ask[Breaker]):
    """Answered with where the backend's circuit breaker stands."""


@dataclass(frozen=True, slots=True)
class LookAt(Ask[Remembered[Looked]]):
    """Answered with what a look at the agent's CLI finds, or has found lately. Without `is_thorough` nothing is run.

    A look that is asked for while one is under way is that one.
    """

    agent: AgentSpec
    is_thorough: bool = True


@dataclass(frozen=True, slots=True)
class PingAgent(Ask[Remembered[Pinged]]):
    """Answered with how the agent's model answers, or has lately. This costs what a call costs."""

    agent: AgentSpec


# --- to the merges of a target -----------------------------------------------------------------------------------


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
class AwaitPublication(Ask[None]):
    """Answered once the operation is not about to move its target, or never was."""

    op: str
