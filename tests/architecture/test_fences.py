"""Each library has its one folder, some calls have none, and packages and file names stay plain."""

import ast
import sys
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pytest

from tests.architecture.source_tree import Module, reached_from, read_modules, within

Plant = Callable[[dict[str, str]], Path]

LIBRARIES: dict[str, tuple[str, ...]] = {
    # library    the only places that import it; upgrading it touches nothing else
    "msgspec": ("actors", "compas"),
    "trio": ("actors", "compas"),
    "apsw": ("compas.store",),
    "pygit2": ("compas.git",),
    "yaml": ("compas.config",),
    "cronsim": ("compas.timetable",),
    "urwid": ("compas.dashboard",),
    "mcp": ("compas.gateway",),
}

WITHOUT_TRIO = ("compas.domain", "compas.api")
"""Pure: no event loop, so that a rule can be tested by calling it."""

STARTS_FAST = ("compas.cli", "compas.client.blocking", "compas.relay", "compas.backends.profiles")
"""Whoever starts here waits for it at every command. Neither these nor what they import pay for a slow library."""

MAY_START_SLOWLY = ("compas.cli.commands.dashboard", "compas.cli.commands.run")
"""Commands that run for hours. The other commands do not import them before they are asked for."""

LIGHT = (
    "compas.relay",
    "compas.cli.entry",
    "compas.cli.main",
    *(
        f"compas.cli.commands.{name}"
        for name in ("close", "dispatch", "hooks", "operation", "reload", "schedules", "stop", "wait")
    ),
    "compas.cli.render",
    "compas.client.caller",
)
"""What scripts and agents call a hundred times an hour, and what editors start, of which some do not wait for it: these
speak by the standard library alone."""

NOT_LIGHT = ("msgspec", "compas.api", "dataclasses", "inspect", "importlib.metadata")

SLOW_TO_IMPORT = ("apsw", "cronsim", "mcp", "pygit2", "trio", "urwid", "yaml")

BANNED_IMPORTS: dict[str, str] = {
    "asyncio": "compas runs on trio",
    "sqlite3": "the store uses apsw, which brings a current SQLite",
}

BANNED_CALLS: dict[str, tuple[str, tuple[str, ...]]] = {
    # call                      why not                                          where it is the right one
    "time.sleep": ("nothing waits by sleeping; wait for the event", ()),
    "time.time": ("wall time is read in one place", ("compas.clock",)),
    "time.time_ns": ("wall time is read in one place", ("compas.clock",)),
    "datetime.datetime.now": ("wall time is read in one place", ("compas.clock",)),
    "datetime.datetime.utcnow": ("wall time is read in one place", ("compas.clock",)),
    "datetime.datetime.today": ("wall time is read in one place", ("compas.clock",)),
    "datetime.date.today": ("wall time is read in one place", ("compas.clock",)),
    "trio.run": ("a process has one loop, started where the process starts", ("compas.cli",)),
    "print": ("only the command line speaks to standard output", ("compas.cli",)),
}

PROCESS_ENTRY_POINTS = ("__main__", "app", "worker", "forkserver", "process_main")
"""Modules of these names start a process, and so may start its loop."""

EMPTY_NAMES = ("base", "common", "helpers", "manager", "utils")
"""A file of this name says nothing about what is in it, and so collects everything."""

EXCEPTIONS: dict[tuple[str, str], str] = {
    # (module, library, call or program): the reason
}
Exceptions = Collection[tuple[str, str]]


def library_violations(root: Path, exceptions: Exceptions = EXCEPTIONS) -> list[str]:
    """Return each import of a library outside its folder, and each library that has no row."""
    found = []
    for module in read_modules(root):
        for item in module.imports:
            library = item.target.partition(".")[0]
            if library in ("actors", "compas") or (module.name, library) in exceptions:
                continue
            if library in BANNED_IMPORTS:
                found.append(module.at(item.line, f"imports {library}: {BANNED_IMPORTS[library]}"))
            elif library not in LIBRARIES and library not in sys.stdlib_module_names:
                found.append(module.at(item.line, f"imports {library}, which has no row in LIBRARIES"))
            elif library in LIBRARIES and not within(module.name, *LIBRARIES[library]):
                found.append(module.at(item.line, f"imports {library}, fenced to {', '.join(LIBRARIES[library])}"))
            elif library == "trio" and within(module.name, *WITHOUT_TRIO):
                found.append(module.at(item.line, f"imports trio; {', '.join(WITHOUT_TRIO)} are pure"))
    return found


