"""Operations on hooks and notifications: `hooks`, `hook_test`."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from compas.api.operation import Operation, Request

HookOutcome = Literal["succeeded", "failed", "timed_out", "not_started", "expired"]


class HooksRequest(Request, frozen=True, kw_only=True):
    """Which hooks to list."""

    hook: Annotated[str | None, Meta(description="only the hook of this name")] = None
    runs: Annotated[int, Meta(ge=0, le=1000, description="how many of its last runs")] = 3


class HookRunShown(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One run of a hook that is over, for the event at the position `about`. `at` is UTC seconds.

    `exit_code` is negative for a signal, and missing where it did not end by itself. `output` is the end of what it
    printed, `problem` what kept it from being run.
    """

    at: float
    about: int
    outcome: HookOutcome
    seconds: float
    thread_id: str = ""
    exit_code: int | None = None
    output: str = ""
    problem: str = ""


class HookListing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A hook of the config, with its newest runs first.

    `failures` counts those in a row up to now, `waiting` the events that it is still to be told of. `problem` says why
    it cannot be run.
    """

    name: str
    point: str
    command: str
    args: tuple[str, ...] = ()
    timeout_secs: int = 10
    filter: dict[str, str] = {}
    failures: int = 0
    waiting: int = 0
    problem: str = ""
    runs: tuple[HookRunShown, ...] = ()


class NotificationShown(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One notification about so many `events`; `problem` says why it could not be shown. `at` is UTC seconds."""

    at: float
    events: int
    title: str
    body: str = ""
    problem: str = ""


class NotificationsListing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How people are notified: of what, by which way, and what is wrong with it.

    While it is quiet, until `quiet_until` in UTC seconds, notifications of `waiting` events are held.
    """

    about: tuple[str, ...]
    via: str
    problem: str = ""
    quiet_until: float | None = None
    waiting: int = 0
    last: tuple[NotificationShown, ...] = ()


class HooksResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All hooks in the order in which they are told, and the notifications, if there are any."""

    hooks: tuple[HookListing, ...]
    notifications: NotificationsListing | None = None


HOOKS = Operation(
    name="hooks",
    request=HooksRequest,
    response=HooksResponse,
    doc="List hooks and notifications, and how the last ones ended.",
    kind="read",
    positional=("hook",),
    details="`hooks test HOOK` runs one now; so does `hook-test HOOK`.",
)


class HookTestRequest(Request, frozen=True, kw_only=True):
    """Which hook to run, and about what."""

    hook: Annotated[str, Meta(description="hook")]
    thread_id: Annotated[str | None, Meta(description="tell it of the newest event of this thread")] = None


class HookTestResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the run ended. `told` is the JSON that it got: of the newest event of its kind, or a sample of one.

    `is_let_through` tells whether its filter would have let that event through.
    """

    hook: str
    outcome: HookOutcome
    seconds: float
    told: str
    is_sample: bool = False
    is_let_through: bool = True
    exit_code: int | None = None
    output: str = ""
    problem: str = ""


HOOK_TEST = Operation(
    name="hook_test",
    request=HookTestRequest,
    response=HookTestResponse,
    doc="Run a hook now, and show what it prints.",
    kind="write",
    positional=("hook",),
    flags={"thread_id": "--thread"},
    details="It is told of the newest event of its kind, else of a sample, whatever its filter says. The run is not "
    "counted among its runs. It exits with 1 when the hook fails.",
)
