"""Runs one instance of an actor from its factory to its exit reason."""

from collections.abc import Callable
from typing import Literal

import trio

from actors.actor import Actor, Context, System
from actors.errors import ActorCrashed, ActorStopped
from actors.exit_reason import ExitReason
from actors.mailbox import Mailbox
from actors.message import Envelope, SystemMessage
from actors.ref import ActorRef
from actors.reply import Reply
from actors.spec import ChildSpec
from actors.timers import OwnedTask


class Incarnation:
    """One life of an actor; a crash ends it, and its cell may begin another.

    Two cancel scopes follow one another inside the actor's nursery: one around on_start() and the
    messages, one around on_stop(). So the actor's own tasks outlive on_stop(), whatever failed, and
    kill needs to know nothing but the scope of the moment.
    """

    def __init__(self, spec: ChildSpec, ref: ActorRef, system: System, mailbox: Mailbox) -> None:
        self.ref = ref
        self.system = system
        self._spec = spec
        self._mailbox = mailbox
        self._scope = trio.CancelScope()
        self._nursery: trio.Nursery | None = None
        self._errors: list[Exception] = []
        self._ending: Literal["normal", "stopped", "overrun", "killed"] | None = None
        self._stop_by: float | None = None
        self._current: Envelope | None = None
        self._held: set[Reply] = set()
        self._at_end: dict[object, Callable[[], None]] = {}

    async def run(self, started: trio.Event) -> ExitReason:
        """Live; set `started` when on_start() has returned.

        If cancelled, end as killed and re-raise that alone; what the actor itself raised is in `reason`.
        """
        try:
            await self._live(started)
        except BaseException:
            self._ending = "killed"
            raise
        finally:
            self._fail_held(self.reason)
            for callback in reversed(self._at_end.values()):
                callback()
        return self.reason

    def stop(self, *, own_wish: bool = False, keep_queue: bool = False) -> None:
        """Begin an orderly end, to be done within the grace; `keep_queue` leaves the queue to the next one."""
        if keep_queue:
            self._mailbox.pause()
        else:
            self._mailbox.drain()
        if self._ending is None:
            self._ending = "normal" if own_wish else "stopped"
            self._stop_by = trio.current_time() + self._spec.shutdown
            self._scope.deadline = self._stop_by

    def stop_self(self) -> None:
        """See Context.stop_self."""
        self.stop(own_wish=True)

    def kill(self) -> None:
        """End now."""
        self._ending = "killed"
        self._scope.cancel()

    def start_task(self, task: OwnedTask) -> None:
        """See Context.start_soon."""
        if self._nursery is None:
            raise RuntimeError(f"actor {self.ref.name} starts tasks only between on_start() and its end")
        self._nursery.start_soon(self._run_task, task, name=f"{self.ref.name}:{task.name}")

    def defer(self) -> Reply | None:
        """See Context.defer."""
        envelope = self._current
        if envelope is None:
            return None
        if not envelope.is_deferred:
            envelope.is_deferred = True
            envelope.reply = envelope.reply or Reply.to_nobody()
            envelope.reply.hold_in(self._held)
        return envelope.reply

    def put_system(self, message: SystemMessage) -> None:
        """Queue in the own system lane."""
        self._mailbox.put_system(message)

    def at_end(self, callback: Callable[[], None]) -> Callable[[], None]:
        """See Context.at_end."""
        key = object()
        self._at_end[key] = callback

        def undo() -> None:
            self._at_end.pop(key, None)

        return undo

    @property
    def is_stopping(self) -> bool:
        """True once an end was asked for."""
        return self._ending is not None

    async def _live(self, started: trio.Event) -> None:
        try:
            async with trio.open_nursery() as self._nursery:
                actor = await self._serve(started)
                if self._errors:
                    self._fail_held(ExitReason.crashed(self.ref.name, self._errors))
                if actor is not None and self._ending not in ("overrun", "killed"):
                    await self._say_goodbye(actor)
                self._nursery.cancel_scope.cancel()
        except BaseExceptionGroup as group:
            # Cancelled from above, and some of this actor's tasks failed on the way: the failure is this actor's,
            # the cancellation goes on.
            own, others = group.split(Exception)
            if own is not None:
                self._errors.append(own)
            if others is not None:
                raise others from None

    async def _serve(self, started: trio.Event) -> Actor | None:
        actor: Actor | None = None
        with self._scope:
            try:
                made = self._spec.factory()
                made.context = Context(self)
                await made.on_start()
                actor = made
                started.set()
                while (item := await self._mailbox.take()) is not None:
                    await self._deliver(actor, item)
            # The one place where an actor's failure is caught: it becomes the exit reason.
            except Exception as error:
                self._errors.append(error)
        self._note_overrun()
        return actor

    async def _deliver(self, actor: Actor, item: Envelope | SystemMessage) -> None:
        if not isinstance(item, Envelope):
            await actor.receive(item)
            return
        self._current = item
        value = await actor.receive(item.message)
        # After a crash it stays current, so that its ask is failed with the reason.
        self._current = None
        if item.reply is not None and not item.is_deferred:
            item.reply.resolve(value)

    async def _say_goodbye(self, actor: Actor) -> None:
        grace_ends = trio.current_time() + self._spec.shutdown if self._stop_by is None else self._stop_by
        self._scope = trio.CancelScope(deadline=grace_ends)
        with self._scope:
            try:
                await actor.on_stop()
            except Exception as error:
                self._errors.append(error)
        self._note_overrun()

    def _note_overrun(self) -> None:
        if self._scope.cancelled_caught and not self._errors and self._ending != "killed":
            self._ending = "overrun"

    async def _run_task(self, task: OwnedTask) -> None:
        try:
            await task.run()
        except Exception as error:
            self._errors.append(error)
            self._scope.cancel()

    @property
    def reason(self) -> ExitReason:
        """How this life ended, once it has."""
        crash = ExitReason.crashed(self.ref.name, self._errors) if self._errors else None
        if self._ending == "killed":
            return ExitReason("killed", None if crash is None else crash.group)
        return crash or ExitReason(self._ending or "normal")

    def _fail_held(self, reason: ExitReason) -> None:
        replies = list(self._held)
        if self._current is not None and self._current.reply is not None:
            replies.append(self._current.reply)
        self._current = None
        for reply in replies:
            if reply.is_pending:
                error = ActorCrashed if reason.kind == "crashed" else ActorStopped
                reply.fail(error(self.ref.name, reason))