def slow_starts(root: Path) -> list[str]:
    """Return each import of a slow library that a light command pays for, however many modules away."""
    modules = {module.name: module for module in read_modules(root)}
    starts = [name for name in modules if within(name, *STARTS_FAST) and name not in MAY_START_SLOWLY]
    return [
        modules[name].at(item.line, f"imports {item.target}, and a light command imports this module")
        for name in sorted(reached_from(root, starts))
        for item in modules[name].imports
        if not item.lazy and within(item.target, *SLOW_TO_IMPORT)
    ]


def heavy_imports(root: Path) -> list[str]:
    """Return each import that takes milliseconds, of what a light command loads."""
    modules = {module.name: module for module in read_modules(root)}
    return [
        modules[name].at(item.line, f"imports {item.target}, and a light command imports this module")
        for name in sorted(reached_from(root, [name for name in modules if within(name, *LIGHT)]))
        for item in modules[name].imports
        if not item.lazy and within(item.target, *NOT_LIGHT)
    ]


def call_violations(root: Path, exceptions: Exceptions = EXCEPTIONS) -> list[str]:
    """Return each banned call outside the places where it is the right one."""
    found = []
    for module in read_modules(root):
        for line, call in _uses(module):
            why, allowed = BANNED_CALLS[call]
            starts_a_process = call == "trio.run" and module.name.rpartition(".")[2] in PROCESS_ENTRY_POINTS
            if not (within(module.name, *allowed) or starts_a_process or (module.name, call) in exceptions):
                found.append(module.at(line, f"uses {call}: {why}"))
    return found


def _uses(module: Module) -> Iterator[tuple[int, str]]:
    """Yield each mention of a banned call under whatever name it was imported, with its line."""
    full_names = {"print": "print"}
    for node in ast.walk(module.syntax):
        if isinstance(node, ast.Import):
            full_names |= {alias.asname: alias.name for alias in node.names if alias.asname}
            full_names |= {alias.name.partition(".")[0]: alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            full_names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for node in ast.walk(module.syntax):
        if isinstance(node, ast.Attribute | ast.Name):
            first, _, rest = ast.unparse(node).partition(".")
            call = full_names.get(first, "") + ("." + rest if rest else "")
            if call in BANNED_CALLS:
                yield node.lineno, call


def git_outside_its_folder(root: Path, exceptions: Exceptions = EXCEPTIONS) -> list[str]:
    """Return each command line that starts with git outside compas/git."""
    return [
        module.at(node.lineno, "starts git; only compas/git does")
        for module in read_modules(root)
        if not within(module.name, "compas.git") and (module.name, "git") not in exceptions
        for node in ast.walk(module.syntax)
        if isinstance(node, ast.List | ast.Tuple)
        and len(node.elts) > 1
        and isinstance(node.elts[0], ast.Constant)
        and node.elts[0].value == "git"
        and isinstance(node.ctx, ast.Load)
    ]


def packages_that_do_something(root: Path) -> list[str]:
    """Return each `__init__.py` that holds more than a docstring: importing a package costs nothing."""
    return [
        module.path
        for module in read_modules(root)
        if module.path.endswith("__init__.py")
        and (len(module.syntax.body) != 1 or ast.get_docstring(module.syntax) is None)
    ]


def empty_names(root: Path) -> list[str]:
    """Return each file or folder whose name says nothing."""
    return [
        module.path
        for module in read_modules(root)
        if any(part in EMPTY_NAMES for part in Path(module.path).with_suffix("").parts)
    ]


def test_each_library_is_imported_in_its_folder_only(repository: Path) -> None:
    assert library_violations(repository) == []


def test_light_commands_import_nothing_slow(repository: Path) -> None:
    assert slow_starts(repository) == []


def test_light_commands_import_nothing_that_takes_milliseconds(repository: Path) -> None:
    assert heavy_imports(repository) == []


def test_what_takes_milliseconds_behind_a_light_command_is_found(plant: Plant) -> None:
    tree = plant(
        {
            "compas/cli/commands/wait.py": "from compas.client.caller import Caller\ndef main():\n    import msgspec",
            "compas/client/caller.py": "from compas.errors import CompasError",
            "compas/errors.py": "import msgspec",
            "compas/cli/commands/doctor.py": "import msgspec",
        }
    )
    assert [line.partition(":")[0] for line in heavy_imports(tree)] == ["compas/errors.py"]


def test_banned_calls_are_made_nowhere(repository: Path) -> None:
    assert call_violations(repository) == []


def test_git_is_started_in_its_folder_only(repository: Path) -> None:
    assert git_outside_its_folder(repository) == []


def test_a_package_is_a_docstring_and_nothing_else(repository: Path) -> None:
    assert packages_that_do_something(repository) == []


def test_every_file_name_says_something(repository: Path) -> None:
    assert empty_names(repository) == []


def test_every_fence_exception_is_still_needed(repository: Path) -> None:
    rules = (library_violations, call_violations, git_outside_its_folder)
    unused = [row for row in EXCEPTIONS if not any(rule(repository, EXCEPTIONS.keys() - {row}) for rule in rules)]
    assert unused == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("compas/orchestrator/journal.py", "import apsw.aio"),
        ("compas/orchestrator/merge.py", "from pygit2 import Repository"),
        ("compas/backends/generic.py", "import yaml"),
        ("compas/cli/dashboard.py", "def main():\n    import urwid"),
        ("compas/client/connection.py", "import mcp"),
        ("compas/domain/thread.py", "import trio"),
        ("compas/api/threads.py", "from trio import Event"),
        ("actors/system.py", "import asyncio.subprocess"),
        ("compas/store/connection.py", "import sqlite3"),
        ("compas/config/load.py", "import requests"),
    ],
)
def test_a_library_outside_its_fence_is_found(plant: Plant, path: str, line: str) -> None:
    assert len(library_violations(plant({path: line}))) == 1


