"""How a refusal becomes the client's error: readable as it is, and its advice as data beside that."""

from typing import TypeVar

from actors.remote.errors import CallError
from compas.api.advice import in_commands
from compas.domain.advice import Said, Sentence
from compas.domain.decision import Refusal

R = TypeVar("R")


def call_error(code: str, said: Said) -> CallError:
    """Return a client's error. A client that writes advice in its own way finds the sentence in the details."""
    return CallError(code, in_commands(said), said if isinstance(said, Sentence) else None)


def refused(refusal: Refusal) -> CallError:
    """Return a refusal as the client's error."""
    return call_error(refusal.code, refusal.message)


def unless_refused(outcome: R | Refusal) -> R:
    """Return what was not refused. Raises CallError."""
    if isinstance(outcome, Refusal):
        raise refused(outcome)
    return outcome
