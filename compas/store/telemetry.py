"""Keeps what agents were seen doing, beside the log: batched, pruned by age, and every gap counted."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec
import trio

from compas.store.connection import Database, Value, open_database
from compas.store.failures import disk_failures
from compas.store.lane import InlineLane, Lane, open_thread_lane
from compas.store.migrate import TELEMETRY_APPLICATION_ID, load_schema, migrate

TEXT_LIMIT = 2048
"""Characters of a summary or a detail that are kept, the mark of a cut included."""
_CUT = "…"
R = TypeVar("R")


class TelemetryEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something an agent was seen doing. `index` counts from 0 within an execution; `at_ms` is UTC milliseconds."""

    execution: str
    index: int
    kind: str
    summary: str
    at_ms: int
    agent: str = ""
    detail: str = ""
    tool: str | None = None
    failed: bool = False


class TelemetryPage(msgspec.Struct, frozen=True, kw_only=True):
    """Events in their order. `missed` counts the execution's lost ones; `more` says that others follow."""

    events: tuple[TelemetryEvent, ...]
    missed: int
    more: bool


class ToolUse(msgspec.Struct, frozen=True, kw_only=True):
    """How often an agent called a tool, and how often the result was an error."""

    agent: str
    tool: str
    calls: int
    errors: int


class ToolUses(msgspec.Struct, frozen=True, kw_only=True):
    """Tools, most calls first. `missed` counts the events of all agents that are lost."""

    uses: tuple[ToolUse, ...]
    missed: int


class _Extent(NamedTuple):
    """How many events of an execution were seen, up to a time."""

    execution: str
    seen: int
    at_ms: int


_INSERT = "INSERT OR IGNORE INTO telemetry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_EXTEND = """INSERT INTO extents (execution, seen, at_ms, pruned) VALUES (?, ?, ?, 0)
    ON CONFLICT DO UPDATE SET seen = max(seen, excluded.seen), at_ms = max(at_ms, excluded.at_ms)"""
_COUNT_AS_PRUNED = """UPDATE extents SET pruned = pruned + old.count
    FROM (SELECT execution, count(*) AS count FROM telemetry WHERE at_ms < ? GROUP BY execution) AS old
    WHERE extents.execution = old.execution"""


class Telemetry:
    """The telemetry database. See `open_telemetry`."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._unwritten: dict[str, _Extent] = {}

    async def add(self, events: Sequence[TelemetryEvent]) -> None:
        """Keep a batch in one transaction; an event that is there already stays as it is.

        Raises StoreUnavailable when the disk will not; the batch is lost then, which the next one that succeeds
        writes down. If cancelled, what was begun still finishes.
        """
        if events:
            await self._record(events, (_Extent(event.execution, event.index + 1, event.at_ms) for event in events))

    async def note_seen(self, execution: str, count: int, at_ms: int) -> None:
        """Note that an execution had `count` events, though the last of them never got here.

        Raises StoreUnavailable; the note is kept for later.
        """
        await self._record((), (_Extent(execution, count, at_ms),))

    async def _record(self, events: Sequence[TelemetryEvent], extents: Iterable[_Extent]) -> None:
        unwritten = self._unwritten
        for extent in extents:
            known = unwritten.get(extent.execution)
            if known is None or known.seen < extent.seen:
                unwritten[extent.execution] = extent
        notes = tuple(unwritten.values())

        def insert(database: Database) -> None:
            with disk_failures("write telemetry to", database.name), database.transaction():
                for event in events:
                    database.execute(_INSERT, _row(event))
                for note in notes:
                    database.execute(_EXTEND, note)

        await self._write(insert)
        for note in notes:
            if unwritten.get(note.execution) == note:
                del unwritten[note.execution]

    async def read(
        self, execution: str, *, since_index: int = -1, since_ms: int = 0, limit: int = 100
    ) -> TelemetryPage:
        """Return an execution's events with an index above `since_index`, not before `since_ms`, in order."""

        def ask(database: Database) -> TelemetryPage:
            found = database.all(
                TelemetryEvent,
                """SELECT * FROM telemetry WHERE execution = ? AND "index" > ? AND at_ms >= ?
                ORDER BY "index" LIMIT ?""",
                (execution, since_index, since_ms, limit + 1),
            )
            missed = _missed(database, execution, self._unwritten.get(execution))
            return TelemetryPage(events=tuple(found[:limit]), missed=missed, more=len(found) > limit)

        return await self._read(ask)

    async def newest(self, execution: str, *, without: Iterable[str] = ()) -> TelemetryEvent | None:
        """Return an execution's newest event whose kind is none of `without`, or None."""
        kinds = tuple(without)
        places = ", ".join("?" for _ in kinds)
        return await self._read(
            lambda database: database.first(
                TelemetryEvent,
                f"""SELECT * FROM telemetry WHERE execution = ? AND kind NOT IN ({places})
                ORDER BY "index" DESC LIMIT 1""",
                (execution, *kinds),
            )
        )

    async def tool_uses(self, agent: str | None = None) -> ToolUses:
        """Return how often each tool was called, by each agent or by one.

        A result that failed is an error, and so is a call that was told together with its failure.
        """
        sql = """SELECT agent, tool, sum(kind = 'tool_call') AS calls, sum(failed) AS errors
            FROM telemetry WHERE tool IS NOT NULL AND (?1 IS NULL OR agent = ?1)
            GROUP BY agent, tool ORDER BY calls DESC, agent, tool"""
        lost = """SELECT coalesce(sum(max(0, seen - pruned
                - (SELECT count(*) FROM telemetry AS t WHERE t.execution = extents.execution))), 0) FROM extents"""
        return await self._read(
            lambda database: ToolUses(uses=tuple(database.all(ToolUse, sql, (agent,))), missed=database.number(lost))
        )

    async def prune(self, before_ms: int) -> int:
        """Delete what is older than `before_ms` (UTC milliseconds) and return how many events that was."""

        def delete(database: Database) -> int:
            with disk_failures("prune telemetry in", database.name), database.transaction():
                database.execute(_COUNT_AS_PRUNED, (before_ms,))
                database.execute("DELETE FROM telemetry WHERE at_ms < ?", (before_ms,))
                deleted = database.number("SELECT changes()")
                database.execute("DELETE FROM extents WHERE at_ms < ?", (before_ms,))
                return deleted

        return await self._write(delete)

    async def oldest(self) -> int | None:
        """Return when the oldest event was, in UTC milliseconds; None when there is none."""

        def ask(database: Database) -> int | None:
            found = database.row("SELECT at_ms FROM telemetry ORDER BY at_ms LIMIT 1")
            return None if found is None else int(found[0] or 0)

        return await self._read(ask)

    async def _write(self, work: Callable[[Database], R]) -> R:
        await trio.lowlevel.checkpoint()
        with trio.CancelScope(shield=True):
            result = await self._lane.run(work)
        return result

    async def _read(self, question: Callable[[Database], R]) -> R:
        def ask(database: Database) -> R:
            with disk_failures("read telemetry from", database.name), database.snapshot():
                return question(database)

        return await self._lane.run(ask)


