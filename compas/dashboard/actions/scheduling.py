"""The action on schedules: run one now."""

from functools import partial

from compas.api.schedules import (
    SCHEDULE_RUN,
    SCHEDULES,
    ScheduleRequest,
    ScheduleRunResponse,
    SchedulesRequest,
    SchedulesResponse,
    ScheduleView,
)
from compas.dashboard.actions.action import Action
from compas.dashboard.actions.conditions import connected
from compas.dashboard.actions.plan import Deed, Field, Plan, Question, Values
from compas.dashboard.lines import one_line
from compas.dashboard.situation import Situation
from compas.dashboard.times import hour


def _run(now: Situation) -> Plan:
    return Plan(
        title="Run a schedule now",
        says=("Dispatches its task at once. It counts as a run, and its next time stays where it is.",),
        fields=(Field(name="name", label="schedule", kind="choice", hint="none"),),
        questions=(
            Question(
                operation=SCHEDULES,
                request=SchedulesRequest(),
                tell=_told,
                field="name",
                choices=partial(_choices, now.now),
            ),
        ),
        deeds=_deeds,
        draft="schedule-run",
    )


def _told(answer: SchedulesResponse) -> tuple[str, ...]:
    return () if answer.schedules else ("The config has no schedules.",)


def _choices(now: float, answer: SchedulesResponse) -> dict[str, str]:
    return {one.name: one_line(f"{one.agent}, {_next(one, now)}") for one in answer.schedules}


def _next(one: ScheduleView, now: float) -> str:
    if one.next:
        return f"next at {hour(one.next[0].at, now)}"
    return one_line(one.why_idle) or "nothing comes next"


def _deeds(values: Values) -> tuple[Deed, ...] | str:
    name = values["name"]
    if not name:
        return "there is no schedule to run"
    return (Deed(about=name, operation=SCHEDULE_RUN, request=ScheduleRequest(name=name), tell=_started),)


def _started(answer: ScheduleRunResponse) -> str:
    warning = f"; {one_line(answer.warning)}" if answer.warning else ""
    return f"{answer.name} was dispatched as {answer.thread_id}{warning}"


SCHEDULING: tuple[Action, ...] = (Action(name="run-schedule", help="run a schedule now", refuse=connected, begin=_run),)
