"""Dependencies point one way: which package may import which, and no module imports itself in a circle."""

from collections.abc import Callable, Collection
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.architecture.source_tree import Import, Module, eager_graph, read_modules, within

Plant = Callable[[dict[str, str]], Path]

FOUNDATION = (
    "compas.clock",
    "compas.distribution",
    "compas.errors",
    "compas.failpoints",
    "compas.paths",
    "compas.search_path",
    "compas.suggest",
    "compas.text",
    "compas.time_zones",
)
"""Small modules at the root that anything above the domain may use; they know nothing but each other."""

DOMAIN = "compas.domain"

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    # a package         what it may import of ours, beside itself
    "actors": (),
    "compas.clock": FOUNDATION,
    "compas.distribution": FOUNDATION,
    "compas.errors": FOUNDATION,
    "compas.failpoints": FOUNDATION,
    "compas.paths": FOUNDATION,
    "compas.search_path": FOUNDATION,
    "compas.suggest": FOUNDATION,
    "compas.text": FOUNDATION,
    "compas.time_zones": FOUNDATION,
    # When cron expressions come. The config checks them, and the orchestrator keeps their times.
    "compas.timetable": (DOMAIN, *FOUNDATION),
    "compas.domain": (),
    "compas.api": (DOMAIN,),
    # These five do their own work and never call one another; the orchestrator brings them together. The config knows
    # what the built-in backends are called and what they may do, not how they run.
    "compas.config": (DOMAIN, "compas.backends.profiles", "compas.timetable", *FOUNDATION),
    "compas.store": (DOMAIN, *FOUNDATION),
    "compas.backends": (DOMAIN, *FOUNDATION),
    "compas.git": (DOMAIN, "compas.output", "actors", *FOUNDATION),
    "compas.runner": (DOMAIN, "compas.output", *FOUNDATION),
    # Of what programs print; whoever runs one uses it.
    "compas.output": FOUNDATION,
    # Asks agent CLIs how they are, for the supervisor and, beside it, for the doctor.
    "compas.health": (DOMAIN, "compas.backends", "compas.output", "compas.runner", *FOUNDATION),
    "compas.orchestrator": (
        *("actors", DOMAIN, "compas.api", "compas.timetable"),
        *("compas.config", "compas.store", "compas.backends", "compas.git", "compas.runner", "compas.health"),
        "compas.output",
        # What it leaves for the relays of editors, and tells those that it cannot serve.
        *("compas.relay.tool_list", "compas.relay.link", "compas.relay.silence"),
        *("compas.gateway.control", "compas.gateway.listed", "compas.gateway.tool_list"),
        *FOUNDATION,
    ),
    # Clients speak the protocol; none of them sees the supervisor's insides.
    "compas.client": (DOMAIN, "compas.api", "actors.remote", *FOUNDATION),
    # Sets compas up and checks a set-up: by files, and by what `health` says, beside any supervisor.
    "compas.setup": (
        *(DOMAIN, "compas.api", "compas.client", "compas.config", "compas.backends", "actors.remote.errors"),
        *("compas.git.errors", "compas.git.look", "compas.health"),
        # A log that keeps the supervisor from starting can be looked at by nobody else.
        *("compas.store.log_file", "compas.store.errors"),
        *FOUNDATION,
    ),
    # Started by editors, in milliseconds: it knows how a supervisor is reached, and nothing of what is asked of one.
    "compas.relay": (
        *("compas.client.errors", "compas.client.place", "compas.client.reach", "compas.config.locate"),
        *("actors.remote.connecting", "actors.remote.errors"),
        *FOUNDATION,
    ),
    "compas.gateway": (DOMAIN, "compas.api", "compas.client", "compas.relay", "actors", *FOUNDATION),
    "compas.dashboard": (DOMAIN, "compas.api", "compas.client", "actors", *FOUNDATION),
    "compas.cli": (
        DOMAIN,
        "compas.api",
        "compas.client",
        "compas.config.locate",
        "compas.relay.app",
        "actors.remote.errors",
        *FOUNDATION,
    ),
    "compas.__main__": ("compas.cli",),
    "compas": (),
}

MAY_IMPORT_LAZILY: dict[str, tuple[str, ...]] = {
    # A command pays for what it uses when it runs, never when another command starts.
    "compas.cli": ("actors", "compas"),
    # What agent CLIs are told by the environment: only a client that starts a supervisor has to know it.
    "compas.client": ("compas.backends.profiles",),
}

STARTS_THE_ORCHESTRATOR = ("compas.cli.commands.run",)
"""Nothing else outside the orchestrator imports it, not even lazily: everybody else is a client."""

EXCEPTIONS: dict[tuple[str, str], str] = {
    # (importing module, imported module): the reason
}


def layer_violations(root: Path, exceptions: Collection[tuple[str, str]] = EXCEPTIONS) -> list[str]:
    """Return one line for each import that points the wrong way."""
    return [
        module.at(item.line, why)
        for module in read_modules(root)
        for item in module.imports
        if within(item.target, "actors", "compas")
        and (why := _forbidden(module, _layer(module.name), item))
        and not any(module.name == source and within(item.target, target) for source, target in exceptions)
    ]


def _layer(name: str) -> str:
    """Return the row of the table a module belongs to: the longest that contains it."""
    rows = [row for row in MAY_IMPORT if within(name, row)]
    return max(rows, key=len)


