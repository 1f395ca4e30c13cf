"""The lasting place of one actor: its ref and mailbox stay while incarnations come and go."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import trio

from actors.actor import System
from actors.errors import ActorStopped
from actors.exit_reason import ExitReason
from actors.incarnation import Incarnation
from actors.local_ref import LocalRef
from actors.mailbox import Mailbox, MailboxStatistics
from actors.spec import ChildSpec

logger = logging.getLogger("actors")

State = Literal["waiting", "starting", "running", "stopping", "ended"]
"""waiting: no incarnation now, one will come or the end; ended: for good."""


@dataclass(frozen=True, slots=True)
class CellStatistics:
    """A cell at one moment."""

    state: State
    incarnation: int
    """How many incarnations have begun."""
    last_exit: ExitReason | None
    mailbox: MailboxStatistics


class Cell:
    """Owned by a supervisor, which calls run() for every start and end() once."""

    def __init__(self, name: str, spec: ChildSpec, system: System) -> None:
        self.mailbox = Mailbox(name, spec.mailbox)
        self.ref = LocalRef(name, self)
        self.incarnation = 0
        self._spec = spec
        self._system = system
        self._life: Incarnation | None = None
        self._started = trio.Event()
        self._idle = trio.Event()
        self._idle.set()
        self._last_exit: ExitReason | None = None
        self._stops_next = False
        self._ended = trio.Event()
        self._on_ended: dict[object, Callable[[ExitReason], None]] = {}

    async def run(self, started: trio.Event) -> ExitReason:
        """Run one incarnation; `started` is set when its on_start() has returned.

        Never raises what the actor raised: that is the reason's group. If cancelled, the actor has
        ended for good as killed.
        """
        life = Incarnation(self._spec, self.ref, self._system, self.mailbox)
        self.incarnation += 1
        self._life = life
        self._started = started
        if self._idle.is_set():
            self._idle = trio.Event()
        self.mailbox.reopen()
        if self._stops_next:
            # Told to stop while it waited to be restarted: it starts, finishes its queue, and stops.
            self._stops_next = False
            life.stop()
        try:
            reason = await life.run(started)
        except BaseException:
            self._life = None
            self._report(life.reason)
            self.end(life.reason)
            raise
        self._life = None
        self._last_exit = reason
        self._report(reason)
        if not self.mailbox.is_paused and not self._may_return(reason):
            # Until the supervisor ends this cell, nothing may be accepted that nobody would handle.
            self.mailbox.drain()
        self._idle.set()
        return reason

    def _report(self, reason: ExitReason) -> None:
        if reason.group is not None:
            logger.error(
                "actor %s %s",
                self.ref.name,
                reason,
                exc_info=reason.group,
                extra={"action": "actor_crashed", "actor": self.ref.name},
            )
        elif reason.kind == "overrun":
            logger.warning(
                "actor %s was told to stop, did not finish within %g s, and was killed",
                self.ref.name,
                self._spec.shutdown,
                extra={"action": "actor_overran", "actor": self.ref.name},
            )

    def stop(self, *, keep_queue: bool = False) -> None:
        """Begin an orderly end of the running incarnation, or of the next one when it waits for that."""
        if self._life is not None:
            self._life.stop(keep_queue=keep_queue)
        elif not self.has_ended and not keep_queue:
            self._stops_next = True
            self.mailbox.drain()
            if self._idle.is_set():
                self._idle = trio.Event()

    def kill(self) -> None:
        """End the running incarnation now; nothing happens when none runs."""
        if self._life is not None:
            self._life.kill()

    def end(self, reason: ExitReason) -> None:
        """End for good: fail what is queued, tell the watchers. Again: nothing happens."""
        if self.has_ended:
            return
        self._last_exit = reason
        self._ended.set()
        for envelope in self.mailbox.close(reason):
            if envelope.reply is not None:
                envelope.reply.fail(ActorStopped(self.ref.name, reason))
        self._idle.set()
        callbacks = list(self._on_ended.values())
        self._on_ended.clear()
        for callback in callbacks:
            callback(reason)

    async def wait_idle(self) -> ExitReason:
        """Wait until no incarnation runs or is due to run only to stop."""
        await self._idle.wait()
        return self._last_exit or ExitReason("stopped")

    async def wait_ended(self) -> ExitReason:
        """Wait for the end for good."""
        await self._ended.wait()
        return self._last_exit or ExitReason("stopped")

    def on_ended(self, callback: Callable[[ExitReason], None]) -> Callable[[], None]:
        """Call back once at the end for good, at once if that has been; returns the undo."""
        if self._ended.is_set():
            callback(self._last_exit or ExitReason("stopped"))
            return lambda: None
        key = object()
        self._on_ended[key] = callback

        def undo() -> None:
            self._on_ended.pop(key, None)

        return undo

    @property
    def has_ended(self) -> bool:
        """True after the end for good."""
        return self._ended.is_set()

    @property
    def state(self) -> State:
        """Where this actor is between its start and its end for good."""
        if self.has_ended:
            return "ended"
        if self._life is None:
            return "waiting"
        if self._life.is_stopping:
            return "stopping"
        return "running" if self._started.is_set() else "starting"

    def _may_return(self, reason: ExitReason) -> bool:
        match self._spec.restart:
            case "permanent":
                return True
            case "transient":
                return reason.is_abnormal
            case "temporary":
                return False

    def statistics(self) -> CellStatistics:
        """Return the counts of this moment."""
        return CellStatistics(self.state, self.incarnation, self._last_exit, self.mailbox.statistics())

    def __repr__(self) -> str:
        return f"<Cell {self.ref.name} {self.state} incarnation={self.incarnation}>"
