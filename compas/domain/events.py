"""Every event the log can hold: facts, in the past tense, never changed once written."""

import msgspec

from compas.domain.facts.conversation import (
    FannedOut,
    Joined,
    MessagePosted,
    Occasion,
    ThreadAbandoned,
    ThreadClosed,
    ThreadDescribed,
    ThreadFailed,
    ThreadOpened,
    ThreadReopened,
    WorkUnderReview,
)
from compas.domain.facts.event import Category, EndStatus, ExecutionStatus, MergeKind, ThreadStatus, Verdict
from compas.domain.facts.keeping import LogsRemoved, SnapshotsArchived
from compas.domain.facts.merging import (
    CloseAfter,
    Conflict,
    MergeCancelled,
    MergeCompleted,
    MergeFailed,
    MergeHandedBack,
    MergePrepared,
    MergeQueued,
    MergeStarted,
)
from compas.domain.facts.operating import (
    BreakerClosed,
    BreakerOpened,
    ConfigLoaded,
    ConfigRefused,
    SupervisorStarted,
    SupervisorStopped,
    SupervisorStopping,
)
from compas.domain.facts.publishing import PublicationBegun, PublicationOver
from compas.domain.facts.running import (
    ExecutionCancelled,
    ExecutionEnded,
    ExecutionQueued,
    ExecutionRequested,
    ExecutionStarted,
    ExecutionStopped,
    PersonJudged,
    ProcessEnd,
    SnapshotTaken,
    Usage,
    VerdictGiven,
)
from compas.domain.facts.scheduling import (
    ScheduleFired,
    ScheduleNoted,
    SchedulePaused,
    ScheduleRemoved,
    ScheduleReset,
    ScheduleResumed,
    ScheduleSkipped,
    SkipReason,
)
from compas.domain.facts.targets import TargetHeld, TargetSeen, ThreadCommit
from compas.domain.facts.telling import HookEnded, HookOutcome, NotificationEnded, SubscribersChanged, TellingDue
from compas.domain.facts.working_place import (
    CommitBegun,
    PortsLeased,
    PortsReleased,
    SetupEnded,
    SetupStarted,
    WorkCommitted,
    WorktreeFurnished,
    WorktreeKept,
    WorktreePlanned,
    WorktreeReady,
    WorktreeRemovalPlanned,
    WorktreeRemoved,
)

__all__ = [
    "OUTBOX_STREAM",
    "PORTS_STREAM",
    "RETENTION_STREAM",
    "SUPERVISOR_STREAM",
    "BackendEvent",
    "BreakerClosed",
    "BreakerOpened",
    "Category",
    "CloseAfter",
    "CommitBegun",
    "ConfigLoaded",
    "ConfigRefused",
    "Conflict",
    "EndStatus",
    "Event",
    "ExecutionCancelled",
    "ExecutionEnded",
    "ExecutionQueued",
    "ExecutionRequested",
    "ExecutionStarted",
    "ExecutionStatus",
    "ExecutionStopped",
    "FannedOut",
    "HookEnded",
    "HookOutcome",
    "Joined",
    "LogsRemoved",
    "MergeCancelled",
    "MergeCompleted",
    "MergeEvent",
    "MergeFailed",
    "MergeHandedBack",
    "MergeKind",
    "MergePrepared",
    "MergeQueued",
    "MergeStarted",
    "MessagePosted",
    "NotificationEnded",
    "Occasion",
    "OutboxEvent",
    "PersonJudged",
    "PortsEvent",
    "PortsLeased",
    "PortsReleased",
    "ProcessEnd",
    "PublicationBegun",
    "PublicationOver",
    "Recorded",
    "RetentionEvent",
    "ScheduleEvent",
    "ScheduleFired",
    "ScheduleNoted",
    "SchedulePaused",
    "ScheduleRemoved",
    "ScheduleReset",
    "ScheduleResumed",
    "ScheduleSkipped",
    "SetupEnded",
    "SetupStarted",
    "SkipReason",
    "SnapshotTaken",
    "SnapshotsArchived",
    "SubscribersChanged",
    "SupervisorEvent",
    "SupervisorStarted",
    "SupervisorStopped",
    "SupervisorStopping",
    "TargetHeld",
    "TargetSeen",
    "TellingDue",
    "ThreadAbandoned",
    "ThreadClosed",
    "ThreadCommit",
    "ThreadDescribed",
    "ThreadEvent",
    "ThreadFailed",
    "ThreadOpened",
    "ThreadReopened",
    "ThreadStatus",
    "Usage",
    "Verdict",
    "VerdictGiven",
    "WorkCommitted",
    "WorkUnderReview",
    "WorktreeFurnished",
    "WorktreeKept",
    "WorktreePlanned",
    "WorktreeReady",
    "WorktreeRemovalPlanned",
    "WorktreeRemoved",
    "backend_stream",
    "merge_stream",
    "schedule_stream",
    "thread_stream",
]

