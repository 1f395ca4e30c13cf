"""All operations, in the order in which help texts list them."""

from importlib import import_module
from typing import Any

from compas.api.areas import AREAS
from compas.api.operation import Operation


def _declared(name: str, area: str) -> Operation[Any, Any]:
    operation: Operation[Any, Any] = getattr(import_module(f"compas.api.{area}"), name.upper())
    return operation


BY_NAME: dict[str, Operation[Any, Any]] = {name: _declared(name, area) for name, area in AREAS.items()}
OPERATIONS: tuple[Operation[Any, Any], ...] = tuple(BY_NAME.values())
