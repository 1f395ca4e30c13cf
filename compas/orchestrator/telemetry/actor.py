"""The telemetry actor: writes what agents were seen doing in batches, and never holds anybody up."""

import logging
from dataclasses import dataclass

from actors.actor import Actor
from actors.ask import Ask
from actors.timers import OwnedTask
from compas.backends.backend import Progress
from compas.orchestrator.services import TELEMETRY
from compas.store.errors import StoreUnavailable
from compas.store.telemetry import Telemetry, TelemetryEvent, TelemetryPage, ToolUses

log = logging.getLogger("compas.telemetry")

LARGEST_BATCH = 100
LONGEST_WAIT_SECS = 0.5


@dataclass(frozen=True, slots=True)
class Noted:
    """Something an agent was seen doing; `index` counts from 0 within the execution."""

    execution: str
    agent: str
    index: int
    progress: Progress
    at: float


def kept(noted: Noted) -> TelemetryEvent:
    """Return what is kept of something that was noted."""
    progress = noted.progress
    return TelemetryEvent(
        execution=noted.execution,
        index=noted.index,
        kind=progress.kind,
        summary=progress.summary,
        at_ms=int(noted.at * 1000),
        agent=noted.agent,
        detail=progress.detail,
        tool=progress.tool,
        failed=progress.failed,
    )


@dataclass(frozen=True, slots=True)
class SeenInAll:
    """So many events an execution had in all; what is not kept of them was lost on the way."""

    execution: str
    count: int
    at: float


@dataclass(frozen=True, slots=True)
class ReadEvents(Ask[TelemetryPage | str]):
    """Answered with an execution's events above `since_index`, not before `since_ms`, or why they cannot be read."""

    execution: str
    since_index: int
    since_ms: int
    limit: int


@dataclass(frozen=True, slots=True)
class CountToolUses(Ask[ToolUses | str]):
    """Answered with how often each tool was called, by one agent or by all, or with why that cannot be read."""

    agent: str | None


@dataclass(frozen=True, slots=True)
class LastSeen(Ask[float]):
    """Answered with when an execution was last seen doing anything, in UTC seconds; 0 when never, or unknown."""

    execution: str


@dataclass(frozen=True, slots=True)
class Flush:
    """From its own timer."""


class TelemetryActor(Actor):
    """Collects for half a second, or a hundred events, then writes once. Losing some is allowed if it is counted."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._batch: list[TelemetryEvent] = []
        self._timer: OwnedTask | None = None

    async def on_start(self) -> None:
        """Be found by the executions."""
        self.context.registry.register(TELEMETRY, self.context.ref)

    async def receive(self, message: object) -> object:
        """Take an event into the batch, or write the batch."""
        match message:
            case Noted():
                self._batch.append(kept(message))
            case SeenInAll():
                await self._note_seen(message)
            case ReadEvents():
                return await self._read(message)
            case CountToolUses():
                return await self._count(message)
            case LastSeen(execution=execution):
                return await self._last_seen(execution)
            case Flush():
                self._timer = None
                await self._flush()
        if len(self._batch) >= LARGEST_BATCH:
            await self._flush()
        elif self._batch and self._timer is None:
            self._timer = self.context.send_after(LONGEST_WAIT_SECS, Flush())
        return None

    async def on_stop(self) -> None:
        """Write what is left."""
        await self._flush()

    async def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        batch, self._batch = self._batch, []
        if not batch:
            return
        try:
            await self._telemetry.add(batch)
        except StoreUnavailable as err:
            log.warning("%d telemetry events are lost: %s", len(batch), err, extra={"action": "telemetry_lost"})

    async def _read(self, asked: ReadEvents) -> TelemetryPage | str:
        """Write what waits first, so that nothing of it is missing; losing some is for `missed` to say."""
        await self._flush()
        try:
            return await self._telemetry.read(
                asked.execution, since_index=asked.since_index, since_ms=asked.since_ms, limit=asked.limit
            )
        except StoreUnavailable as err:
            return f"what agents were seen doing cannot be read now: {err}"

    async def _count(self, asked: CountToolUses) -> ToolUses | str:
        await self._flush()
        try:
            return await self._telemetry.tool_uses(asked.agent)
        except StoreUnavailable as err:
            return f"what agents were seen doing cannot be read now: {err}"

    async def _last_seen(self, execution: str) -> float:
        await self._flush()
        try:
            newest = await self._telemetry.newest(execution)
        except StoreUnavailable as err:
            log.warning("whether %s moves is not known: %s", execution, err, extra={"action": "telemetry_unread"})
            return 0.0
        return 0.0 if newest is None else newest.at_ms / 1000

    async def _note_seen(self, seen: SeenInAll) -> None:
        await self._flush()
        try:
            await self._telemetry.note_seen(seen.execution, seen.count, int(seen.at * 1000))
        except StoreUnavailable as err:
            log.warning("a gap of telemetry is noted later: %s", err, extra={"action": "telemetry_gap"})
