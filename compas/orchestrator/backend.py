"""A backend's actor: it says whether work may be started on it now."""

from actors.actor import Actor
from compas.backends.backend import Backend
from compas.domain.decision import Refusal
from compas.orchestrator.messages import MayStart
from compas.orchestrator.services import backend_name


class BackendActor(Actor):
    """Lets work start while the backend's command can be found; its breaker is always closed in this version."""

    def __init__(self, backend: Backend, path: str) -> None:
        self._backend = backend
        self._path = path

    async def on_start(self) -> None:
        """Be found by the executions."""
        self.context.registry.register(backend_name(self._backend.name), self.context.ref)

    async def receive(self, message: object) -> object:
        """Answer whether an execution may start."""
        match message:
            case MayStart():
                found = self._backend.availability(self._path)
                return None if found.usable else Refusal(code="backend_unusable", message=found.detail)
            case _:
                raise TypeError(f"a backend does not take {type(message).__name__}")