def _forbidden(module: Module, layer: str, item: Import) -> str | None:
    if (
        within(item.target, "compas.orchestrator")
        and layer != "compas.orchestrator"
        and module.name not in STARTS_THE_ORCHESTRATOR
    ):
        return f"imports {item.target}; only {', '.join(STARTS_THE_ORCHESTRATOR)} starts the orchestrator"
    inside = layer != "compas" and within(item.target, layer)
    if inside or within(item.target, *MAY_IMPORT[layer]):
        return None
    if item.lazy and within(item.target, *MAY_IMPORT_LAZILY.get(layer, ())):
        return None
    return f"imports {item.target}; {layer} may import {', '.join(MAY_IMPORT[layer]) or 'nothing of ours'}"


def packages_without_a_row(root: Path) -> list[str]:
    """Return the modules and packages of compas that the table does not name."""
    return [module.path for module in read_modules(root) if _layer(module.name) == "compas" and module.name != "compas"]


def import_cycle(root: Path) -> list[str]:
    """Return the modules of one circle of imports, or nothing."""
    graph = {name: targets - {name} for name, targets in eager_graph(root).items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_every_import_points_the_way_the_table_says(repository: Path) -> None:
    assert layer_violations(repository) == []


def test_every_package_has_a_row_in_the_table(repository: Path) -> None:
    assert packages_without_a_row(repository) == []


def test_no_module_imports_itself_in_a_circle(repository: Path) -> None:
    assert import_cycle(repository) == []


def test_every_layer_exception_is_still_needed(repository: Path) -> None:
    assert [row for row in EXCEPTIONS if not layer_violations(repository, EXCEPTIONS.keys() - {row})] == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("actors/mailbox.py", "from compas.domain import ids"),
        ("compas/domain/thread.py", "import compas.store.event_log"),
        ("compas/domain/thread.py", "from compas.errors import CompasError"),
        ("compas/store/event_log.py", "from compas.git import merge"),
        ("compas/config/load.py", "from compas.backends.catalogue import build_backends"),
        ("compas/config/load.py", "from compas.backends.claude.profile import PROFILE"),
        ("compas/store/event_log.py", "from actors.ref import Ref"),
        ("compas/api/threads.py", "from compas.client import blocking"),
        ("compas/client/blocking.py", "from actors.mailbox import Mailbox"),
        ("compas/client/start.py", "from compas.backends.profiles import PROFILES"),
        ("compas/dashboard/app.py", "from compas.store import connection"),
        ("compas/relay/app.py", "from compas.api.catalogue import OPERATIONS"),
        ("compas/relay/app.py", "from compas.client.connect import connect_or_start"),
        ("compas/client/reach.py", "from compas.relay.app import run_relay"),
        ("compas/orchestrator/app.py", "from compas.gateway.app import Gateway"),
        ("compas/cli/wait.py", "from compas.config import load"),
        ("compas/cli/wait.py", "def main():\n    from compas.orchestrator import app"),
        ("compas/clock.py", "from compas.domain import ids"),
        ("compas/orchestrator/app.py", "from compas.cli import main"),
        ("compas/orchestrator/app.py", "import compas"),
        ("compas/api/catalogue.py", 'import_module(f"compas.cli.render.{area}")'),
    ],
)
def test_an_import_against_the_table_is_found(plant: Plant, path: str, line: str) -> None:
    assert len(layer_violations(plant({path: line}))) == 1


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("compas/git/worker.py", "from actors.ref import Ref"),
        ("compas/config/load.py", "from compas.backends.profiles import BY_NAME"),
        ("compas/client/blocking.py", "from actors.remote.codec import encode"),
        ("compas/cli/wait.py", "from compas.config.locate import config_file"),
        ("compas/cli/doctor.py", "def main():\n    from compas.config import load"),
        ("compas/cli/commands/run.py", "def main():\n    from compas.orchestrator import app"),
        (
            "compas/domain/thread.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from compas.git import merge",
        ),
    ],
)
def test_an_import_the_table_allows_is_not_reported(plant: Plant, path: str, line: str) -> None:
    assert layer_violations(plant({path: line})) == []


def test_an_import_that_an_exception_names_is_not_reported(plant: Plant) -> None:
    tree = plant({"compas/store/log.py": "from compas.git.merge import x"})
    assert layer_violations(tree, {("compas.store.log", "compas.git")}) == []


def test_a_package_nobody_placed_is_found(plant: Plant) -> None:
    assert packages_without_a_row(plant({"compas/sidecar/main.py": ""})) == ["compas/sidecar/main.py"]


def test_a_circle_of_imports_is_found(plant: Plant) -> None:
    tree = plant(
        {
            "compas/store/a.py": "from compas.store.b import x",
            "compas/store/b.py": "from compas.store import c",
            "compas/store/c.py": "import compas.store.a",
            "compas/store/__init__.py": "",
        }
    )
    assert {"compas.store.a", "compas.store.b", "compas.store.c"} <= set(import_cycle(tree))


def test_a_circle_closed_by_an_import_by_name_is_found(plant: Plant) -> None:
    tree = plant(
        {
            "compas/api/catalogue.py": 'ALL = [import_module(f"compas.api.{area}") for area in AREAS]',
            "compas/api/tasks.py": "from compas.api.catalogue import ALL",
        }
    )
    assert {"compas.api.catalogue", "compas.api.tasks"} <= set(import_cycle(tree))


def test_a_circle_closed_inside_a_function_or_for_types_only_is_no_circle(plant: Plant) -> None:
    tree = plant(
        {
            "compas/store/a.py": "from compas.store.b import x",
            "compas/store/b.py": "def f():\n    from compas.store.a import y",
            "compas/store/c.py": "if TYPE_CHECKING:\n    from compas.store.c import z",
        }
    )
    assert import_cycle(tree) == []
