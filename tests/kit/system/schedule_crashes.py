"""Where a supervisor dies in the crash tests of schedules."""

POINTS = (
    "schedule.noted",
    "schedule.due:1",
    "schedule.due:2",
    "schedule.fired:1",
    "schedule.fired:2",
    "schedule.skipped",
    "schedule.told",
)
