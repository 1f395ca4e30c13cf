"""What becomes of telling hooks and people of events, in the stream of the outbox."""

from typing import Literal

from compas.domain.facts.event import Fact

HookOutcome = Literal["succeeded", "failed", "timed_out", "not_started", "expired"]
"""How a hook's run ended; expired: its supervisor was gone before it could be run."""


class SubscribersChanged(Fact, frozen=True, kw_only=True, tag="outbox.subscribed"):
    """Who is told of events from here on. Those who were not told before hear of what comes `after` a position."""

    subscribers: tuple[str, ...]
    after: int


class TellingDue(Fact, frozen=True, kw_only=True, tag="outbox.due"):
    """Intent: these subscribers are told of the event at the position `about`, and everything before it was looked at.

    Without subscribers it only says how far the log was looked at.
    """

    about: int
    subscribers: tuple[str, ...] = ()


class HookEnded(Fact, frozen=True, kw_only=True, tag="hook.ended"):
    """Outcome: a hook was run for the event at `about`, and how that ended.

    `exit_code` is None where it did not end by itself, and negative for a signal. `output` is the end of what it
    printed, `problem` what kept it from being run.
    """

    subscriber: str
    about: int
    outcome: HookOutcome
    thread: str = ""
    exit_code: int | None = None
    seconds: float = 0.0
    output: str = ""
    problem: str = ""


class NotificationEnded(Fact, frozen=True, kw_only=True, tag="notification.ended"):
    """Outcome: a notification of all these events was shown, or could not be, or was not of use any longer."""

    about: tuple[int, ...]
    outcome: Literal["shown", "failed", "dropped"]
    via: str = ""
    title: str = ""
    body: str = ""
    problem: str = ""
