"""The gateway process: serves every editor of one supervisor, which starts it when an editor has a call.

    python -m compas.gateway.app SOCKET LISTENER TOOLS

SOCKET is where the supervisor listens, LISTENER the number of the descriptor on which relays come in, and TOOLS the
file in which the supervisor says which tools there are.
"""

import logging
import math
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import trio

from actors.errors import ActorStopped
from actors.remote.call import Call
from actors.remote.child import serve_parent
from actors.remote.errors import CallError, SessionLost, SocketAbsent, SocketRefused
from actors.remote.handshake import WelcomeInfo
from actors.remote.server import ServerSettings
from actors.remote.session import Session, open_session
from actors.remote.sockets import connect_unix
from actors.spec import TEMPORARY, ChildSpec
from actors.supervisor import StartChild, WhichChildren
from actors.system import ActorSystem, open_actor_system
from compas.client.connection import Reach
from compas.client.errors import UnreachableError
from compas.client.reach import PATIENCE_SECONDS, origin_meta, standing_meta
from compas.distribution import installed_version
from compas.gateway.control import ALIVE, CHANGED
from compas.gateway.editors import Editor, ToolsChanged
from compas.relay.link import Introduction

log = logging.getLogger("compas.gateway")

CLIENT: Final = "compas gateway"
"""What the supervisor calls us in its log."""
IDLE_SECS: Final = 60.0
"""How long the gateway stays when no relay is connected."""
VERSION: Final = installed_version()


class Gateway:
    """Takes relays in, one actor each, until there has been none for a while."""

    def __init__(self, system: ActorSystem, supervisor: str, tools: Path) -> None:
        """`supervisor` is the path of its socket, `tools` that of the list it left."""
        self._system = system
        self._supervisor = supervisor
        self._tools = tools
        self._count = 0
        self._inside = 0
        self._changed = trio.Event()

    async def serve_call(self, call: Call) -> object:
        """Serve the supervisor: say that we are alive, or pass on that the list of tools is another one."""
        if call.op == CHANGED:
            await self._tell_editors()
        elif call.op != ALIVE:
            raise CallError("unknown_operation", f"the gateway knows only {ALIVE} and {CHANGED}")
        return {}

    async def _tell_editors(self) -> None:
        for child in await self._system.root.ask(WhichChildren(), timeout=math.inf):
            try:
                await child.ref.tell(ToolsChanged())
            except ActorStopped:
                continue  # its editor is gone

    async def admit(self, stream: trio.SocketStream) -> None:
        """Take in a relay, until it leaves."""
        self._count += 1
        spec = ChildSpec(f"editor-{self._count}", self._editor(stream), TEMPORARY)
        with self._counted():
            ref = await self._system.root.ask(StartChild(spec), timeout=math.inf)
            await ref.wait_stopped()

    async def wait_idle(self, seconds: float) -> None:
        """Return once no relay has been connected for so long."""
        is_idle = False
        while not is_idle:
            change = self._changed
            with trio.move_on_after(math.inf if self._inside else seconds) as quiet:
                await change.wait()
            is_idle = quiet.cancelled_caught

    def _editor(self, stream: trio.SocketStream) -> Callable[[], Editor]:
        return lambda: Editor(stream, self._reach_for, VERSION, self._tools)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._inside += 1
        self._touch()
        try:
            yield
        finally:
            self._inside -= 1
            self._touch()

    def _touch(self) -> None:
        self._changed.set()
        self._changed = trio.Event()

    def _reach_for(self, introduction: Introduction) -> Reach:
        return partial(reach_parent, self._supervisor, introduction)


@asynccontextmanager
async def reach_parent(supervisor: str, introduction: Introduction) -> AsyncIterator[Session]:
    """Open a session with the supervisor that started this process.

    While it cannot be reached it is about to be gone, and this process with it: then the relay goes to the next one.
    Raises WireError, and UnreachableError when neither happens.
    """
    async with AsyncExitStack() as stack:
        try:
            transport = await connect_unix(supervisor)
            session = await stack.enter_async_context(
                open_session(transport, client=CLIENT, meta=_meta_of(introduction))
            )
        except (SocketAbsent, SocketRefused, SessionLost) as error:
            await trio.sleep(PATIENCE_SECONDS)
            raise UnreachableError(f"the supervisor lives and cannot be reached: {error}") from error
        yield session


def _meta_of(introduction: Introduction) -> dict[str, str]:
    """Return what the supervisor is told of whom this session is for: its execution or editor, and where it stands."""
    speaks_for = introduction.meta or origin_meta(introduction.origin)
    return {**introduction.named, **speaks_for, **standing_meta(introduction.cwd)}


async def serve(supervisor: str, listener: socket.socket, tools: Path) -> None:
    """Serve the relays that come to `listener` until the supervisor is gone, or no editor has had a call for long.

    Relays are refused before they are cut off, so that one that is cut off does not come here again.
    """
    listener.setblocking(False)
    relays = trio.SocketListener(trio.socket.from_stdlib_socket(listener))
    settings = ServerSettings(welcome=WelcomeInfo(server=f"compas-gateway/{VERSION}"))
    async with open_actor_system("gateway") as system, relays, trio.open_nursery() as nursery:
        gateway = Gateway(system, supervisor, tools)

        async def end_after(wait: Callable[[], Awaitable[object]]) -> None:
            await wait()
            nursery.cancel_scope.cancel()

        nursery.start_soon(end_after, partial(serve_parent, gateway.serve_call, settings))
        nursery.start_soon(end_after, partial(gateway.wait_idle, IDLE_SECS))
        await trio.serve_listeners(gateway.admit, [relays])


def main(arguments: list[str]) -> int:
    """Serve until nobody is to be served any more."""
    supervisor, listener, tools = arguments
    start_logging()
    trio.run(serve, supervisor, socket.socket(fileno=int(listener)), Path(tools))
    return 0


def start_logging() -> None:
    """Write our own logs, and what the SDK warns of, to standard error."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    for name in ("compas", "actors"):
        logging.getLogger(name).setLevel(logging.INFO)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