def test_a_slow_library_behind_a_light_command_is_found(plant: Plant) -> None:
    tree = plant(
        {
            "compas/cli/main.py": "from compas.cli import wait",
            "compas/cli/wait.py": "from compas.client.blocking import ask\ndef main():\n    import yaml",
            "compas/client/blocking.py": "from compas.errors import CompasError",
            "compas/errors.py": "import trio",
        }
    )
    assert [line.partition(":")[0] for line in slow_starts(tree)] == ["compas/errors.py"]


def test_a_command_that_runs_for_hours_may_start_slowly_unless_a_light_one_imports_it(plant: Plant) -> None:
    tree = plant(
        {
            "compas/cli/commands/run.py": "import trio",
            "compas/cli/main.py": "def main():\n    from compas.cli.commands import run",
        }
    )
    assert slow_starts(tree) == []
    other = plant(
        {
            "other/compas/cli/commands/run.py": "import trio",
            "other/compas/cli/stop.py": "import compas.cli.commands.run",
        }
    )
    assert len(slow_starts(other / "other")) == 1


def test_what_an_exception_names_is_not_reported(plant: Plant) -> None:
    tree = plant({"compas/git/hooks.py": "import yaml", "compas/cli/doctor.py": "run(['git', '--version'])"})
    assert library_violations(tree, {("compas.git.hooks", "yaml")}) == []
    assert git_outside_its_folder(tree, {("compas.cli.doctor", "git")}) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("compas/runner/stop.py", "import time\ntime.sleep(1)"),
        ("compas/runner/stop.py", "from time import sleep as rest\nrest(1)"),
        ("compas/store/stamp.py", "import time\nclock = time.time"),
        ("compas/store/stamp.py", "from datetime import datetime, UTC\ndatetime.now(UTC)"),
        ("compas/store/stamp.py", "import datetime as dt\ndt.datetime.now(dt.UTC)"),
        ("compas/git/merge.py", "import trio\ntrio.run(None)"),
        ("compas/config/load.py", "print('loaded')"),
    ],
)
def test_a_banned_call_is_found(plant: Plant, path: str, text: str) -> None:
    assert len(call_violations(plant({path: text}))) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("compas/clock.py", "import time\ntime.time()"),
        ("compas/git/worker.py", "import trio\ntrio.run(None)"),
        ("compas/cli/run.py", "import trio\ntrio.run(None)\nprint('stopped')"),
        ("compas/store/stamp.py", "def f(clock):\n    return clock.now()"),
    ],
)
def test_a_call_in_its_place_is_not_reported(plant: Plant, path: str, text: str) -> None:
    assert call_violations(plant({path: text})) == []


def test_git_started_elsewhere_is_found(plant: Plant) -> None:
    tree = plant(
        {
            "compas/cli/doctor.py": "run(['git', '--version'])",
            "compas/git/status.py": "run(['git', 'status'])",
        }
    )
    assert len(git_outside_its_folder(tree)) == 1


def test_a_package_with_code_and_one_without_words_are_found(plant: Plant) -> None:
    tree = plant(
        {
            "compas/store/__init__.py": '"""The store."""\nfrom compas.store.log import append\n',
            "compas/git/__init__.py": "",
            "compas/api/__init__.py": '"""Every operation."""\n',
        }
    )
    assert packages_that_do_something(tree) == ["compas/git/__init__.py", "compas/store/__init__.py"]


@pytest.mark.parametrize("name", EMPTY_NAMES)
def test_a_name_that_says_nothing_is_found(plant: Plant, name: str) -> None:
    tree = plant({f"compas/store/{name}.py": "", f"compas/{name}/load.py": "", "compas/store/event_log.py": ""})
    assert len(empty_names(tree)) == 2
