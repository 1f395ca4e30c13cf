"""Operations on the schedules of the config: `schedules`, and `schedule_run`, `_pause`, `_resume` and `_reset`."""

from typing import Annotated

import msgspec
from msgspec import Meta

from compas.api.operation import Operation, Request
from compas.domain.advice import Said

ScheduleName = Annotated[str, Meta(description="schedule")]
Sender = Annotated[str, Meta(description="who wants it")]


class SchedulesRequest(Request, frozen=True, kw_only=True):
    """Which schedules to show."""

    name: Annotated[str | None, Meta(description="only this schedule")] = None


class ScheduleSlot(msgspec.Struct, frozen=True, kw_only=True):
    """A time of a schedule: `at` in UTC seconds, with its jitter, and `local` as the clocks of its zone show it."""

    at: float
    local: str


class ScheduleRun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A run, and what became of it. `at` is UTC seconds.

    `local` is the slot it was for, empty where `by` had it run at once; it began `late_secs` after that was due, and
    stands for `missed` earlier slots as well. `outcome` is how it ended: at work, or the status of its thread's newest
    execution, with the verdict where there is one.
    """

    at: float
    thread_id: str
    outcome: str
    thread_status: str | None = None
    local: str = ""
    late_secs: int = 0
    missed: int = 0
    by: str = ""


class ScheduleSkip(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Slots for which nothing was dispatched, of which `local` is the newest. `at` is UTC seconds."""

    at: float
    local: str
    why: str
    count: int = 1


class ScheduleView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One schedule. `runs` counts since the last reset, up to `max_runs`; `why_idle` says why nothing comes next."""

    name: str
    agent: str
    cron: str
    timezone: str
    enabled: bool
    runs: int
    max_runs: int
    overlap: str
    catch_up: str
    paused: bool = False
    jitter_secs: int = 0
    batch: str | None = None
    repository: str | None = None
    next: tuple[ScheduleSlot, ...] = ()
    why_idle: str = ""
    last_run: ScheduleRun | None = None
    last_skip: ScheduleSkip | None = None


class SchedulesResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The schedules in the order of the config. `config_notices` is that of `health`."""

    schedules: tuple[ScheduleView, ...]
    config_notices: tuple[str, ...] = ()


SCHEDULES = Operation(
    name="schedules",
    request=SchedulesRequest,
    response=SchedulesResponse,
    doc="Show the schedules: when they come next, and how their last runs ended.",
    kind="read",
    positional=("name",),
)


class ScheduleRequest(Request, frozen=True, kw_only=True):
    """Which schedule, and who wants something of it."""

    name: ScheduleName
    sender: Sender = msgspec.field(name="from", default="operator")


class ScheduleRunResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The schedule's text was dispatched, as `dispatch` would have; its next slot stays where it is."""

    name: str
    thread_id: str
    message_id: int
    reference: str
    next_step: Said
    runs: int
    max_runs: int
    execution_id: str | None = None
    await_chain: bool = False
    warning: str | None = None


SCHEDULE_RUN = Operation(
    name="schedule_run",
    request=ScheduleRequest,
    response=ScheduleRunResponse,
    doc="Run a schedule now.",
    kind="write",
    positional=("name",),
    flags={"sender": "--from"},
    details="It counts as a run, and moves no slot. A schedule that is paused, disabled or used up runs all the same, "
    "and so does one whose last run has not ended.",
)


class ScheduleChanged(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the schedule stands now. `changed` is false where it stood so before."""

    name: str
    changed: bool
    paused: bool
    runs: int
    max_runs: int
    next: tuple[ScheduleSlot, ...] = ()
    why_idle: str = ""


SCHEDULE_PAUSE = Operation(
    name="schedule_pause",
    request=ScheduleRequest,
    response=ScheduleChanged,
    doc="Keep a schedule from firing until it is resumed.",
    kind="write",
    positional=("name",),
    flags={"sender": "--from"},
)
SCHEDULE_RESUME = Operation(
    name="schedule_resume",
    request=ScheduleRequest,
    response=ScheduleChanged,
    doc="Let a paused schedule fire again, from its next slot on.",
    kind="write",
    positional=("name",),
    flags={"sender": "--from"},
)
SCHEDULE_RESET = Operation(
    name="schedule_reset",
    request=ScheduleRequest,
    response=ScheduleChanged,
    doc="Count the runs of a schedule from 0 again.",
    kind="write",
    positional=("name",),
    flags={"sender": "--from"},
    details="One that had run as often as it may (max_runs) goes on with its next slot.",
)
