"""What the dashboard knows: threads, merges, and how the supervisor and the connection to it are."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from compas.api.supervision import HealthResponse
from compas.api.threads import StatusRow

MergeStatus = Literal["queued", "merging", "merged", "merge failed", "cancelled"]
LinkState = Literal["connecting", "recovering", "connected", "lost"]


class Merge(msgspec.Struct, frozen=True, kw_only=True):
    """A merge operation."""

    op: str
    thread: str
    source: str
    target: str
    status: MergeStatus
    queued_at: float
    started_at: float | None = None
    ended_at: float | None = None
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """True while it waits or works."""
        return self.status in ("queued", "merging")


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. Threads and merges are in the order in which they were last heard of, the newest last.

    `read_to` is the position up to which the rows were true when they were read; `titles` has the first line of the
    first message of threads; `ending` the executions that were cancelled while their processes may still be alive.
    """

    link: LinkState = "connecting"
    trouble: str = ""
    lost_at: float | None = None
    health: HealthResponse | None = None
    places: int = 0
    read_to: int = 0
    threads: Mapping[str, StatusRow] = {}
    total: int = 0
    merges: Mapping[str, Merge] = {}
    titles: Mapping[str, str] = {}
    ending: frozenset[str] = frozenset()

    def is_running(self, row: StatusRow) -> bool:
        """Tell whether a thread's newest execution is at work, or its processes may still be."""
        return row.execution_status in ("picked_up", "executing") or (row.execution_id or "") in self.ending

    @property
    def running(self) -> int:
        """How many executions are at work."""
        return sum(1 for row in self.threads.values() if self.is_running(row))
