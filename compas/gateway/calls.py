"""Serves calls of tools: asks the supervisor, and tells the client how far it is."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial

import msgspec
import trio

from actors.remote.background import open_background
from actors.remote.errors import RequestFailed, WireError
from compas.api.activity import EXECUTION_EVENTS, ExecutionEvent, ExecutionEventsRequest
from compas.api.advice import all_in_words
from compas.api.agents import LIST_AGENTS, ListAgentsRequest
from compas.api.dispatch import DISPATCH, DispatchRequest, DispatchResponse
from compas.api.history import EVENTS, LOG, DiffResponse, EventsRequest, LogRequest
from compas.api.merges import MERGE_STATUS, MergeStatusRequest
from compas.api.waiting import WAIT, WAIT_MERGE, WaitMergeRequest, WaitRequest, WaitResponse
from compas.client.connection import Connection
from compas.client.refused import RefusedError
from compas.domain.advice import Said, say
from compas.domain.specs import ToolSet
from compas.errors import CompasError
from compas.gateway.answers import (
    ActivityAnswer,
    DispatchAnswer,
    EventsAnswer,
    LogAnswer,
    WaitAnswer,
    dispatched,
    merge_status_answer,
    seen,
)
from compas.gateway.ceiling import ceiling, limited, wait_answer
from compas.gateway.parameters import Given, read
from compas.gateway.reading import EnoughError, EventReader, LineReader, LogReader, TailReader, shortened
from compas.gateway.tool import Tool
from compas.gateway.tools import (
    MOST_EVENTS,
    MOST_LOG_LINES,
    MOST_SEEN,
    EventsPage,
    LogPart,
    SeenPage,
    WaitAsWell,
    WaitLimit,
)
from compas.gateway.wording import as_call, in_tools
from compas.relay.link import Issue

log = logging.getLogger("compas.gateway")

PROGRESS_SECS = 10.0
Progress = Callable[[float, float, str], Awaitable[object]]
"""Tells the client how far a call is: seconds passed, seconds at most, and words."""


class UnderWayError(CompasError):
    """A task was dispatched, and waiting for its answer failed."""

    def __init__(self, response: DispatchResponse, error: WireError | CompasError) -> None:
        self.said = say(
            f"the task was dispatched ({response.reference} in thread {response.thread_id}) and goes on; do not "
            "dispatch it again. Waiting for it failed: ",
            _said(error),
            ". To wait again: ",
            response.next_step,
        )
        super().__init__(in_tools(self.said))


class Calls:
    """Serves every tool over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def serve(
        self,
        tool: Tool,
        arguments: Mapping[str, object],
        progress: Progress,
        which: ToolSet = "all",
        issue: Issue | None = None,
    ) -> msgspec.Struct:
        """Do what a tool is asked to and return its answer. Cancelling ends it at the supervisor as well.

        Advice is given as calls of the tools of `which` set. With an `issue` it is one that a relay may have brought
        to an earlier gateway, and goes on from there.
        Raises ParameterError before anything is done; RequestFailed and other WireErrors, and CompasError.
        """
        given = read(tool, arguments)
        return in_calls(await self._serve(tool, given, progress, issue or Issue("", 0)), which)

    async def _serve(self, tool: Tool, given: Given, progress: Progress, issue: Issue) -> msgspec.Struct:
        match given.request, given.beside:
            case DispatchRequest() as request, WaitAsWell() as as_well:
                return await self._dispatch(request, as_well, progress, issue)
            case WaitRequest() as request, WaitLimit(timeout_secs=limit):
                return await self._wait(request, limit, progress, issue)
            case WaitMergeRequest() as request, None:
                async with _reporting(progress, request.timeout_secs, f"merge {request.op_id}", issue.seconds):
                    return await self._connection.wait(WAIT_MERGE, request, elapsed=issue.seconds)
            case LogRequest() as request, LogPart() as part:
                return await self._read_log(request, part)
            case EventsRequest() as request, EventsPage() as page:
                return await self._read_events(request, page)
            case ExecutionEventsRequest() as request, SeenPage() as page:
                return await self._read_activity(request, page)
            case MergeStatusRequest() as request, None:
                found = await self._connection.call(MERGE_STATUS, request)
                return merge_status_answer(found, of_one=request.op_id is not None)
            case _:
                response: msgspec.Struct = await self._connection.call(
                    tool.operation, given.request, request_id=issue.name
                )
                return shortened(response) if isinstance(response, DiffResponse) else response

    async def _dispatch(
        self, request: DispatchRequest, as_well: WaitAsWell, progress: Progress, issue: Issue
    ) -> DispatchAnswer:
        """Dispatch, and wait as the answer advises. A wait that fails does not hide that the task is under way."""
        response = await self.dispatch(request, issue)
        if not as_well.wait:
            return dispatched(response)
        try:
            answer = await self._wait(answer_to(response), as_well.timeout_secs, progress, issue)
        except (WireError, CompasError) as error:
            raise UnderWayError(response, error) from error
        return dispatched(response, answer)

    async def dispatch(self, request: DispatchRequest, issue: Issue) -> DispatchResponse:
        """Give an agent a task, once, however often this issue is brought."""
        return await self._connection.call(DISPATCH, request, request_id=issue.name)

    async def look(self, request: WaitRequest) -> WaitResponse:
        """Return how a wait stands, without waiting; its reason is `timeout` where it would go on."""
        return await self._connection.wait(WAIT, msgspec.structs.replace(request, timeout_secs=0))

    async def _wait(self, request: WaitRequest, requested: int | None, progress: Progress, issue: Issue) -> WaitAnswer:
        listed = await self._connection.call(LIST_AGENTS, ListAgentsRequest())
        limit = limited(requested, ceiling(listed, chain=request.await_chain))
        limited_request = msgspec.structs.replace(request, timeout_secs=limit.effective)
        async with _reporting(progress, limit.effective, f"thread {request.thread_id}", issue.seconds):
            response = await self._connection.wait(WAIT, limited_request, elapsed=issue.seconds)
        return wait_answer(response, limit)

    async def _read_log(self, request: LogRequest, part: LogPart) -> LogAnswer:
        limit = min(part.limit, MOST_LOG_LINES)
        if part.unit == "lines":
            lines = LineReader(None if part.tail else request.offset, limit)
            which = {"tail": limit} if part.tail else {"limit": limit}
            asked = msgspec.structs.replace(request, unit="lines", **which)
            return lines.answer(await self._connection.stream(LOG, asked, lines.take))
        if part.tail:
            tail = TailReader()
            asked = LogRequest(execution_id=request.execution_id, tail=limit)
            return tail.answer(await self._connection.stream(LOG, asked, tail.take))
        reader = LogReader(request.execution_id, request.offset, limit)
        try:
            return reader.answer(await self._connection.stream(LOG, request, reader.take))
        except EnoughError:
            return reader.answer(None)

    async def _read_events(self, request: EventsRequest, page: EventsPage) -> EventsAnswer:
        reader = EventReader()
        asked = msgspec.structs.replace(request, limit=min(page.limit, MOST_EVENTS))
        try:
            response = await self._connection.stream(EVENTS, asked, reader.take)
        except EnoughError:
            return EventsAnswer(events=tuple(reader.events), next_after=reader.events[-1].position, more=True)
        return EventsAnswer(events=tuple(reader.events), next_after=response.next_after, more=response.more)

    async def _read_activity(self, request: ExecutionEventsRequest, page: SeenPage) -> ActivityAnswer:
        events: list[ExecutionEvent] = []
        asked = msgspec.structs.replace(request, limit=min(page.limit, MOST_SEEN))
        response = await self._connection.stream(EXECUTION_EVENTS, asked, events.append)
        return ActivityAnswer(
            events=tuple(map(seen, events)),
            next_after=response.next_after,
            missed=response.missed,
            status=response.status,
            more=response.more,
        )


