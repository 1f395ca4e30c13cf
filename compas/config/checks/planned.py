"""Checks of what has no effect yet, so that it is right when it gets one."""

from collections.abc import Iterator

from compas.config.checks.cron import cron_problem, never_comes
from compas.config.checks.draft import Draft, Problem, error, warning
from compas.config.checks.time_zones import zone_problems
from compas.config.suggest import did_you_mean


def schedules(draft: Draft) -> Iterator[Problem]:
    """Names are unique, agents exist and can be started, and the times can come."""
    seen: set[str] = set()
    operators = {agent.entry.alias for agent in draft.agents if agent.entry.role == "operator"}
    for index, schedule in enumerate(draft.file.schedules):
        at = ("schedules", index)
        if schedule.name in seen:
            yield error((*at, "name"), f"another schedule is called {schedule.name!r} too")
        seen.add(schedule.name)
        if schedule.agent not in draft.aliases and "" not in draft.aliases:
            meant = did_you_mean(schedule.agent, draft.aliases)
            yield error((*at, "agent"), f"no agent is called {schedule.agent!r}{meant}")
        elif schedule.agent in operators:
            yield warning((*at, "agent"), f"{schedule.agent!r} has the role operator and is never started")
        if problem := cron_problem(schedule.cron):
            yield error((*at, "cron"), problem)
        elif never_comes(schedule.cron):
            yield warning((*at, "cron"), f"{schedule.cron!r} names a day that no month has; it never fires")
        yield from zone_problems((*at, "timezone"), schedule.timezone)
