"""What the dashboard knows: threads, merges, what was read beside them, and how supervisor and connection are."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from compas.api.agents import ListAgentsResponse
from compas.api.configuration import SettingsResponse
from compas.api.figures import CostsResponse, MetricsResponse
from compas.api.supervision import HealthResponse
from compas.api.tasks import TaskRow
from compas.api.threads import BatchTotal, StatusRow

MergeStatus = Literal["queued", "merging", "merged", "merge failed", "cancelled"]
LinkState = Literal["connecting", "recovering", "connected", "lost"]


KEPT_THREADS, MOST_THREADS = 500, 2000
"""Beyond the first number, or as many as a person has had read, threads that have ended are forgotten, those first that
were heard of longest ago; beyond the second, others too: a dashboard stays open for weeks."""


class Merge(msgspec.Struct, frozen=True, kw_only=True):
    """A merge operation; `reason` is why it failed, or what came of it. Times are UTC seconds."""

    op: str
    thread: str
    source: str
    target: str
    status: MergeStatus
    queued_at: float
    started_at: float | None = None
    ended_at: float | None = None
    reason: str = ""
    repository: str = ""
    strategy: str = ""
    by: str = ""
    review: str = ""
    forced: bool = False
    commit: str = ""
    conflicts: int = 0
    handed_back_to: str = ""

    @property
    def is_open(self) -> bool:
        """True while it waits or works."""
        return self.status in ("queued", "merging")


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """How much a thread's work changes. `of` is the execution after which it was measured."""

    of: str
    files: int
    added: int
    deleted: int


class Searched(msgspec.Struct, frozen=True, kw_only=True):
    """What the supervisor found for a text: the threads that were read, of how many in all."""

    text: str
    threads: frozenset[str]
    total: int


class History(msgspec.Struct, frozen=True, kw_only=True):
    """Executions that have ended, the newest first, as far as they were read: those with all words of `text`.

    With `more`, the next ones stand behind `next_after`.
    """

    text: str = ""
    rows: tuple[TaskRow, ...] = ()
    more: bool = False
    next_after: str | None = None


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """What tabs have had read, None before it was; `troubles` says, by operation, why there is no newer answer."""

    agents: ListAgentsResponse | None = None
    metrics: MetricsResponse | None = None
    costs: CostsResponse | None = None
    settings: SettingsResponse | None = None
    history: History | None = None
    troubles: Mapping[str, str] = {}


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. Threads and merges are in the order in which they were last heard of, the newest last.

    `total` is how many threads there are. Those that were not read stand behind `next_after`, and some of them may be
    open where `is_open_next`; `room` is how many are kept. `searched` is what was found among all of them.

    `read_to` is the position up to which the rows were true when they were read; `titles` has the first line of the
    first message of threads that began since; `ending` the executions that were cancelled while their processes may
    still be alive. `held` says of targets why nothing is merged into them. `server` is the supervisor's name and
    version, and `behind` how many seconds ago happened what is being read, 0 when it is read as it happens.
    """

    link: LinkState = "connecting"
    trouble: str = ""
    lost_at: float | None = None
    server: str = ""
    behind: int = 0
    health: HealthResponse | None = None
    places: int = 0
    read_to: int = 0
    threads: Mapping[str, StatusRow] = {}
    total: int = 0
    next_after: str | None = None
    is_open_next: bool = False
    room: int = KEPT_THREADS
    searched: Searched | None = None
    merges: Mapping[str, Merge] = {}
    held: tuple[str, ...] = ()
    batches: Mapping[str, BatchTotal] = {}
    titles: Mapping[str, str] = {}
    sizes: Mapping[str, Size] = {}
    ending: frozenset[str] = frozenset()
    answers: Answers = Answers()

    def is_running(self, row: StatusRow) -> bool:
        """Tell whether a thread's newest execution is at work, or its processes may still be."""
        return row.execution_status in ("picked_up", "executing") or (row.execution_id or "") in self.ending

    @property
    def running(self) -> int:
        """How many executions are at work."""
        return sum(1 for row in self.threads.values() if self.is_running(row))

    def title_of(self, thread: str) -> str:
        """Return what a thread is about; its name while nobody has said."""
        row = self.threads.get(thread)
        known = row.summary or (row.details.title if row.details is not None else "") if row is not None else ""
        return known or self.titles.get(thread, "") or thread
