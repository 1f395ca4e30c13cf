"""Handler of `execution_events`: what an agent was seen doing, as it was kept and as it happens."""

from actors.bus import Lagged
from actors.remote.errors import CallError
from compas.api import activity as api
from compas.domain import events as e
from compas.orchestrator.executions.follower import ExecutionProgress
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import HandlerContext
from compas.orchestrator.handlers.executions import find_execution
from compas.orchestrator.services import ASK_TIMEOUT_SECS, TELEMETRY
from compas.orchestrator.telemetry.actor import ReadEvents, kept
from compas.store.projections.execution_queries import ExecutionRow, execution_by_id
from compas.store.telemetry import TelemetryEvent, TelemetryPage

PAGE = 500
_OVER = frozenset({"completed", "failed", "timed_out", "crashed", "cancelled"})


async def execution_events(context: HandlerContext, call: ResolvedCall) -> api.ExecutionEventsResponse:
    """Push what was kept, then, with `follow`, what happens, until the execution has ended.

    Subscribing comes before reading, so that nothing falls between the two.
    """
    request = call.decode(api.ExecutionEventsRequest)
    row = await find_execution(context, request.execution_id, request.which)
    feed = _Feed(context, call, row, request)
    concerns = _Filter(row.execution, e.thread_stream(row.thread))
    async with context.bus.subscribe(concerns) as subscription:
        page = await feed.push_kept()
        row = await _again(context, row)
        while request.follow and row.status not in _OVER:
            item = await subscription.receive()
            if not isinstance(item, Lagged) and isinstance(item.event, ExecutionProgress):
                await feed.push_live(item.event)
                continue
            page = await feed.push_kept()
            row = await _again(context, row)
    return api.ExecutionEventsResponse(
        execution_id=row.execution, next_after=feed.after, missed=page.missed, status=row.status, more=page.more
    )


class _Filter:
    """Lets through what one execution does, and the events of its thread, among which its end is."""

    def __init__(self, execution: str, stream: str) -> None:
        self._execution = execution
        self._stream = stream

    def __call__(self, event: object) -> bool:
        match event:
            case ExecutionProgress(execution=execution):
                return execution == self._execution
            case e.Recorded(stream=stream):
                return stream == self._stream
        return False


class _Feed:
    """Pushes an execution's events to one client, each once and in order."""

    def __init__(
        self, context: HandlerContext, call: ResolvedCall, row: ExecutionRow, request: api.ExecutionEventsRequest
    ) -> None:
        self.after = request.after
        self._since_ms = request.since_timestamp
        self._context = context
        self._call = call
        self._execution = row.execution
        self._left = None if request.follow else request.limit

    async def push_kept(self) -> TelemetryPage:
        """Push what is kept, up to the limit; return the last page of it."""
        while True:
            limit = PAGE if self._left is None else min(PAGE, self._left)
            page = await self._read(limit)
            for event in page.events:
                await self._push(event)
            if not page.more or self._left == 0:
                return page

    async def push_live(self, seen: ExecutionProgress) -> None:
        """Push what was just seen, unless it was pushed already."""
        if seen.index > self.after:
            event = kept(seen.noted(self._context.services.clock()))
            if event.at_ms >= self._since_ms:
                await self._push(event)

    async def _read(self, limit: int) -> TelemetryPage:
        telemetry = await self._context.actor(TELEMETRY)
        question = ReadEvents(execution=self._execution, since_index=self.after, since_ms=self._since_ms, limit=limit)
        found = await telemetry.ask(question, timeout=ASK_TIMEOUT_SECS)
        if isinstance(found, str):
            raise CallError("telemetry_unavailable", found)
        return found

    async def _push(self, event: TelemetryEvent) -> None:
        item = api.ExecutionEvent(
            execution_id=event.execution,
            index=event.index,
            at=event.at_ms / 1000,
            kind=event.kind,
            summary=event.summary,
            tool=event.tool,
            failed=event.failed,
            detail=event.detail,
        )
        await self._call.push(item)
        self.after = event.index
        if self._left is not None:
            self._left -= 1


async def _again(context: HandlerContext, row: ExecutionRow) -> ExecutionRow:
    found = await context.services.store.query(lambda reader: execution_by_id(reader, row.execution))
    return row if found is None else found
