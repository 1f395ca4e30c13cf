"""What the keeper of old things is asked."""

from dataclasses import dataclass

from actors.ask import Ask
from compas.domain.retention import Gathered


@dataclass(frozen=True, slots=True)
class Prune(Ask[tuple[Gathered, ...]]):
    """Answered with what has gathered of each kind; with `does_remove`, once what is due is gone."""

    does_remove: bool
