"""What happens to a schedule, in a stream of its own."""

from typing import Literal

from compas.domain.facts.event import Fact

SkipReason = Literal["overlap", "missed", "refused"]


class ScheduleNoted(Fact, frozen=True, kw_only=True, tag="schedule.noted"):
    """The config has this schedule, for the first time or with other values than before.

    From here on its slots count, unless it was firing already and its times have not changed.
    """

    schedule: str
    cron: str
    timezone: str
    max_runs: int
    enabled: bool = True


class ScheduleRemoved(Fact, frozen=True, kw_only=True, tag="schedule.removed"):
    """The config does not have it any more; what it has counted is kept."""

    schedule: str


class ScheduleFired(Fact, frozen=True, kw_only=True, tag="schedule.fired"):
    """It made a thread, which the same append opened, and whose first message is `message`.

    `slot` is the time of its cron expression, and `due` that with its jitter, in UTC seconds; None where `by` had it
    run at once, which moves no slot. `local` is the slot as the clocks of its zone show it. The run stands for `missed`
    earlier slots as well.
    """

    schedule: str
    thread: str
    message: str
    slot: float | None = None
    due: float | None = None
    local: str = ""
    missed: int = 0
    by: str = ""


class ScheduleSkipped(Fact, frozen=True, kw_only=True, tag="schedule.skipped"):
    """Nothing was dispatched for `count` slots, of which `slot` is the newest.

    overlap: `thread`, the last run, had not ended. missed: compas was not running then, and the config wants none of
    those back. refused: `detail` says why.
    """

    schedule: str
    slot: float
    local: str
    count: int
    why: SkipReason
    thread: str = ""
    detail: str = ""


class SchedulePaused(Fact, frozen=True, kw_only=True, tag="schedule.paused"):
    """A person wants no more runs for the time being."""

    schedule: str
    by: str


class ScheduleResumed(Fact, frozen=True, kw_only=True, tag="schedule.resumed"):
    """It goes on with the next slot; what was missed meanwhile is not made up for."""

    schedule: str
    by: str


class ScheduleReset(Fact, frozen=True, kw_only=True, tag="schedule.reset"):
    """Its runs are counted from 0 again."""

    schedule: str
    by: str
