"""Stands in for the reader of a backend that is not there any more: its agent runs on, and its end is recorded."""

from compas.backends.backend import Answer, ExitStatus, Progress, StreamName


class MissingBackendReader:
    """Reads nothing. What the agent prints is kept in its log; nobody can tell what of it is the answer."""

    is_done = False

    def __init__(self, backend: str) -> None:
        self._backend = backend

    def feed(self, stream: StreamName, line: str) -> tuple[Progress, ...]:
        """See OutputReader."""
        return ()

    def finish(self, status: ExitStatus) -> Answer:
        """See OutputReader."""
        why = f"there is no backend {self._backend!r} any more, so its answer could not be read; `compas log` shows it"
        return Answer(success=False, category="agent_error", error=why)
