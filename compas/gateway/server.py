"""Makes the MCP server: lists the tools, passes calls on, and turns whatever happens into a result a model can read."""

import logging
from typing import Any

import mcp.types as types
import msgspec
from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.models import InitializationOptions
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler
from mcp.shared.exceptions import MCPError

from actors.remote.errors import RequestFailed, WireError
from compas.clock import Clock, wall_clock
from compas.domain.specs import ToolSet
from compas.errors import CompasError
from compas.gateway import attended
from compas.gateway.calls import Calls, why
from compas.gateway.completion import Completion
from compas.gateway.elicitation import DeclinedError, ask, can_ask
from compas.gateway.lookup import Lookup
from compas.gateway.offer import Offer
from compas.gateway.parameters import read
from compas.gateway.prompts import get_prompt, list_prompts
from compas.gateway.questions import question_about
from compas.gateway.resources import Resources
from compas.gateway.schema import without_nulls
from compas.gateway.tasks import Tasks
from compas.gateway.tool import Tool
from compas.gateway.tools import BY_NAME
from compas.relay.instructions import INSTRUCTIONS
from compas.relay.link import Issue

log = logging.getLogger("compas.gateway")

Context = Any
"""What the SDK knows of a request; its type has parameters that are of no use here."""


def build_server(
    calls: Calls,
    lookup: Lookup,
    offer: Offer,
    version: str,
    *,
    is_attended: bool = True,
    clock: Clock = wall_clock,
) -> Server[Any]:
    """Return a server that serves one client, in whichever protocol era that opens with.

    Where it is `is_attended`, a person who can be asked is asked before work is merged, given up or removed; an agent
    at work has nobody but its config (`may`).
    """
    resources = Resources(calls, lookup)
    tasks = Tasks(calls, lambda: offer.which, _result, clock)

    async def list_tools(context: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult.model_validate({"tools": offer.look()})

    async def call_tool(
        context: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult | dict[str, Any]:
        tool = BY_NAME.get(params.name)
        if tool is None:
            known = ", ".join(BY_NAME)
            raise MCPError(types.INVALID_PARAMS, f"there is no tool {params.name!r}; there are: {known}")
        arguments = params.arguments or {}
        try:
            is_seen = is_attended and attended.is_attended(context.meta)
            if is_seen and can_ask(context.session.client_capabilities):
                question = await question_about(read(tool, arguments).request, lookup)
                if question is not None:
                    if (asked := await ask(question.text, context, params)) is not None:
                        return asked
                    arguments = question.settled(arguments)
            if (begun := await tasks.begin(tool, arguments, context)) is not None:
                return begun
            issue = context.request if isinstance(context.request, Issue) else None
            answer = await calls.serve(tool, arguments, context.session.report_progress, offer.which, issue)
        except Exception as error:
            return _error(_sentence(tool, error, offer.which), _code(error))
        return _result(answer)

    server: Server[Any] = Server(
        "compas",
        version=version,
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_list_resources=resources.list,
        on_list_resource_templates=resources.templates,
        on_read_resource=resources.read,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
        on_completion=Completion(lookup).complete,
        # Relays serve subscriptions themselves; this makes the answers about what is served the same as theirs.
        on_subscriptions_listen=ListenHandler(InMemorySubscriptionBus()),
    )
    # Not by the constructor, whose type knows no tasks.
    server.add_request_handler("tools/call", types.CallToolRequestParams, call_tool)
    tasks.serve_on(server)
    return server


def initialization_of(server: Server[Any]) -> InitializationOptions:
    """Return what the server says of itself in a handshake."""
    return server.create_initialization_options(NotificationOptions(tools_changed=True))


def _result(answer: msgspec.Struct) -> types.CallToolResult:
    content = without_nulls(msgspec.to_builtins(answer))
    text = types.TextContent(type="text", text=msgspec.json.encode(content).decode())
    return types.CallToolResult(content=[text], structured_content=content)


def _error(sentence: str, code: str | None) -> types.CallToolResult:
    """Return a failed call: a sentence for the model, and beside it a code for programs, where it has one."""
    text = types.TextContent(type="text", text=sentence)
    meta = {"compas/code": code} if code is not None else None
    return types.CallToolResult(content=[text], is_error=True, _meta=meta)


def _code(error: Exception) -> str | None:
    return error.code if isinstance(error, DeclinedError | RequestFailed) else None


def _sentence(tool: Tool, error: Exception, which: ToolSet) -> str:
    """Say what was found and what to do. What was tried is the call."""
    match error:
        case CompasError() | WireError():
            return why(error, which)
        case _:
            log.error("%s crashed", tool.name, exc_info=error, extra={"action": "tool_crashed"})
            found = f"{type(error).__name__}: {error}"
            return f"{tool.name} crashed inside the gateway ({found}); its standard error has the details"
