"""Which handler serves which operation."""

from importlib import import_module

from compas.api.areas import AREAS
from compas.orchestrator.handler_context import Handler


def _handler(name: str, area: str) -> Handler:
    handler: Handler = getattr(import_module(f"compas.orchestrator.handlers.{area}"), name)
    return handler


HANDLERS: dict[str, Handler] = {name: _handler(name, area) for name, area in AREAS.items()}