def in_calls(answer: msgspec.Struct, which: ToolSet) -> msgspec.Struct:
    """Return an answer with what it advises as calls of the tools of a set."""
    said: msgspec.Struct = all_in_words(answer, partial(as_call, which=which))
    return said


def why(error: WireError | CompasError, which: ToolSet) -> str:
    """Say why a call failed, with what is advised as calls of the tools of a set."""
    return in_tools(_said(error), which)


def _said(error: WireError | CompasError) -> Said:
    match error:
        case RefusedError(said=said) | UnderWayError(said=said):
            return said
        case RequestFailed(message=message):
            return message
        case _:
            return str(error)


def answer_to(response: DispatchResponse) -> WaitRequest:
    """Return the wait for what comes of a dispatched task."""
    return WaitRequest(
        thread_id=response.thread_id, since_reference=response.reference, await_chain=response.await_chain
    )


@asynccontextmanager
async def _reporting(progress: Progress, limit: float, what: str, elapsed: float) -> AsyncIterator[None]:
    """Report every ten seconds of the block how long it has been (b-mcp-cli-merge 35), `elapsed` seconds before it."""
    began = trio.current_time() - elapsed

    async def report() -> None:
        for count in range(int(elapsed / PROGRESS_SECS) + 1, int(limit / PROGRESS_SECS) + 1):
            await trio.sleep_until(began + count * PROGRESS_SECS)
            passed = count * PROGRESS_SECS
            try:
                await progress(passed, limit, f"waiting for {what}: {passed:g} of at most {limit:g} s")
            except Exception as error:  # the client's trouble, whatever it is: the wait goes on without reports
                log.warning("progress cannot be reported any more: %s", error, extra={"action": "progress_failed"})
                return

    async with open_background() as helpers:
        helpers.start_soon(report)
        yield
