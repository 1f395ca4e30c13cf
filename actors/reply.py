"""One answer to one ask: given once, failed once, or abandoned by an asker who has gone."""

from typing import Literal

import trio

from actors.errors import AlreadyReplied

_State = Literal["pending", "answered", "failed", "abandoned"]


class Reply:
    """The answering end of an ask, and where its asker waits.

    An actor gets one from `context.defer()` and calls `resolve()` or `fail()` once, from trio's
    thread, whenever it likes; if the actor ends first, the runtime fails it. Both do nothing when
    the asker has gone.
    """

    __slots__ = ("_asker", "_error", "_gone", "_held_by", "_state", "_value")

    def __init__(self) -> None:
        self._state: _State = "pending"
        self._value: object = None
        self._error: Exception | None = None
        self._asker: trio.lowlevel.Task | None = None
        self._gone: trio.Event | None = None
        self._held_by: set[Reply] | None = None

    @classmethod
    def to_nobody(cls) -> "Reply":
        """Return the reply to a message that was told, not asked: whatever is given goes nowhere."""
        reply = cls()
        reply._state = "abandoned"
        return reply

    @property
    def cancelled(self) -> bool:
        """True when nobody waits any more: the asker timed out, was cancelled, or only told."""
        return self._state == "abandoned"

    @property
    def is_pending(self) -> bool:
        """True while the asker waits and nothing was given."""
        return self._state == "pending"

    def resolve(self, value: object) -> None:
        """Answer the ask.

        Raises:
            AlreadyReplied: it was answered or failed before.
        """
        if self._settle("answered"):
            self._value = value

    def fail(self, error: Exception) -> None:
        """Make the ask raise `error` at the asker; the actor itself does not crash.

        Raises:
            AlreadyReplied: it was answered or failed before.
        """
        if self._settle("failed"):
            self._error = error

    def abandon(self) -> None:
        """Record that the asker has gone; a queued ask is then skipped."""
        if self._state == "pending":
            self._state = "abandoned"
            self._asker = None
            self._release()
            if self._gone is not None:
                self._gone.set()

    def hold_in(self, holder: "set[Reply]") -> None:
        """Keep this reply in `holder` until it is settled or abandoned."""
        if self._state == "pending":
            self._held_by = holder
            holder.add(self)

    async def wait_cancelled(self) -> None:
        """Wait until the asker has gone; wait for ever when the reply is given instead."""
        if self._gone is None:
            self._gone = trio.Event()
            if self._state == "abandoned":
                self._gone.set()
        await self._gone.wait()

    async def wait(self) -> object:
        """Wait as the asker. Cancelling this abandons the ask."""
        if self._state == "pending":
            self._asker = trio.lowlevel.current_task()

            def abort(_: object) -> trio.lowlevel.Abort:
                self.abandon()
                return trio.lowlevel.Abort.SUCCEEDED

            await trio.lowlevel.wait_task_rescheduled(abort)
        else:
            await trio.lowlevel.cancel_shielded_checkpoint()
        if self._error is not None:
            raise self._error
        return self._value

    def _settle(self, state: _State) -> bool:
        if self._state == "abandoned":
            return False
        if self._state != "pending":
            raise AlreadyReplied(f"this ask was {self._state} before; give each reply once")
        self._state = state
        self._release()
        if self._asker is not None:
            trio.lowlevel.reschedule(self._asker)
            self._asker = None
        return True

    def _release(self) -> None:
        if self._held_by is not None:
            self._held_by.discard(self)
            self._held_by = None

    def __repr__(self) -> str:
        return f"<Reply {self._state}>"
