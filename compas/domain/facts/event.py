"""The form that all events share, and the words they use."""

from typing import Literal

import msgspec

ThreadStatus = Literal["Active", "Completed", "Failed", "Abandoned"]
ExecutionStatus = Literal[
    "queued", "picked_up", "executing", "completed", "failed", "timed_out", "crashed", "cancelled"
]
EndStatus = Literal["completed", "failed", "timed_out", "crashed"]
Category = Literal[
    "",
    "agent_error",
    "transient",
    "quota_exhausted",
    "auth_failure",
    "stale_session",
    "session_full",
    "timeout",
    "killed",
    "unknown",
]
"""Why an execution failed; empty for a success."""
Verdict = Literal["approve", "request_changes", ""]
MergeKind = Literal["merge", "fast_forward", "rebase", "squash"]


class Fact(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type"):
    """Shared form of events. A tag, once released, keeps its meaning; new fields need a default."""
