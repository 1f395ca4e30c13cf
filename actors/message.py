"""What travels to an actor: envelopes, and the system messages."""

from dataclasses import dataclass

from actors.exit_reason import ExitReason
from actors.ref import ActorRef
from actors.reply import Reply


class Envelope:
    """A user message in a mailbox, with the reply its asker waits for, if it was asked."""

    __slots__ = ("is_deferred", "message", "reply")

    def __init__(self, message: object, reply: Reply | None = None) -> None:
        self.message = message
        self.reply = reply
        self.is_deferred = False

    @property
    def is_abandoned(self) -> bool:
        """True when it was an ask and its asker has gone."""
        return self.reply is not None and self.reply.cancelled

    def __repr__(self) -> str:
        return f"<Envelope {type(self.message).__name__}{'' if self.reply is None else ' asked'}>"


@dataclass(frozen=True, slots=True)
class Terminated:
    """System message to a watcher: the watched actor has ended for good."""

    ref: ActorRef
    reason: ExitReason


@dataclass(frozen=True, slots=True)
class ChildExited:
    """System message to a supervisor: a child's incarnation ended without being told to by it."""

    child_id: str
    incarnation: int
    reason: ExitReason


SystemMessage = Terminated | ChildExited
"""Messages of the system lane; they overtake every user message. Stop and kill overtake these in turn:
they act on the mailbox and on the running task themselves and are never queued."""
