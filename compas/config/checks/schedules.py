"""Checks of `schedules`: names, agents, times, and what would never run."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from compas.config.checks.draft import Draft, Problem, error, warning
from compas.config.checks.time_zones import zone_problems
from compas.config.findings import KeyPath
from compas.config.schema.schedules import Schedule
from compas.suggest import did_you_mean

if TYPE_CHECKING:
    from compas.timetable import Timetable

INTENT = "dispatch"
"""Of the messages that schedules send."""


def schedules(draft: Draft) -> Iterator[Problem]:
    """Names are unique, agents exist and can be started, and the times can come (c-config 54, 61)."""
    seen: set[str] = set()
    for index, schedule in enumerate(draft.file.schedules):
        at = ("schedules", index)
        if schedule.name in seen:
            yield error((*at, "name"), f"another schedule is called {schedule.name!r} too")
        seen.add(schedule.name)
        yield from _agent(draft, schedule, at)
        yield from _times(schedule, at)
        if schedule.repository is not None and not os.path.isdir(schedule.repository):
            sentence = f"{schedule.repository} is not a directory now; its runs fail"
            yield warning((*at, "repository"), sentence)


def _agent(draft: Draft, schedule: Schedule, at: KeyPath) -> Iterator[Problem]:
    operators = {agent.entry.alias for agent in draft.agents if agent.entry.role == "operator"}
    intents = draft.file.orchestration.trigger_intents
    if schedule.agent not in draft.aliases and "" not in draft.aliases:
        meant = did_you_mean(schedule.agent, draft.aliases)
        yield error((*at, "agent"), f"no agent is called {schedule.agent!r}{meant}")
    elif schedule.agent in operators:
        yield warning((*at, "agent"), f"{schedule.agent!r} has the role operator and is never started")
    elif intents and INTENT not in intents:
        sentence = f"{INTENT} is not in orchestration.trigger_intents, so its messages are kept and start nothing"
        yield warning((*at, "agent"), sentence)


def _times(schedule: Schedule, at: KeyPath) -> Iterator[Problem]:
    # Not before there is a schedule: the library takes milliseconds to load, which few config files need.
    from compas.timetable import Timetable, TimetableError

    try:
        times = Timetable(schedule.cron)
    except TimetableError as failure:
        yield error((*at, "cron"), str(failure))
    else:
        yield from _rarity(schedule, times, at)
    yield from zone_problems((*at, "timezone"), schedule.timezone)


def _rarity(schedule: Schedule, times: "Timetable", at: KeyPath) -> Iterator[Problem]:
    """Warn of times that never come, and of those that come before the last one was due."""
    first = times.next_after(0.0)
    second = times.next_after(first) if first is not None else None
    if not times.comes:
        yield warning((*at, "cron"), f"{schedule.cron!r} names a day that no month has; it never fires")
    elif first is not None and second is not None and second - first <= schedule.jitter_secs:
        sentence = f"{schedule.jitter_secs} s is longer than from one run to the next, so that runs fall together"
        yield warning((*at, "jitter_secs"), sentence)