ThreadEvent = (
    ThreadOpened
    | ThreadDescribed
    | MessagePosted
    | FannedOut
    | Joined
    | ExecutionQueued
    | WorktreePlanned
    | WorktreeReady
    | WorktreeFurnished
    | SetupStarted
    | CommitBegun
    | SetupEnded
    | WorkCommitted
    | WorktreeRemovalPlanned
    | WorktreeRemoved
    | WorktreeKept
    | ExecutionRequested
    | ExecutionStarted
    | ExecutionEnded
    | ExecutionCancelled
    | ExecutionStopped
    | VerdictGiven
    | PublicationBegun
    | PublicationOver
    | PersonJudged
    | ThreadClosed
    | ThreadFailed
    | ThreadAbandoned
    | ThreadReopened
)
MergeEvent = (
    MergeQueued
    | MergeStarted
    | MergePrepared
    | MergeCompleted
    | MergeFailed
    | MergeHandedBack
    | MergeCancelled
    | TargetSeen
    | TargetHeld
)
BackendEvent = BreakerOpened | BreakerClosed
SupervisorEvent = SupervisorStarted | SupervisorStopping | SupervisorStopped | ConfigLoaded | ConfigRefused
PortsEvent = PortsLeased | PortsReleased
ScheduleEvent = (
    ScheduleNoted | ScheduleRemoved | ScheduleFired | ScheduleSkipped | SchedulePaused | ScheduleResumed | ScheduleReset
)
OutboxEvent = SubscribersChanged | TellingDue | HookEnded | NotificationEnded
RetentionEvent = LogsRemoved | SnapshotsArchived
Event = (
    ThreadEvent
    | MergeEvent
    | BackendEvent
    | PortsEvent
    | SupervisorEvent
    | ScheduleEvent
    | OutboxEvent
    | RetentionEvent
)


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """An event as the log holds it.

    `position` orders the whole log from 1 without gaps; `version` orders one stream from 1. `at` is UTC seconds.
    `causation` names what led to it (a request, an execution, an operation); `lineage` is the operator's or
    schedule's dispatch it descends from, empty outside threads.
    """

    position: int
    stream: str
    version: int
    event: Event
    at: float
    causation: str = ""
    lineage: str = ""
    epoch: int = 0


def thread_stream(thread: str) -> str:
    """Name the stream of a thread."""
    return f"thread:{thread}"


def merge_stream(repository: str, target: str) -> str:
    """Name the stream of a target branch; two repositories never share one (b-mcp-cli-merge 100)."""
    return f"merge:{repository}:{target}"


def backend_stream(backend: str) -> str:
    """Name the stream of a backend."""
    return f"backend:{backend}"


def schedule_stream(schedule: str) -> str:
    """Name the stream of a schedule."""
    return f"schedule:{schedule}"


PORTS_STREAM = "ports"
OUTBOX_STREAM = "outbox"
RETENTION_STREAM = "retention"
SUPERVISOR_STREAM = "supervisor"
