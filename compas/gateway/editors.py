"""One actor for each editor: it serves the relay's connection, and its crash harms no other."""

import logging
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import trio

from actors.actor import Actor
from actors.remote.peer import peer_credentials
from compas.client.connection import Reach, open_connection
from compas.gateway.calls import Calls
from compas.gateway.lookup import Lookup
from compas.gateway.offer import Offer
from compas.gateway.server import build_server, initialization_of
from compas.gateway.streams import LineWire, open_streams
from compas.relay.link import PROTOCOL, READY, TOOLS_CHANGED, Introduction, read_introduction, refused
from compas.relay.tool_list import read_set, read_tools

log = logging.getLogger("compas.gateway")

INTRODUCTION_SECS = 10.0
"""How long a relay may take to say whom it speaks for."""


ReachFor = Callable[[Introduction], Reach]
"""Returns what opens sessions with the supervisor that say whose they are."""


class ToolsChanged:
    """Told: the list of tools is another one."""


class Editor(Actor):
    """Serves one relay until it hangs up.

    `reach_for` opens sessions with the supervisor in the editor's name, which left the list of tools at `tools`.
    """

    def __init__(self, stream: trio.SocketStream, reach_for: ReachFor, version: str, tools: Path) -> None:
        self._stream = stream
        self._reach_for = reach_for
        self._version = version
        self._tools = tools
        self._wire = LineWire(stream)
        self._is_ready = False
        self._offer: Offer | None = None

    async def on_start(self) -> None:
        """Begin to serve."""
        self.context.start_soon(self._serve)

    async def receive(self, message: object) -> object:
        """Pass on that the list of tools is another one."""
        if not isinstance(message, ToolsChanged):
            raise self.unexpected(message)
        if self._is_ready:
            self.context.start_soon(self._tell_of_tools)
        return None

    async def _tell_of_tools(self) -> None:
        if self._offer is not None:
            self._offer.look()
        try:
            await self._wire.tell(TOOLS_CHANGED)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return  # it has left; the next connection tells it

    async def _serve(self) -> None:
        try:
            async with self._stream:
                await self._serve_relay()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # the relay is gone
        self.context.stop_self()

    async def _serve_relay(self) -> None:
        peer = peer_credentials(self._stream.socket)
        if peer.uid != os.getuid():
            sentence = f"this gateway belongs to user {os.getuid()}; user {peer.uid} may not use it"
            await self._wire.tell(refused(sentence))
            return
        introduction = None
        with trio.move_on_after(INTRODUCTION_SECS):
            introduction = read_introduction(await anext(self._wire, b""))
        if introduction is None or introduction.protocol != PROTOCOL:
            await self._wire.tell(refused("compas was changed; have your editor start its MCP servers again"))
            return
        await self._wire.tell(READY)
        self._is_ready = True
        log.info("an editor in %s (pid %s) has calls", introduction.cwd, peer.pid, extra={"action": "editor"})
        reach = self._reach_for(introduction)
        lookup = Lookup(reach)
        listed = self._tools, introduction.tools
        self._offer = offer = Offer(partial(read_tools, *listed), partial(read_set, *listed))
        async with (
            open_connection(reach, await_end=trio.sleep_forever) as connection,
            open_streams(self._wire, self._wire.tell) as (incoming, outgoing),
        ):
            is_attended = introduction.is_attended and not introduction.meta
            server = build_server(Calls(connection), lookup, offer, self._version, is_attended=is_attended)
            await server.run(incoming, outgoing, initialization_of(server))
