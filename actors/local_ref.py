"""The ref of an actor in this process: straight to its mailbox."""

from collections.abc import Callable
from typing import Protocol, TypeVar, cast

import trio

from actors.ask import Ask
from actors.errors import AskTimeout
from actors.exit_reason import ExitReason
from actors.mailbox import Mailbox
from actors.message import Envelope
from actors.ref import ActorRef, OnStopped
from actors.reply import Reply

R = TypeVar("R")


class Host(Protocol):
    """What a local ref needs of the place its actor lives in."""

    mailbox: Mailbox

    def stop(self) -> None:
        """Begin an orderly end of the running incarnation."""

    def kill(self) -> None:
        """End the running incarnation now."""

    async def wait_idle(self) -> ExitReason:
        """Wait until no incarnation runs."""

    async def wait_ended(self) -> ExitReason:
        """Wait for the end for good."""

    def on_ended(self, callback: Callable[[ExitReason], None]) -> Callable[[], None]:
        """Call back once at the end for good; returns the undo."""

    @property
    def has_ended(self) -> bool:
        """True after the end for good."""


class LocalRef(ActorRef):
    """The ref of an actor in this process."""

    __slots__ = ("_host", "_mailbox", "name")

    def __init__(self, name: str, host: Host) -> None:
        self.name = name
        self._host = host
        self._mailbox = host.mailbox

    async def tell(self, message: object) -> None:
        """See ActorRef."""
        await self._mailbox.put(Envelope(message))
        await trio.lowlevel.cancel_shielded_checkpoint()

    def tell_nowait(self, message: object) -> None:
        """See ActorRef."""
        self._mailbox.put_nowait(Envelope(message))

    async def ask(self, message: Ask[R], *, timeout: float) -> R:
        """See ActorRef."""
        reply = Reply()
        with trio.move_on_after(timeout):
            await self._mailbox.put(Envelope(message, reply))
            return cast("R", await reply.wait())
        raise AskTimeout(self.name, message, timeout)

    async def stop(self) -> ExitReason:
        """See ActorRef."""
        self._host.stop()
        return await self._host.wait_idle()

    def kill(self) -> None:
        """See ActorRef."""
        self._host.kill()

    async def wait_stopped(self) -> ExitReason:
        """See ActorRef."""
        return await self._host.wait_ended()

    def on_stopped(self, callback: OnStopped) -> Callable[[], None]:
        """See ActorRef."""
        return self._host.on_ended(lambda reason: callback(self, reason))

    @property
    def is_alive(self) -> bool:
        """See ActorRef."""
        return not self._host.has_ended
