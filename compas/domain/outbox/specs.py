"""What an operator configured to be told of events: hooks, notifications, and the hours in which they are held."""

from typing import Literal

from msgspec import Struct

Point = Literal[
    "on_execution_started",
    "on_execution_completed",
    "on_execution_retrying",
    "on_verdict",
    "on_thread_closed",
    "on_thread_failed",
    "on_thread_abandoned",
    "on_merge_completed",
    "on_merge_failed",
    "on_breaker",
    "on_schedule",
    "on_supervisor_started",
    "on_supervisor_stopping",
]
"""Where a hook can be attached, as the config file spells it."""

NoticeKind = Literal["needs_you", "done", "failed", "merged", "merge_failed", "breaker", "schedule"]
"""What a notification can be about."""

Via = Literal["auto", "dbus", "notify-send", "osascript", "bell", "osc9", "osc777", "command"]
"""How a notification reaches a person. `bell`, `osc9` and `osc777` ring in the terminals of dashboards."""

DEFAULT_NOTICES: tuple[NoticeKind, ...] = ("needs_you", "failed", "merged", "merge_failed", "breaker")

NOTIFICATIONS = "notifications"
"""The subscriber that notifies people; every other subscriber is a hook."""


class HookSpec(Struct, frozen=True, kw_only=True):
    """A program that is run at a point. `timeout_secs` bounds one run; `filter` names fields of its JSON."""

    name: str
    point: Point
    command: str
    args: tuple[str, ...] = ()
    timeout_secs: int = 10
    env: dict[str, str] = {}
    filter: dict[str, str] = {}

    @property
    def subscriber(self) -> str:
        """What the log calls it: a hook that moves to another point is another one."""
        return f"{self.point}:{self.name}"


class QuietSpec(Struct, frozen=True, kw_only=True):
    """From when to when, in minutes of the day, nobody is to be notified. `timezone` None is that of the machine."""

    begins: int
    ends: int
    timezone: str | None = None


class NotificationSpec(Struct, frozen=True, kw_only=True):
    """Which notifications there are and how they are shown; none without `kinds`. Empty lists take any."""

    kinds: tuple[NoticeKind, ...] = ()
    via: Via = "auto"
    command: str | None = None
    args: tuple[str, ...] = ()
    quiet: QuietSpec | None = None
    agents: tuple[str, ...] = ()
    batches: tuple[str, ...] = ()


def subscribers(hooks: tuple[HookSpec, ...], notifications: NotificationSpec) -> tuple[str, ...]:
    """Name everybody who is told of events by a configuration."""
    told = (NOTIFICATIONS,) if notifications.kinds else ()
    return (*(hook.subscriber for hook in hooks), *told)
