"""An operation has one area, and the area one name: in the api, in its handler, in what writes its answer."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import get_type_hints

import pytest

from compas.api.areas import AREAS
from compas.api.catalogue import BY_NAME
from compas.api.operation import Operation
from compas.gateway.tools import TOOLS
from tests.kit.places import REPOSITORY

Plant = Callable[[dict[str, str]], Path]

WITHOUT_AREA: dict[str, frozenset[str]] = {
    # folder: what is in it beside the areas
    "compas/api": frozenset(
        {"advice", "areas", "catalogue", "description", "grammar", "names", "operation", "parameters"}
    ),
    "compas/orchestrator/handlers": frozenset(),
    "compas/cli/render": frozenset({"table", "text"}),
}

NOT_FOR_MODELS = {
    *("cancel", "costs", "dashboard_commands", "executions", "hook_test", "prune", "reload", "settings", "stop"),
    *("schedule_run", "schedule_pause", "schedule_resume", "schedule_reset"),
}
"""Operations that are no tool: about the operator's own process or plans, or for a person who looks at a screen."""


def misplaced(root: Path, areas: set[str]) -> list[str]:
    """Return each file that belongs to no area, and each area that has no file."""
    found = []
    for folder, others in WITHOUT_AREA.items():
        there = {path.stem for path in (root / folder).glob("*.py")} - {"__init__"}
        found += [f"{folder}/{name}.py belongs to no area" for name in sorted(there - areas - others)]
        found += [f"{folder}/{name}.py is missing" for name in sorted((areas | others) - there)]
    return found


def test_every_area_has_one_file_in_each_folder_and_the_folders_hold_nothing_else() -> None:
    assert misplaced(REPOSITORY, set(AREAS.values())) == []


def test_a_file_without_an_area_and_an_area_without_a_file_are_found(plant: Plant) -> None:
    others = {f"{folder}/{name}.py": "" for folder, names in WITHOUT_AREA.items() for name in names}
    tree = plant({**others, "compas/api/tasks.py": "", "compas/cli/render/tasks.py": "", "compas/api/stray.py": ""})
    assert misplaced(tree, {"tasks"}) == [
        "compas/api/stray.py belongs to no area",
        "compas/orchestrator/handlers/tasks.py is missing",
    ]


@pytest.mark.parametrize("name", AREAS)
def test_an_operation_is_declared_served_and_written_in_its_area(name: str) -> None:
    area = AREAS[name]
    operation = getattr(import_module(f"compas.api.{area}"), name.upper())
    assert operation.name == name
    handler = getattr(import_module(f"compas.orchestrator.handlers.{area}"), name)
    assert get_type_hints(handler)["return"] is operation.response
    assert callable(getattr(import_module(f"compas.cli.render.{area}"), f"{name}_text"))


def test_no_operation_is_declared_that_the_list_does_not_have() -> None:
    modules = [import_module(f"compas.api.{area}") for area in set(AREAS.values())]
    declared = {value.name for module in modules for value in vars(module).values() if isinstance(value, Operation)}
    assert declared == set(AREAS) == set(BY_NAME)


def test_every_operation_that_is_for_models_is_a_tool() -> None:
    assert {tool.operation.name for tool in TOOLS} == set(AREAS) - NOT_FOR_MODELS
