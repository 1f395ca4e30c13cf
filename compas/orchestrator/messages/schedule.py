"""What the actor of the schedules is asked and told."""

from collections.abc import Callable
from dataclasses import dataclass

from actors.ask import Ask
from compas.domain import events as e
from compas.domain.decision import Refusal
from compas.domain.requests import RequestId
from compas.domain.schedule import Schedule
from compas.orchestrator.messages.thread import Answered

Respond = Callable[[Schedule, tuple[e.Recorded, ...]], bytes]
"""Makes the answer out of how the schedule stands now, and what was recorded, which is nothing where it stood so."""


@dataclass(frozen=True, slots=True)
class RecheckSchedules:
    """A slot may be due, or the config may have changed."""


@dataclass(frozen=True, slots=True)
class RunSchedule(Ask[Answered | Refusal]):
    """Dispatch a schedule's text now, whatever keeps it from firing by itself."""

    schedule: str
    by: str
    request_id: RequestId
    respond: Respond


@dataclass(frozen=True, slots=True)
class PauseSchedule(Ask[Answered | Refusal]):
    """Let it not fire for the time being."""

    schedule: str
    by: str
    request_id: RequestId
    respond: Respond


@dataclass(frozen=True, slots=True)
class ResumeSchedule(Ask[Answered | Refusal]):
    """Let it fire again, from its next slot on."""

    schedule: str
    by: str
    request_id: RequestId
    respond: Respond


@dataclass(frozen=True, slots=True)
class ResetSchedule(Ask[Answered | Refusal]):
    """Count its runs from 0 again."""

    schedule: str
    by: str
    request_id: RequestId
    respond: Respond


ScheduleCommand = RunSchedule | PauseSchedule | ResumeSchedule | ResetSchedule
"""What a person wants of a schedule."""
