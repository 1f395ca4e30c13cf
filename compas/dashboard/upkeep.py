"""Asks the supervisor again, over one connection, for what events alone do not tell, when they may have changed it."""

import contextlib
import math
from collections.abc import Awaitable, Callable, Mapping

import msgspec
import trio

from actors.remote.errors import RequestFailed, SessionLost, WireError
from actors.remote.session import Session
from compas.api.history import DIFF, DiffRequest
from compas.api.merges import MERGE_STATUS, MergeStatusRequest
from compas.api.operation import Operation
from compas.api.supervision import HEALTH, HealthRequest
from compas.api.threads import STATUS, StatusRequest, StatusRow
from compas.dashboard.answered import Answered
from compas.dashboard.board import Size
from compas.dashboard.merge_state import KEPT_MERGES
from compas.dashboard.needs import THREADS, Need
from compas.dashboard.source import Req, Res
from compas.dashboard.state import DetailsRead, HealthRead, MergesRead, SizeRead, Update

SECONDS = 1.0
"""What every dashboard knows is asked for again when work begins or ends, at most this often."""
REST = 4.0
"""What takes long is asked for more rarely: between two times, so many times as long as it took."""
NEWS = ("execution.", "thread.", "config.", "verdict.", "person.", "work.", "merge.", "target.", "breaker.")
"""Events after which it is asked again begin so."""
MEASURED = 60
"""Threads whose work is measured, the newest ones."""

HEALTH_NOW = HealthRequest(is_brief=True)
STATUS_NOW = StatusRequest(limit=THREADS, details=True, open_first=True)
MERGES_NOW = MergeStatusRequest(limit=KEPT_MERGES)


class Upkeep:
    """One for all connections. `want` may be called at any time, `serve` runs over one connection until that ends."""

    def __init__(self, sink: Callable[[Update], None]) -> None:
        self._sink = sink
        self._wanted: tuple[Need, ...] = ()
        self._news = 0
        self._stale = trio.Event()
        self._changed = trio.Event()
        self._sizes: dict[str, str] = {}
        self._read: dict[bytes, tuple[float, int]] = {}

    def want(self, needs: tuple[Need, ...]) -> None:
        """Keep these read from now on, instead of those before; what was not wanted for a while is read again."""
        if needs != self._wanted:
            self._wanted = needs
            names = set(map(_name, needs))
            self._read = {name: seen for name, seen in self._read.items() if name in names}
            self._changed.set()

    def hear(self, kind: str) -> None:
        """Take notice of an event by its type."""
        if kind.startswith(NEWS):
            self._stale.set()

    async def serve(self, session: Session, rows: tuple[StatusRow, ...]) -> None:
        """Keep everything read; `rows` are those known. Returns when the connection is lost: its reader tells why."""
        self._read = {}
        reads = _Reads(session)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_until_lost, self._keep_standing, reads, rows)
            nursery.start_soon(_until_lost, self._keep_wanted, reads)

    async def _keep_standing(self, reads: "_Reads", rows: tuple[StatusRow, ...]) -> None:
        await self._measure(reads, rows)
        taken = 0.0
        while True:
            await self._stale.wait()
            await trio.sleep(max(SECONDS, REST * taken))
            self._stale = trio.Event()
            began = trio.current_time()
            self._news += 1
            self._changed.set()
            health = await reads.ask(HEALTH, HEALTH_NOW)
            if health is not None:
                self._sink(HealthRead(health=health))
            status = await reads.ask(STATUS, STATUS_NOW)
            if status is not None:
                self._sink(DetailsRead(status=status))
            merges = await reads.ask(MERGE_STATUS, MERGES_NOW)
            if merges is not None:
                self._sink(MergesRead(merges=merges))
            taken = trio.current_time() - began
            if status is not None:
                await self._measure(reads, status.threads)

    async def _measure(self, reads: "_Reads", rows: tuple[StatusRow, ...]) -> None:
        """Measure what newly ended work changes, one thread after the other: git has other things to do as well."""
        shown = {row.thread_id for row in rows}
        self._sizes = {thread: of for thread, of in self._sizes.items() if thread in shown}
        for row in rows[:MEASURED]:
            if not _is_measurable(row, self._sizes):
                continue
            found = await reads.ask(DIFF, DiffRequest(thread_id=row.thread_id, stat=True))
            self._sizes[row.thread_id] = row.execution_id or ""
            if found is not None:
                size = Size(
                    of=row.execution_id or "",
                    files=len(found.files),
                    added=sum(one.added or 0 for one in found.files),
                    deleted=sum(one.deleted or 0 for one in found.files),
                )
                self._sink(SizeRead(thread=row.thread_id, size=size))

    async def _keep_wanted(self, reads: "_Reads") -> None:
        """Read what is wanted: at once what is new, and again, not too often, after news."""
        while True:
            self._changed = trio.Event()
            due = min(((self._due(need), number) for number, need in enumerate(self._wanted)), default=None)
            if due is None or due[0] > trio.current_time():
                with trio.move_on_at(due[0] if due is not None else math.inf):
                    await self._changed.wait()
                continue
            need, news, began = self._wanted[due[1]], self._news, trio.current_time()
            answer = await reads.ask(need.operation, need.request)
            if need in self._wanted:
                now = trio.current_time()
                self._read[_name(need)] = (now + max(need.pace, REST * (now - began)), news)
            self._sink(Answered(need=need, answer=answer, trouble=reads.trouble))

    def _due(self, need: Need) -> float:
        """Return when a need is to be read, by the clock of trio."""
        if _name(need) not in self._read:
            return -math.inf
        again, news = self._read[_name(need)]
        return math.inf if need.lasting or news == self._news else again


class _Reads:
    """Asks over one connection; why the last request was refused stands in `trouble`."""

    def __init__(self, session: Session) -> None:
        self.trouble = ""
        self._session = session

    async def ask(self, operation: Operation[Req, Res], request: Req) -> Res | None:
        """Return the answer, or None where it is refused. Raises SessionLost."""
        self.trouble = ""
        try:
            return await self._session.request(operation.name, request, operation.response)
        except SessionLost:
            raise
        except WireError as error:
            self.trouble = error.message if isinstance(error, RequestFailed) else str(error)
            return None


async def _until_lost(keep: Callable[..., Awaitable[None]], *args: object) -> None:
    with contextlib.suppress(SessionLost):
        await keep(*args)


def _is_measurable(row: StatusRow, sizes: Mapping[str, str]) -> bool:
    has_ended = row.execution_status in ("completed", "failed", "timed_out", "crashed", "cancelled")
    is_open = row.thread_status in ("Active", "Failed")
    has_branch = row.details is not None and row.details.branch is not None
    return has_ended and is_open and has_branch and sizes.get(row.thread_id) != row.execution_id


def _name(need: Need) -> bytes:
    return need.operation.name.encode() + msgspec.json.encode(need.request)
