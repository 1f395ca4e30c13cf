"""Tasks and timers owned by an actor: cancelled by handle, or with their owner."""

from collections.abc import Awaitable, Callable

import trio

from actors.ref import ActorRef


class OwnedTask:
    """Handle of a task in an actor's own nursery."""

    __slots__ = ("_fn", "_scope", "name")

    def __init__(self, fn: Callable[[], Awaitable[object]], name: str) -> None:
        self._fn = fn
        self._scope = trio.CancelScope()
        self.name = name

    def cancel(self) -> None:
        """Cancel the task; also one that has not begun yet. Does nothing when it is done."""
        self._scope.cancel()

    async def run(self) -> None:
        """Run to the end or until cancelled; the runtime calls this once."""
        with self._scope:
            await self._fn()

    def __repr__(self) -> str:
        return f"<OwnedTask {self.name}>"


async def sleep_then_tell(delay: float, ref: ActorRef, message: object) -> None:
    """Tell `ref` the message in `delay` seconds."""
    await trio.sleep(delay)
    await ref.tell(message)
