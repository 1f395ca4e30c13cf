"""Hosts the MCP gateway, which serves editors: started when a relay comes, and again when it died and another comes."""

import contextlib
import logging
import select
import sys
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Final

import trio

from actors.actor import Actor
from actors.errors import BusClosed
from actors.remote.background import open_background
from actors.remote.errors import WireError
from actors.remote.listener import bind_unix
from actors.remote.process import HostSettings, ProcessHost, open_process_host
from compas.gateway.control import ALIVE, CHANGED
from compas.orchestrator.machine.gateway_watch import wait_hung
from compas.orchestrator.messages.config import ConfigApplied
from compas.orchestrator.process.activity import Activity
from compas.orchestrator.process.pin import Pin
from compas.relay.link import refused
from compas.relay.silence import PATIENCE_SECONDS
from compas.relay.tool_list import write_tools

log = logging.getLogger("compas.gateway")

MODULE: Final = "compas.gateway.app"
TELLING_SECS: Final = 5.0
HEALTHY_SECS: Final = 10.0
"""A gateway that lived for so long did not die of what it was started for."""
PAUSES_SECS: Final = (0.1, 0.5, 2.0, 5.0)
"""How long to wait after one that did not, the longest for all further ones."""


class GatewayDoor:
    """Where relays come in, and where they read which tools there are.

    The supervisor holds the listening socket, so that relays wait in its queue whenever there is no gateway.
    """

    def __init__(self, supervisor: Path, listening: Path, tools: Path) -> None:
        """Takes the paths of the supervisor's socket, the gateway's, and the list. Raises ConnectError."""
        self.tools = tools
        self._supervisor = supervisor
        self._path = listening
        self._listener = bind_unix(listening)
        self._pin = Pin(listening)
        self._mended = trio.Event()
        self.bindings = 1
        """How often the socket was made."""

    @property
    def paths(self) -> tuple[Path, Path]:
        """The socket and the list, which `mend` makes again."""
        return self._path, self.tools

    def mend(self) -> None:
        """Listen again where somebody removed the socket, and have a list written where that is gone.

        Raises ConnectError.
        """
        if not self._pin.is_at(self._path):
            trio.lowlevel.notify_closing(self._listener)
            self._listener.close()
            self._listener = bind_unix(self._path)
            self._pin.close()
            self._pin = Pin(self._path)
            self.bindings += 1
        elif self.tools.exists():
            return
        mended, self._mended = self._mended, trio.Event()
        mended.set()

    async def wait_mended(self) -> None:
        """Return once `mend` has found something missing."""
        await self._mended.wait()

    async def wait_knock(self) -> None:
        """Return once a relay waits to be let in."""
        while True:
            try:
                return await trio.lowlevel.wait_readable(self._listener)
            except trio.ClosedResourceError:
                continue  # relays come to the next socket now

    def is_knocked(self) -> bool:
        """Tell whether a relay waits to be let in now."""
        poll = select.poll()
        poll.register(self._listener, select.POLLIN)
        return bool(poll.poll(0))

    @contextlib.asynccontextmanager
    async def open_gateway(self, log_fd: int | None) -> AsyncIterator[ProcessHost]:
        """Start a gateway that lets relays in; it ends with the block. Raises WireError."""
        number = self._listener.fileno()
        command = [sys.executable, "-P", "-m", MODULE, str(self._supervisor), str(number), str(self.tools)]
        settings = HostSettings(client="compas-supervisor", log_fd=log_fd, pass_fds=(number,))
        async with open_process_host(command, name="gateway", settings=settings) as host:
            yield host

    def refuse_all(self, sentence: str) -> None:
        """Tell the relays that wait why they are not let in."""
        with contextlib.suppress(BlockingIOError):
            while True:
                relay, _ = self._listener.accept()
                with relay, contextlib.suppress(OSError):
                    relay.send(refused(sentence) + b"\n")

    def close(self) -> None:
        """Let nobody in any more. The path stays, as what refuses; the next supervisor takes it over."""
        self._listener.close()
        self._pin.close()


