"""What an actor's author writes against: the Actor base class and its Context."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVarTuple, Unpack

from actors.bus import EventBus
from actors.errors import NotReceiving
from actors.message import SystemMessage, Terminated
from actors.ref import ActorRef
from actors.registry import Registry
from actors.reply import Reply
from actors.timers import OwnedTask, sleep_then_tell

Ts = TypeVarTuple("Ts")


class System(Protocol):
    """The system an actor lives in, as seen from inside."""

    name: str
    registry: Registry
    bus: EventBus

    @property
    def root(self) -> ActorRef:
        """The ref of the topmost actor."""


class Home(Protocol):
    """What a Context needs of the place its actor lives in (one incarnation of a cell)."""

    ref: ActorRef
    system: System

    def start_task(self, task: OwnedTask) -> None:
        """Run a task in the actor's own nursery."""

    def defer(self) -> Reply | None:
        """Take over the reply of the message being received."""

    def stop_self(self) -> None:
        """Begin an orderly end by the actor's own wish."""

    def put_system(self, message: SystemMessage) -> None:
        """Queue in the own system lane."""

    def at_end(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back when this incarnation has ended; returns the undo."""


class Context:
    """An actor's way to its surroundings; valid from on_start() until its incarnation has ended."""

    __slots__ = ("_home", "bus", "ref", "registry", "system")

    def __init__(self, home: Home) -> None:
        self._home = home
        self.ref = home.ref
        self.system = home.system
        self.bus = home.system.bus
        self.registry = home.system.registry

    def start_soon(
        self, fn: Callable[[Unpack[Ts]], Awaitable[object]], *args: *Ts, name: str | None = None
    ) -> OwnedTask:
        """Run `fn(*args)` in the actor's own nursery; if it raises, the actor crashes.

        The task is cancelled when the actor has ended, after on_stop(). Returns a handle to cancel it by.
        """
        task = OwnedTask(lambda: fn(*args), name or str(getattr(fn, "__qualname__", "task")))
        self._home.start_task(task)
        return task

    def send_after(self, delay: float, message: object) -> OwnedTask:
        """Tell the actor itself `message` after `delay` seconds; cancelled with its incarnation.

        If the mailbox is full then, the message waits for room. Returns a handle to cancel it by.
        """
        return self.start_soon(sleep_then_tell, delay, self.ref, message, name="send_after")

    def defer(self) -> Reply:
        """Inside receive(), take over the answer: the ask is answered by the returned Reply, later.

        The return value of receive() is then ignored. If the message was told, the Reply goes to
        nobody. If the actor ends before the reply is given, the ask fails.

        Raises:
            NotReceiving: no user message is being received.
        """
        reply = self._home.defer()
        if reply is None:
            raise NotReceiving(f"actor {self.ref.name} called defer() outside receive() of a user message")
        return reply

    def stop_self(self) -> None:
        """Begin an orderly end: no more messages are taken, queued work finishes, on_stop() runs."""
        self._home.stop_self()

    def watch(self, ref: ActorRef) -> Callable[[], None]:
        """Have receive() called with Terminated(ref, reason) when `ref` has ended for good.

        It comes through the system lane, at once if `ref` has ended already. A watch ends with the
        incarnation that made it, or when the returned function is called.
        """
        unwatch = ref.on_stopped(lambda ended, reason: self._home.put_system(Terminated(ended, reason)))
        forget = self._home.at_end(unwatch)

        def undo() -> None:
            unwatch()
            forget()

        return undo

    def at_end(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back when this incarnation has ended, however it does; last registered, first called.

        Returns the undo.
        """
        return self._home.at_end(callback)

    def put_system(self, message: SystemMessage) -> None:
        """Queue a message in the actor's own system lane; for those who build supervisors."""
        self._home.put_system(message)


class Actor:
    """Base of every actor: subclass it and write receive().

    One instance serves one incarnation; after a crash the factory makes another. The three hooks
    run one at a time, in one task. Any of them raising is a crash.
    """

    context: Context
    """Set before on_start()."""

    async def on_start(self) -> None:
        """Run before the first message. Siblings that start after this actor wait for it to return."""

    async def receive(self, message: object) -> object:
        """Handle one message; the return value answers an ask and is ignored after a tell.

        Interrupted by kill and by the end of the grace after a stop, by nothing else.
        """
        raise NotImplementedError(f"{type(self).__name__} got {type(message).__name__} and has no receive()")

    def unexpected(self, message: object) -> TypeError:
        """Return the error to raise in receive() for a message that this actor does not take."""
        return TypeError(f"{self.context.ref.name} does not take {type(message).__name__}")

    async def on_stop(self) -> None:
        """Run after the last message, on a stop and on a crash, within the grace; not after a kill.

        The actor's own tasks still run. Not called when on_start() did not return.
        """
