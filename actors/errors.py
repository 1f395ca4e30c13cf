"""Every error the runtime raises on purpose, each naming who caused it and the way out."""

# ruff: noqa: N818  (an actor's end and a full mailbox are named as what they are, like trio's own)

from actors.exit_reason import ExitReason


class ActorError(Exception):
    """Root of the runtime's errors."""


class ActorStopped(ActorError):
    """The actor is stopping or has ended: the message was not, and will not be, handled."""

    def __init__(self, name: str, reason: ExitReason | None = None) -> None:
        state = "is stopping and takes no more messages" if reason is None else f"has ended ({reason})"
        super().__init__(f"actor {name} {state}; look its name up again or start it anew")
        self.name = name
        self.reason = reason


class ActorCrashed(ActorError):
    """The actor crashed while it held this ask; the message is dropped and not tried again."""

    def __init__(self, name: str, reason: ExitReason) -> None:
        super().__init__(f"actor {name} {reason}; the ask it was answering is dropped")
        self.name = name
        self.reason = reason
        self.cause = reason.group


class AskTimeout(ActorError):
    """No answer came within the asker's deadline; if the ask was still queued it will not be executed."""

    def __init__(self, name: str, message: object, timeout: float) -> None:
        kind = type(message).__name__
        super().__init__(f"asked actor {name} for {kind}, no answer within {timeout:g} s")
        self.name = name
        self.timeout = timeout


class MailboxFull(ActorError):
    """A message was to be left without waiting, and there is no room; use tell() to wait for room."""

    def __init__(self, name: str, capacity: int) -> None:
        super().__init__(f"mailbox of actor {name} is full ({capacity} messages); use tell() to wait for room")
        self.name = name
        self.capacity = capacity


class NameTaken(ActorError):
    """A registry name or child id is in use by another actor of the same system."""

    def __init__(self, name: str, where: str) -> None:
        super().__init__(f"name {name!r} is taken in {where}; choose another or stop its holder first")
        self.name = name


class NoSuchChild(ActorError):
    """The supervisor has no child of that id: it never had, or the child ended for good."""

    def __init__(self, supervisor: str, child_id: str) -> None:
        super().__init__(f"supervisor {supervisor} has no child {child_id!r}; ask WhichChildren() for those it has")
        self.child_id = child_id


class AlreadyReplied(ActorError):
    """A reply was given twice; only the first one reached the asker."""


class NotReceiving(ActorError):
    """defer() was called outside receive(), where there is no message to reply to."""


class UnknownMessage(ActorError):
    """A supervisor was sent something it does not know."""

    def __init__(self, supervisor: str, message: object) -> None:
        super().__init__(
            f"supervisor {supervisor} got {type(message).__name__}; it knows StartChild, StopChild and WhichChildren"
        )


class BusClosed(ActorError):
    """The actor system has ended, and with it its bus; nothing will be published any more."""

    def __init__(self) -> None:
        super().__init__("the actor system has ended and its bus with it; publish and subscribe before that")


class FilterFailed(ActorError):
    """A subscriber's own filter raised: its subscription has ended, nobody else's. See the cause."""

    def __init__(self, event: object, error: Exception) -> None:
        super().__init__(f"filter raised {error!r} on {type(event).__name__}; mend it and subscribe again")


class ChildStartFailed(ActorError):
    """A supervisor could not start a child: its factory or its on_start() raised."""

    def __init__(self, name: str, reason: ExitReason) -> None:
        super().__init__(f"actor {name} did not start ({reason}); see the cause, mend it, and start it again")
        self.name = name
        self.reason = reason


class RestartLimitReached(ActorError):
    """A supervisor gives up: more restarts than its intensity within its period."""

    def __init__(self, supervisor: str, child_id: str, intensity: int, period: float, reason: ExitReason) -> None:
        super().__init__(
            f"supervisor {supervisor} gives up on {child_id!r}: more than {intensity} restarts in {period:g} s,"
            f" the last because it {reason}"
        )
        self.child_id = child_id
        self.reason = reason


class SystemFailed(ActorError):
    """The root gave up, so the whole system ended; the operator is the last supervisor."""

    def __init__(self, system: str, reason: ExitReason) -> None:
        super().__init__(
            f"actor system {system!r} ended because its root {reason}."
            " Nothing runs any more; mend the cause (kept as this error's cause) and start again"
        )
        self.system = system
        self.reason = reason
