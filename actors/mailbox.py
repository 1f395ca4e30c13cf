"""A bounded first-in-first-out queue with a system lane that overtakes it."""

from collections import deque
from dataclasses import dataclass
from typing import Literal

import trio

from actors.errors import ActorStopped, MailboxFull
from actors.exit_reason import ExitReason
from actors.message import Envelope, SystemMessage

Mode = Literal["open", "paused", "draining", "closed"]
"""open: takes and gives; paused: takes, gives nothing; draining: gives, takes nothing; closed: neither."""


@dataclass(frozen=True, slots=True)
class MailboxStatistics:
    """A mailbox at one moment; the counts are since it was made."""

    mode: Mode
    queued: int
    queued_system: int
    capacity: int
    senders_waiting: int
    accepted: int
    skipped: int
    """Asks not given out because their asker had gone."""
    dropped: int
    """Messages still queued when the mailbox was closed."""


class Mailbox:
    """User messages in the order they came, at most `capacity` of them; one task takes.

    A sender that waits for room holds its place: nobody who comes later, waiting or not, gets in
    before it, so messages of one sender to one receiver keep their order.
    """

    def __init__(self, name: str, capacity: int) -> None:
        self._name = name
        self._capacity = capacity
        self._mode: Mode = "open"
        self._reason: ExitReason | None = None
        self._queue: deque[Envelope] = deque()
        self._system: deque[SystemMessage] = deque()
        self._senders: dict[trio.lowlevel.Task, Envelope] = {}
        self._turned_away: set[trio.lowlevel.Task] = set()
        self._taker: trio.lowlevel.Task | None = None
        self._accepted = 0
        self._skipped = 0
        self._dropped = 0

    def put_nowait(self, envelope: Envelope) -> None:
        """Queue a user message.

        Raises:
            MailboxFull: there is no room.
            ActorStopped: no message is taken any more.
        """
        if self._mode in ("draining", "closed"):
            raise ActorStopped(self._name, self._reason)
        if len(self._queue) >= self._capacity:
            raise MailboxFull(self._name, self._capacity)
        self._queue.append(envelope)
        self._accepted += 1
        self._wake()

    async def put(self, envelope: Envelope) -> None:
        """Queue a user message, waiting for room. If cancelled, nothing was sent.

        Returns without a checkpoint when there was room; the callers make theirs.

        Raises:
            ActorStopped: no message is taken any more, also if that happens while waiting.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        try:
            self.put_nowait(envelope)
        except MailboxFull:
            await self._wait_for_room(envelope)

    def put_system(self, message: SystemMessage) -> None:
        """Queue a system message: never refused for lack of room, dropped once the mailbox is closed.

        The lane needs no bound of its own: each watched or supervised actor sends one message per end.
        """
        if self._mode != "closed":
            self._system.append(message)
            self._wake()

    def take_nowait(self) -> Envelope | SystemMessage | None:
        """Return the next message, system lane first, or None when nothing may be given now."""
        if self._system:
            return self._system.popleft()
        if self._mode in ("paused", "closed"):
            return None
        while self._queue:
            envelope = self._queue.popleft()
            self._admit()
            if not envelope.is_abandoned:
                return envelope
            self._skipped += 1
        return None

    async def take(self) -> Envelope | SystemMessage | None:
        """Wait for the next message. None means there will be no more: paused, closed, or drained empty."""
        if self._system or self._queue or self._mode != "open":
            await trio.lowlevel.checkpoint()
        while True:
            item = self.take_nowait()
            if item is not None or self._mode != "open":
                return item
            await self._park()

    def pause(self) -> None:
        """Give out no user messages, but go on taking them, until `reopen()`."""
        if self._mode == "open":
            self._mode = "paused"
            self._wake()

    def drain(self) -> None:
        """Take no more messages; what is queued is still given out. Waiting senders get ActorStopped."""
        if self._mode in ("open", "paused"):
            self._mode = "draining"
            self._turn_senders_away()
            self._wake()

    def reopen(self) -> None:
        """Take and give again: a new incarnation begins. The system lane of the old one is forgotten."""
        self._system.clear()
        if self._mode != "closed":
            self._mode = "open"

    def close(self, reason: ExitReason) -> list[Envelope]:
        """End for good and return what was still queued, which nobody will handle."""
        self._reason = reason
        self._mode = "closed"
        left = [envelope for envelope in self._queue if not envelope.is_abandoned]
        self._skipped += len(self._queue) - len(left)
        self._dropped += len(left)
        self._queue.clear()
        self._system.clear()
        self._turn_senders_away()
        self._wake()
        return left

    @property
    def is_paused(self) -> bool:
        """True from pause() until the mailbox drains or is reopened."""
        return self._mode == "paused"

    def statistics(self) -> MailboxStatistics:
        """Return the counts of this moment."""
        return MailboxStatistics(
            mode=self._mode,
            queued=len(self._queue),
            queued_system=len(self._system),
            capacity=self._capacity,
            senders_waiting=len(self._senders),
            accepted=self._accepted,
            skipped=self._skipped,
            dropped=self._dropped,
        )

    async def _wait_for_room(self, envelope: Envelope) -> None:
        task = trio.lowlevel.current_task()
        self._senders[task] = envelope

        def abort(_: object) -> trio.lowlevel.Abort:
            del self._senders[task]
            return trio.lowlevel.Abort.SUCCEEDED

        await trio.lowlevel.wait_task_rescheduled(abort)
        if task in self._turned_away:
            self._turned_away.remove(task)
            raise ActorStopped(self._name, self._reason)

    def _admit(self) -> None:
        for task in self._senders:
            self._queue.append(self._senders.pop(task))
            self._accepted += 1
            trio.lowlevel.reschedule(task)
            return

    def _turn_senders_away(self) -> None:
        for task in self._senders:
            trio.lowlevel.reschedule(task)
        self._turned_away.update(self._senders)
        self._senders.clear()

    async def _park(self) -> None:
        self._taker = trio.lowlevel.current_task()

        def abort(_: object) -> trio.lowlevel.Abort:
            self._taker = None
            return trio.lowlevel.Abort.SUCCEEDED

        await trio.lowlevel.wait_task_rescheduled(abort)

    def _wake(self) -> None:
        if self._taker is not None:
            trio.lowlevel.reschedule(self._taker)
            self._taker = None

    def __repr__(self) -> str:
        return f"<Mailbox {self._name} {self._mode} {len(self._queue)}/{self._capacity}>"