class GatewayHost(Actor):
    """Keeps the list of tools up to date, and a gateway running while relays want one.

    The death of a gateway is no crash of its host: whatever an editor does to it, nothing else is restarted.
    """

    def __init__(
        self,
        door: GatewayDoor,
        listed: Callable[[], bytes],
        activity: Activity,
        log_fd: int | None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """`listed` returns the list of tools as relays read it now.

        A gateway that starts counts in `activity`: the call that it is started for has not been put yet. `patience`
        are the seconds that it may take for what takes none; three times as long, and it hangs.
        """
        self._door = door
        self._listed = listed
        self._activity = activity
        self._log_fd = log_fd
        self._patience = patience
        self._gateway: ProcessHost | None = None
        self._listens_at = 0

    async def on_start(self) -> None:
        """Write the list, and begin to watch for relays and for changes of the config."""
        self._write_tools()
        self.context.start_soon(self._follow_config)
        self.context.start_soon(self._follow_door)
        self.context.start_soon(self._host)

    def _write_tools(self) -> None:
        try:
            write_tools(self._door.tools, self._listed())
        except OSError as error:
            # Editors then list what compas was built with, which has all tools.
            log.error("the list of tools cannot be written: %s", error, extra={"action": "tools_not_written"})

    async def _follow_config(self) -> None:
        async with self.context.bus.subscribe(lambda event: isinstance(event, ConfigApplied)) as applied:
            with contextlib.suppress(BusClosed):
                while True:
                    await applied.receive()
                    self._write_tools()
                    await self._tell_gateway()

    async def _follow_door(self) -> None:
        """Write the list where it was removed; end a gateway whose socket nobody finds any more.

        Its relays come again, to the new socket, and put again what they were asked.
        """
        while True:
            await self._door.wait_mended()
            self._write_tools()
            if self._gateway is not None and self._listens_at != self._door.bindings:
                log.warning(
                    "the gateway's socket was removed; another gateway begins", extra={"action": "gateway_moved"}
                )
                self._gateway.kill()

    async def _tell_gateway(self) -> None:
        """Have it tell its relays; where that fails, they look at the list by themselves when they come again."""
        if self._gateway is not None:
            with trio.move_on_after(TELLING_SECS), contextlib.suppress(WireError):
                await self._gateway.session.request(CHANGED, {}, dict)

    async def _host(self) -> None:
        deaths = 0
        while True:
            await self._door.wait_knock()
            began = trio.current_time()
            is_well = await self._run()
            deaths = 0 if is_well or trio.current_time() - began >= HEALTHY_SECS else deaths + 1
            if deaths:
                await trio.sleep(PAUSES_SECS[min(deaths, len(PAUSES_SECS)) - 1])

    async def _end_hung(self, gateway: ProcessHost) -> None:
        """Kill the gateway once it hangs: whatever it is stuck in, it would take no other signal."""
        await wait_hung(self._door, partial(gateway.session.request, ALIVE, {}, dict), self._patience)
        found = f"it has let nobody in for {self._patience:g} s, and not answered when it was asked twice"
        log.error("the gateway (pid %d) hangs: %s; it is killed", gateway.pid, found, extra={"action": "gateway_hung"})
        gateway.kill()

    async def _run(self) -> bool:
        """Run one gateway to its end; tell whether it ended in good order."""
        try:
            async with contextlib.AsyncExitStack() as stack:
                with self._activity.client():
                    self._listens_at = self._door.bindings
                    self._gateway = await stack.enter_async_context(self._door.open_gateway(self._log_fd))
                log.info("editors are served (pid %d)", self._gateway.pid, extra={"action": "gateway_started"})
                async with open_background() as watching:
                    watching.start_soon(self._end_hung, self._gateway)
                    ended = await self._gateway.wait_exited()
        except WireError as error:
            log.error("the gateway cannot be started: %s", error, extra={"action": "gateway_not_started"})
            self._door.refuse_all(f"the gateway of compas cannot be started: {error}")
            return False
        finally:
            self._gateway = None
        if ended.code == 0:
            return True
        log.error("%s; it is started again for the next relay", ended, extra={"action": "gateway_died"})
        return False
