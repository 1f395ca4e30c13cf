"""How everybody reaches an actor: tell, ask, stop, kill, and word of its end."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeVar

from actors.ask import Ask
from actors.exit_reason import ExitReason

R = TypeVar("R")
OnStopped = Callable[["ActorRef", ExitReason], None]


class ActorRef(ABC):
    """Stands for one actor, across its restarts. Holds no instance; may be passed to anybody.

    Refs compare by identity: an actor has one.
    """

    __slots__ = ()

    name: str
    """Where the actor sits in its tree, such as `root/core/threads/t1`."""

    @abstractmethod
    async def tell(self, message: object) -> None:
        """Queue a message, waiting for room. If cancelled, nothing was sent.

        Raises:
            ActorStopped: the actor is stopping or has ended.
        """

    @abstractmethod
    def tell_nowait(self, message: object) -> None:
        """Queue a message.

        Raises:
            MailboxFull: there is no room.
            ActorStopped: the actor is stopping or has ended.
        """

    @abstractmethod
    async def ask(self, message: Ask[R], *, timeout: float) -> R:
        """Send a message and wait, at most `timeout` seconds in all, for its answer.

        On a timeout or when cancelled the ask is abandoned: still queued, it will not be executed;
        already being handled, it goes on and its answer goes nowhere. An actor that is being
        restarted is waited for.

        Raises:
            AskTimeout: no answer within `timeout`.
            ActorStopped: the actor is stopping, or ended before it answered.
            ActorCrashed: the actor crashed while it held this ask.
        """

    @abstractmethod
    async def stop(self) -> ExitReason:
        """Let the actor finish its queued work within its grace, and wait until that incarnation has ended.

        A permanent child is then started again by its supervisor (as in OTP), and takes messages
        again from then on; ask the supervisor for StopChild to end it for good. Cancelling stops
        the waiting, not the stopping.
        """

    @abstractmethod
    def kill(self) -> None:
        """End the running incarnation now: receive is interrupted, on_stop does not run.

        Does nothing to an actor that is not running. Permanent and transient children are started again.
        """

    @abstractmethod
    async def wait_stopped(self) -> ExitReason:
        """Wait until the actor has ended for good and return why."""

    @abstractmethod
    def on_stopped(self, callback: OnStopped) -> Callable[[], None]:
        """Call `callback` once when the actor has ended for good, at once if it has. Returns the undo."""

    @property
    @abstractmethod
    def is_alive(self) -> bool:
        """False once the actor has ended for good; true while it waits to be restarted."""

    def __repr__(self) -> str:
        return f"<ActorRef {self.name}>"
