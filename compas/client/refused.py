"""A refusal with its sentence as data, for clients that write advice in their own way."""

from actors.remote.errors import RequestFailed
from compas.domain.advice import Sentence


class RefusedError(RequestFailed):
    """The supervisor answered with a failure that says what to do; `said` is its message with that as data."""

    def __init__(self, failure: RequestFailed, said: Sentence) -> None:
        super().__init__(failure.code, failure.message, failure.details)
        self.said = said
