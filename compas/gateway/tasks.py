"""Serves MCP tasks, by which a client looks at a wait from time to time instead of keeping a call open.

They are an extension of protocol 2026-07-28 (`io.modelcontextprotocol/tasks`); versions before have none here.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import mcp.types as types
import msgspec
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from actors.remote.errors import RequestFailed, WireError
from compas.api.dispatch import DispatchRequest
from compas.api.waiting import WaitRequest
from compas.clock import Clock
from compas.domain.specs import ToolSet
from compas.errors import CompasError
from compas.gateway.calls import Calls, answer_to, in_calls, why
from compas.gateway.parameters import read
from compas.gateway.task_state import (
    LONGEST_NAME,
    Awaited,
    Sent,
    Shape,
    UnknownTaskError,
    answer_of,
    awaiting,
    completed,
    created,
    name_of,
    read_name,
    working,
)
from compas.gateway.tool import Tool
from compas.gateway.tools import WaitAsWell, WaitLimit
from compas.relay.answers import CAPABILITIES_KEY, MODERN_VERSION, TASKS, TASKS_UNDECLARED
from compas.relay.link import Issue

_GONE: Final = frozenset({"unknown_thread", "unknown_message"})
"""Codes that say of a task that there is nothing left of it."""

Context = Any
"""What the SDK knows of a request; its type has parameters that are of no use here."""
Shown = Callable[[msgspec.Struct], types.CallToolResult]
"""Makes the result of a tool from its answer."""


class TaskParams(types.RequestParams):
    """What every method of tasks takes."""

    task_id: str


class Tasks:
    """The tasks of one client."""

    def __init__(self, calls: Calls, which: Callable[[], ToolSet], shown: Shown, clock: Clock) -> None:
        self._calls = calls
        self._which = which
        self._shown = shown
        self._clock = clock

    def serve_on(self, server: Server[Any]) -> None:
        """Have a server answer the methods of tasks, and declare them."""
        server.extensions[TASKS] = {}
        for method, handler in (("tasks/get", self._get), ("tasks/update", self._note), ("tasks/cancel", self._note)):
            server.add_request_handler(method, TaskParams, handler)

    async def begin(self, tool: Tool, arguments: Mapping[str, object], context: Context) -> Shape | None:
        """Begin a task for a call that may take long, if the client understands one; None where there is no need.

        A wait that is over already needs none. Raises what a call of the tool does.
        """
        if not _is_declared(context):
            return None
        given = read(tool, arguments)
        issue = context.request if isinstance(context.request, Issue) else Issue("", 0)
        since = max(0.0, self._clock() - issue.seconds)
        match given.request, given.beside:
            case WaitRequest(strict_new=False) as wait, WaitLimit(timeout_secs=limit) if limit != 0:
                awaited = awaiting(wait, since=since, limit=limit)
                if len(name_of(awaited)) > LONGEST_NAME or (await self._calls.look(wait)).reason != "timeout":
                    return None
            case DispatchRequest() as dispatch, WaitAsWell(wait=True, timeout_secs=limit) if limit != 0:
                response = await self._calls.dispatch(dispatch, issue)
                sent = Sent(**{name: getattr(response, name) for name in Sent.__struct_fields__})
                awaited = awaiting(answer_to(response), since=since, limit=limit, sent=sent)
            case _:
                return None
        return created(awaited)

    async def _get(self, context: Context, params: TaskParams) -> Shape:
        """Say how a task stands, and what came of it. A supervisor that cannot be asked leaves the task as it is."""
        awaited = _read(context, params)
        try:
            seen = await self._calls.look(awaited.wait)
        except (WireError, CompasError) as error:
            is_gone = isinstance(error, RequestFailed) and error.code in _GONE
            code = types.INVALID_PARAMS if is_gone else types.INTERNAL_ERROR
            raise MCPError(code, why(error, self._which())) from error
        if seen.reason == "timeout" and not awaited.is_over(self._clock()):
            return working(awaited, seen)
        answer = in_calls(answer_of(awaited, seen), self._which())
        result = self._shown(answer).model_dump(by_alias=True, exclude_none=True, mode="json")
        return completed(awaited, seen, {**result, "resultType": "complete"})

    async def _note(self, context: Context, params: TaskParams) -> Shape:
        """Take note of an answer to a question, of which tasks ask none, or of a client that looks no more.

        Nobody waits between two looks, so there is nothing to end; what the thread does is not the client's to end by
        giving up on its answer.
        """
        _read(context, params)
        return {}


def _read(context: Context, params: TaskParams) -> Awaited:
    if context.protocol_version != MODERN_VERSION:
        raise MCPError(types.METHOD_NOT_FOUND, "Method not found", data=context.method)
    if not _is_declared(context):
        raise MCPError(*TASKS_UNDECLARED)
    try:
        return read_name(params.task_id)
    except UnknownTaskError as error:
        raise MCPError(types.INVALID_PARAMS, str(error)) from error


def _is_declared(context: Context) -> bool:
    """Tell whether this very request says that the client understands tasks."""
    if context.protocol_version != MODERN_VERSION:
        return False
    found: object = context.params
    for key in ("_meta", CAPABILITIES_KEY, "extensions", TASKS):
        found = found.get(key) if isinstance(found, Mapping) else None
    return isinstance(found, Mapping)
