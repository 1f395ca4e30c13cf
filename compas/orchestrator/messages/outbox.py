"""What the outbox is asked."""

from dataclasses import dataclass

from actors.ask import Ask


@dataclass(frozen=True, slots=True)
class FinishTelling(Ask[None]):
    """Tell whatever can be told now; answered once everything in the log was looked at and nobody is being told."""
