"""What can go wrong between a command and its supervisor, beside what the wire itself reports."""

from actors.remote.errors import RequestFailed
from compas.domain.advice import Sentence
from compas.errors import CompasError


class RefusedError(RequestFailed):
    """The supervisor answered with a failure that says what to do; `said` is its message with that as data."""

    def __init__(self, failure: RequestFailed, said: Sentence) -> None:
        super().__init__(failure.code, failure.message, failure.details)
        self.said = said


class NotRunningError(CompasError):
    """No supervisor is there, and this client may not start one."""


class StartError(CompasError):
    """A supervisor was started and did not become ready."""


class UnreachableError(CompasError):
    """A supervisor lives but does not answer, or goes away each time it is asked."""