@asynccontextmanager
async def open_telemetry(path: Path | None) -> AsyncIterator[Telemetry]:
    """Open or make the telemetry database at `path`; None keeps it in memory, inline on the trio thread.

    Raises StoreRefused and StoreUnavailable.
    """

    def open_it() -> Database:
        database = open_database(path, "telemetry")
        try:
            migrate(database, load_schema(TELEMETRY_APPLICATION_ID, "sql/telemetry"))
        except BaseException:
            database.close()
            raise
        return database

    lane: Lane = InlineLane(open_it()) if path is None else await open_thread_lane(open_it)
    try:
        yield Telemetry(lane)
    finally:
        await lane.aclose()


def _row(event: TelemetryEvent) -> tuple[Value, ...]:
    return (
        event.execution,
        event.index,
        event.kind,
        event.agent,
        _shortened(event.summary),
        _shortened(event.detail),
        event.tool,
        event.at_ms,
        int(event.failed),
    )


def _shortened(text: str) -> str:
    """Cut between characters, and replace what is no character at all, which SQLite would not take."""
    cut = text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - len(_CUT)] + _CUT
    return cut.encode("utf-8", "replace").decode()


def _missed(database: Database, execution: str, unwritten: _Extent | None) -> int:
    kept = database.number("SELECT count(*) FROM telemetry WHERE execution = ?", (execution,))
    noted = database.row("SELECT seen, pruned FROM extents WHERE execution = ?", (execution,))
    seen, pruned = (int(noted[0] or 0), int(noted[1] or 0)) if noted else (0, 0)
    # What was lost can come again, when an adopted execution's output is read anew.
    return max(0, max(seen, unwritten.seen if unwritten else 0) - pruned - kept)
