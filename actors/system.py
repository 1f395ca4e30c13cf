"""Opens an actor system: one root, one registry, one bus, and an orderly end."""

import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import trio

from actors.actor import Actor
from actors.bus import EventBus
from actors.cell import Cell
from actors.errors import SystemFailed
from actors.exit_reason import ExitReason
from actors.ref import ActorRef
from actors.registry import Registry
from actors.spec import ChildSpec
from actors.supervisor import Supervisor

DEFAULT_SHUTDOWN = 30.0


class ActorSystem:
    """What open_actor_system() yields. Systems in one process know nothing of each other."""

    def __init__(self, name: str, root: ChildSpec) -> None:
        self.name = name
        self.registry = Registry(name)
        self.bus = EventBus()
        self._cell = Cell(root.id, root, self)

    @property
    def root(self) -> ActorRef:
        """The topmost actor; a Supervisor unless the opener chose otherwise."""
        return self._cell.ref

    async def wait_stopped(self) -> ExitReason:
        """Wait until the root has ended and return why."""
        return await self._cell.wait_ended()

    @property
    def has_failed(self) -> bool:
        """True once the root has crashed."""
        last_exit = self._cell.statistics().last_exit
        return last_exit is not None and last_exit.group is not None

    async def run_root(self, started: trio.Event) -> None:
        """Run the root to its end; for open_actor_system() alone."""
        reason = await self._cell.run(started)
        self._cell.end(reason)
        started.set()

    def __repr__(self) -> str:
        return f"<ActorSystem {self.name} {self._cell.state}>"


@asynccontextmanager
async def open_actor_system(
    name: str = "system",
    root: ChildSpec | Callable[[], Actor] = Supervisor,
    *,
    shutdown: float = DEFAULT_SHUTDOWN,
) -> AsyncIterator[ActorSystem]:
    """Start the root, yield when its on_start() has returned, and stop it in order at the end.

    At the end of the body, however it comes, the root is stopped: children in reverse start order,
    each within its grace, all within `shutdown` seconds, after which what is left is killed. The
    root is not restarted: the operator is the last supervisor.

    Raises:
        SystemFailed: the root crashed; the body is cancelled, the root's exception group is the cause.
            Raised together with the body's own error in a group, if it had one.
    """
    spec = root if isinstance(root, ChildSpec) else ChildSpec("root", root, shutdown=math.inf)
    system = ActorSystem(name, spec)
    errors: list[BaseException] = []
    try:
        async with trio.open_nursery() as nursery:
            started = trio.Event()
            nursery.start_soon(_run_shielded, system, started, nursery.cancel_scope)
            try:
                await started.wait()
                if not system.has_failed:
                    yield system
            finally:
                with trio.CancelScope(shield=True, deadline=trio.current_time() + shutdown):
                    await system.root.stop()
                system.root.kill()
    except BaseExceptionGroup as group:
        # The nursery wraps even a single error; the body's own error goes on as it was raised.
        errors.extend(group.exceptions)
    finally:
        system.bus.close()
    reason = await system.wait_stopped()
    if reason.group is not None:
        failure = SystemFailed(name, reason)
        failure.__cause__ = reason.group
        errors.append(failure)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise BaseExceptionGroup(f"actor system {name!r} and its user both failed", errors)


async def _run_shielded(system: ActorSystem, started: trio.Event, body: trio.CancelScope) -> None:
    # Shielded, so that cancelling the body lets the actors end in order; killing them ends this too.
    with trio.CancelScope(shield=True):
        await system.run_root(started)
    if system.has_failed:
        body.cancel()
