"""What an execution is told."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StopExecution:
    """End its processes; what it came to is recorded as its thread sees fit."""

    reason: str
