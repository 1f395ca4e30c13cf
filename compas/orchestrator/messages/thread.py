"""What a thread, and the directory of threads, are asked and told."""

from collections.abc import Callable
from dataclasses import dataclass

from actors.ask import Ask
from actors.ref import ActorRef
from compas.domain import events as e
from compas.domain.decision import Refusal
from compas.domain.dispatch import Dispatch
from compas.domain.execution import Outcome
from compas.domain.furnishing import FurnishingStep
from compas.domain.hand_back import HandBack
from compas.domain.lifecycle import Close
from compas.domain.requests import RequestId
from compas.domain.thread import Thread

Respond = Callable[[tuple[e.Recorded, ...]], bytes]
"""Makes the answer to a client out of what was recorded; nothing recorded means that nothing was left to do."""


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
class CancelWork(Ask[Answered | Refusal]):
    """End what is queued or running in the thread."""

    by: str
    request_id: RequestId
    respond: Respond


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


Command = (
    DispatchTo
    | CloseThread
    | AbandonThread
    | CancelWork
    | ReopenThread
    | HandBackTo
    | CommitWork
    | GiveVerdict
    | GiveRuling
)


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
class TimerFired:
    """From the thread's own timer."""


@dataclass(frozen=True, slots=True)
class RecheckThread:
    """To a thread: another one has come to rest or ended, which this one may have to act on."""


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


Report = (
    PlanWorktree
    | WorktreeMade
    | Furnish
    | RequestExecution
    | ExecutionRuns
    | EndExecution
    | PlanRemoval
    | EndRemoval
    | BeginPublication
    | EndPublication
)
"""What those who work for a thread tell it. Each is answered with a refusal, or None once it is recorded."""
