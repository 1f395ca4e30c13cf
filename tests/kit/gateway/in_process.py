"""A model's client, the gateway and a supervisor in one process, on the virtual clock."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from mcp import Client
from mcp.client.extension import ClientExtension
from mcp.client.session import ElicitationFnT
from mcp.types import CallToolResult

from actors.remote.session import Session
from compas.client.connection import open_connection
from compas.domain.specs import AgentSpec, ToolSet
from compas.gateway.calls import Calls
from compas.gateway.lookup import Lookup
from compas.gateway.offer import Offer
from compas.gateway.server import build_server
from compas.relay.tool_list import tools_in
from tests.kit.orchestrator.actor_workshop import Supervisor, Workshop, open_workshop, wall_clock

MODERN, LEGACY = "auto", "legacy"
"""How the SDK's client calls them; `auto` finds out that the server speaks the newest version, 2026-07-28."""
ERAS = (MODERN, LEGACY)


ORIGIN = "editor:test"
"""What the editor's connection is called."""


class Model:
    """Calls tools as a model does."""

    def __init__(self, client: Client, shop: Workshop, supervisor: Supervisor) -> None:
        self.client = client
        self.shop = shop
        self.supervisor = supervisor

    async def call(self, tool: str, **arguments: object) -> dict[str, Any]:
        """Call a tool that has to succeed; the text is the same JSON as the structured content."""
        return await called(self.client, tool, **arguments)

    async def refused(self, tool: str, **arguments: object) -> str:
        """Call a tool that has to fail, and return what it says."""
        result = await self.client.call_tool(tool, arguments)
        assert result.is_error, result.structured_content
        assert result.structured_content is None
        return said(result)


def said(result: CallToolResult) -> str:
    """Return the text of a result."""
    (block,) = result.content
    return block.text


async def called(client: Client, tool: str, **arguments: object) -> dict[str, Any]:
    """Call a tool that has to succeed; the text is the same JSON as the structured content."""
    result = await client.call_tool(tool, arguments)
    assert isinstance(result, CallToolResult)
    assert not result.is_error, said(result)
    assert msgspec.json.decode(said(result)) == result.structured_content
    return result.structured_content


@asynccontextmanager
async def open_model(
    *agents: AgentSpec,
    era: str = MODERN,
    chosen: ToolSet | None = None,
    notified: list[object] | None = None,
    person: ElicitationFnT | None = None,
    is_attended: bool = True,
    extensions: Sequence[ClientExtension] = (),
    **settings: object,
) -> AsyncIterator[Model]:
    """Connect a client through a gateway to a supervisor with these agents and settings of its config.

    `chosen` are the tools the gateway was started with, and `notified` gets what comes unasked. `person`
    answers what the client shows; without one it can show nothing. `extensions` are what the client declares.
    """

    async def hear(message: object) -> None:
        if notified is not None:
            notified.append(message)

    async with (
        open_workshop(*agents, **settings) as shop,
        shop.supervisor() as supervisor,
        supervisor.connected(origin=ORIGIN) as as_editor,
    ):

        @asynccontextmanager
        async def reach() -> AsyncIterator[Session]:
            yield as_editor.session

        async with open_connection(reach) as connection:
            lookup = Lookup(reach)
            services = supervisor.context.services
            offer = Offer(lambda: tools_in(services.listed_tools(), chosen), lambda: chosen or services.config.tools)
            server = build_server(Calls(connection), lookup, offer, "1", is_attended=is_attended, clock=wall_clock)
            async with Client(
                server, mode=era, message_handler=hear, elicitation_callback=person, extensions=extensions
            ) as client:
                yield Model(client, shop, supervisor)
