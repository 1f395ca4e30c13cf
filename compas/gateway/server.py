"""Makes the MCP server: lists the tools, passes calls on, and turns whatever happens into a result a model can read."""

import logging
from functools import cache
from typing import Any

import mcp.types as types
import msgspec
from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.models import InitializationOptions
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler
from mcp.shared.exceptions import MCPError

from actors.remote.errors import WireError
from compas.errors import CompasError
from compas.gateway.calls import Calls, why
from compas.gateway.schema import input_schema, output_schema, without_nulls
from compas.gateway.tools import BY_NAME, TOOLS, Tool
from compas.relay.instructions import INSTRUCTIONS
from compas.relay.link import Issue

log = logging.getLogger("compas.gateway")

Context = Any
"""What the SDK knows of a request; its type has parameters that are of no use here."""


def build_server(calls: Calls, version: str) -> Server[Any]:
    """Return a server that serves one client, in whichever protocol era that opens with."""

    async def list_tools(context: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return listed_tools()

    async def call_tool(context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        tool = BY_NAME.get(params.name)
        if tool is None:
            known = ", ".join(BY_NAME)
            raise MCPError(types.INVALID_PARAMS, f"there is no tool {params.name!r}; there are: {known}")
        try:
            arguments = params.arguments or {}
            issue = context.request if isinstance(context.request, Issue) else None
            answer = await calls.serve(tool, arguments, context.session.report_progress, issue)
        except Exception as error:
            return _error(_sentence(tool, error))
        return _result(answer)

    return Server(
        "compas",
        version=version,
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        # Relays serve subscriptions themselves; this makes the answers about what is served the same as theirs.
        on_subscriptions_listen=ListenHandler(InMemorySubscriptionBus()),
    )


def initialization_of(server: Server[Any]) -> InitializationOptions:
    """Return what the server says of itself in a handshake."""
    return server.create_initialization_options(NotificationOptions(tools_changed=True))


@cache
def listed_tools() -> types.ListToolsResult:
    """Return every tool as clients see it, the same for all of them."""
    return types.ListToolsResult(tools=[_listed(tool) for tool in TOOLS])


def _listed(tool: Tool) -> types.Tool:
    read_only = tool.is_read_only
    return types.Tool(
        name=tool.name,
        description=tool.doc,
        input_schema=input_schema(tool),
        output_schema=output_schema(tool),
        annotations=types.ToolAnnotations(
            read_only_hint=read_only,
            destructive_hint=None if read_only else tool.destructive,
            idempotent_hint=None if read_only else tool.idempotent,
        ),
    )


def _result(answer: msgspec.Struct) -> types.CallToolResult:
    content = without_nulls(msgspec.to_builtins(answer))
    text = types.TextContent(type="text", text=msgspec.json.encode(content).decode())
    return types.CallToolResult(content=[text], structured_content=content)


def _error(sentence: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=sentence)], is_error=True)


def _sentence(tool: Tool, error: Exception) -> str:
    """Say what was found and what to do. What was tried is the call."""
    match error:
        case CompasError() | WireError():
            return why(error)
        case _:
            log.error("%s crashed", tool.name, exc_info=error, extra={"action": "tool_crashed"})
            found = f"{type(error).__name__}: {error}"
            return f"{tool.name} crashed inside the gateway ({found}); its standard error has the details"
