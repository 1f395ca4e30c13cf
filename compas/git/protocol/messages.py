"""What the supervisor asks the git worker, and what the worker answers: one request and one response per operation.

File names are text for people: bytes that are not UTF-8 are shown as `\\xNN`. Commits are full object names.
"""

import msgspec

from compas.git.protocol.merging import (
    Cleared,
    ClearMerge,
    Conflict,
    Conflicts,
    Finished,
    FinishMerge,
    MergeKind,
    Prepared,
    PrepareMerge,
    PrepareResult,
    Published,
    PublishMerge,
    PublishResult,
    Refused,
    SideCommit,
    StaleCheckout,
    TargetMoved,
    Verified,
    VerifyMerge,
)
from compas.git.protocol.message import Lane, Mutation, Struct
from compas.git.protocol.reading import (
    AskHead,
    CommitSeen,
    Contained,
    Contains,
    Describe,
    Diff,
    DiffText,
    Entry,
    FileStat,
    Graph,
    GraphText,
    HeadReport,
    InProgress,
    ReadSides,
    Repository,
    Resolve,
    Resolved,
    Side,
    SideSeen,
    SidesRead,
    Status,
    StatusReport,
)
from compas.git.protocol.targets import FindMove, Move, MovedCommit, ThreadTip
from compas.git.protocol.thread_worktree import Owner, ThreadWorktree
from compas.git.protocol.worktrees import (
    NO_SNAPSHOTS,
    CommitAll,
    Committed,
    EnsureReadingTree,
    EnsureWorktree,
    FileChange,
    FillPool,
    Furnished,
    FurnishWorktree,
    NothingToCommit,
    Pool,
    Removed,
    RemoveWorktree,
    Snapshot,
    TakeSnapshot,
    Worktree,
)

__all__ = [
    "NO_SNAPSHOTS",
    "Answered",
    "AskHead",
    "Asked",
    "ClearMerge",
    "Cleared",
    "CommitAll",
    "CommitSeen",
    "Committed",
    "Conflict",
    "Conflicts",
    "Contained",
    "Contains",
    "Describe",
    "Diff",
    "DiffText",
    "EnsureReadingTree",
    "EnsureWorktree",
    "Entry",
    "FileChange",
    "FileStat",
    "FillPool",
    "FindMove",
    "FinishMerge",
    "Finished",
    "FurnishWorktree",
    "Furnished",
    "Graph",
    "GraphText",
    "HeadReport",
    "InProgress",
    "Lane",
    "MergeKind",
    "Move",
    "MovedCommit",
    "Mutation",
    "NothingToCommit",
    "Owner",
    "Pool",
    "PrepareMerge",
    "PrepareResult",
    "Prepared",
    "PublishMerge",
    "PublishResult",
    "Published",
    "ReadSides",
    "Refused",
    "RemoveWorktree",
    "Removed",
    "Repository",
    "Request",
    "Resolve",
    "Resolved",
    "Response",
    "Side",
    "SideCommit",
    "SideSeen",
    "SidesRead",
    "Snapshot",
    "StaleCheckout",
    "Status",
    "StatusReport",
    "Struct",
    "TakeSnapshot",
    "TargetMoved",
    "ThreadTip",
    "ThreadWorktree",
    "Verified",
    "VerifyMerge",
    "Worktree",
]

Request = (
    Describe
    | Resolve
    | Contains
    | ReadSides
    | Graph
    | Status
    | AskHead
    | Diff
    | EnsureWorktree
    | EnsureReadingTree
    | FillPool
    | FurnishWorktree
    | RemoveWorktree
    | TakeSnapshot
    | CommitAll
    | FindMove
    | PrepareMerge
    | PublishMerge
    | FinishMerge
    | ClearMerge
    | VerifyMerge
)
Response = (
    Repository
    | Resolved
    | Contained
    | SidesRead
    | GraphText
    | StatusReport
    | HeadReport
    | DiffText
    | Worktree
    | Furnished
    | Pool
    | Removed
    | Snapshot
    | Committed
    | NothingToCommit
    | Move
    | Prepared
    | Conflicts
    | Refused
    | Published
    | TargetMoved
    | Finished
    | Cleared
    | Verified
)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The arguments of a call to the worker."""

    request: Request


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a call to the worker."""

    response: Response
